// SPDX-License-Identifier: GPL-3.0-or-later
// Edits of the scene that is viewed, as the steps of an "Edit splats" node: what a tool does is written
// there, and what is written there is shown. So undo is the document's, and the same edits run without a
// window.
#pragma once

#include "core/graph/Graph.h"
#include "ui/viewport/EditWorker.h"

namespace ochre::ui {

class Bridge;

class SceneEdits : public QObject {
    Q_OBJECT
public:
    explicit SceneEdits(Bridge& bridge, QObject* parent = nullptr);

    /// The node that is viewed now; edits are on when it is an "Edit splats" whose scene is known.
    void follow(graph::NodeId viewed);
    bool active() const { return m_active; }
    const EditState& state() const { return *m_state; } ///< of no splats until the first change
    bool busy() const { return m_busy; }
    /// Puts an "Edit splats" behind `viewed`, or before it where it only shows; gives its id.
    graph::NodeId insert(graph::NodeId viewed);

    /// The selection into an "Edit splats" of its own beside this one, which keeps the rest; gives its id.
    graph::NodeId separate();

    void apply(EditOrder order);
    void apply(SplatEdit edit); ///< one step, titled as it is
    /// Moves the whole scene, so that nothing that is hidden or locked stays behind; nothing is selected then.
    void applyToAll(const QString& title, std::function<Similarity(const SplatEditor&)> move);
    void select(const SplatQuery& query, Qt::KeyboardModifiers modifiers);
    void revert();                  ///< drops an order that was not kept
    void count(SplatValue which);   ///< histogramReady() tells
    void save(const QString& path); ///< the edited scene to a file, on the worker's thread

    /// Shift adds, Alt or Ctrl subtracts, both intersect.
    static edits::Combine combineOf(Qt::KeyboardModifiers modifiers);

    static constexpr const char* kNodeType = "scene.edit_splats";

Q_SIGNALS:
    void activeChanged(bool active);
    void changed();                   ///< the state
    void applied(const QString& key); ///< an order was done
    void replaced();                  ///< the steps became others than orders made them: undo, another node
    void busyChanged(bool busy);
    void saved(const QString& path);
    void histogramReady(const std::shared_ptr<const ochre::ui::Histogram>& histogram);
    void failed(const QString& message, const QString& hint);

private:
    void refresh();
    void write(const std::shared_ptr<const EditState>& state, const QString& title);

    Bridge& m_bridge;
    graph::NodeId m_node = 0;
    bool m_active = false, m_busy = false;
    std::uint64_t m_turn = 0;           ///< rises when the steps become others than orders made them
    std::vector<std::string> m_written; ///< the node's steps, each as JSON
    std::string m_text;                 ///< the same as they stand in the node
    SplatCloud m_source;
    std::shared_ptr<const EditState> m_state = std::make_shared<EditState>();
    EditWorker m_worker;
};

/// Steps of a list, each as JSON, and back: one step a line. Throws Error.
std::vector<std::string> stepsOf(const std::string& text);
std::string textOf(const std::vector<std::string>& steps);

} // namespace ochre::ui
