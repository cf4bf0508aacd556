// SPDX-License-Identifier: GPL-3.0-or-later
// The thread that edits splats for the viewer: it holds the editor, so that the window never waits for a
// step.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>

#include <QObject>

#include "core/render/EditedScene.h"
#include "core/render/Selector.h"

namespace ochre::ui {

/// A scene while it is edited, as items; never changed once it was told.
struct EditState : EditedItems {
    std::size_t selected = 0, hidden = 0, locked = 0, left = 0; ///< left: not deleted
    std::optional<Bounds> selection;                            ///< of the selected centres
    std::vector<std::string> steps;                             ///< that were done, each as JSON

    std::optional<Vec3> middle() const; ///< of the selection
};

/// How often values occur, in equal steps from `low` to `high`; sizes by their logarithm to base 10.
struct Histogram {
    static constexpr std::size_t kBins = 96;
    SplatValue which = SplatValue::Opacity;
    double low = 0, high = 1;
    std::array<std::uint32_t, kBins> all{}, selected{}; ///< of those that are neither deleted nor hidden
};
Histogram histogramOf(const SplatEditor& editor, SplatValue which);

/// Steps to add to those that were done. What is not kept and changes the selected splats is only shown.
struct EditOrder {
    QString title; ///< for undo
    std::function<std::vector<SplatEdit>(const SplatEditor&)>
        make;               ///< called on the worker's thread; may throw Error
    QString key = {};       ///< replaces what the order before did where that had the same key (a drag)
    bool keep = true;       ///< false: for now, another one with the key follows
    std::uint64_t turn = 0; ///< told again when it is done
};

class EditWorker : public QObject {
    Q_OBJECT
public:
    explicit EditWorker(QObject* parent = nullptr);
    ~EditWorker() override; ///< stops the step being done

    /// The cloud with these steps done and no others; what is the same as before is not done again.
    void setSteps(const SplatCloud& cloud, std::vector<std::string> steps);
    void apply(EditOrder order);
    void save(std::filesystem::path path); ///< the result as a scene file
    void count(SplatValue which);          ///< histogramReady() tells

Q_SIGNALS:
    // Sent from the worker's thread: connections are queued.
    void changed(const std::shared_ptr<const ochre::ui::EditState>& state);
    /// After changed(): an order was carried out, of which the steps tell.
    void done(const std::shared_ptr<const ochre::ui::EditState>& state, const QString& title,
              const QString& key, bool keep, quint64 turn);
    void saved(const QString& path);
    void histogramReady(const std::shared_ptr<const ochre::ui::Histogram>& histogram);
    void failed(const QString& message, const QString& hint);
    void busyChanged(bool busy);

private:
    struct Wanted {
        SplatCloud cloud;
        std::vector<std::string> steps;
    };
    using Task = std::variant<Wanted, EditOrder, std::filesystem::path, SplatValue>;

    void push(Task task);
    void work();
    void carryOut(const Wanted& wanted);
    void carryOut(const EditOrder& order);
    void carryOut(const std::filesystem::path& path);
    void carryOut(SplatValue which);
    void takeBack(std::size_t steps);
    void tidy(const Cancel& cancel); ///< what there is time for while nothing is wanted
    /// `held`: how the selection is shown, for now.
    std::shared_ptr<const EditState> tell(const std::vector<SplatChange>& held = {});

    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<Task> m_tasks;
    bool m_stop = false;
    Cancel m_cancel = Cancel::make(), m_tidying = Cancel::make();
    std::thread m_thread; ///< started by the first task

    // Of the thread.
    std::optional<SplatEditor> m_editor;
    const SplatData* m_base = nullptr;
    EditedScene m_scene;
    Selector m_selector;
    std::size_t m_last = 0, m_shownItems = 1; ///< steps of the last order; items of the last state without anything held
    QString m_lastKey;
    std::vector<std::string> m_steps;
    bool m_broken = false; ///< of the steps that are wanted, one could not be done
};

} // namespace ochre::ui
