// SPDX-License-Identifier: GPL-3.0-or-later
// Log lines as they come, by level, to copy and to clear.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include <QWidget>

#include "core/base/Log.h"

class QComboBox;
class QPlainTextEdit;
class QTimer;

namespace ochre::ui {

/// Listens from its making to its end; lines arrive on any thread. The newest kKept lines stay.
class LogPanel : public QWidget {
    Q_OBJECT
public:
    explicit LogPanel(QWidget* parent = nullptr);
    ~LogPanel() override;

    QString text() const; ///< what is shown
    static constexpr std::size_t kKept = 5000;

private:
    struct Inbox {
        std::mutex mutex;
        std::vector<log::Line> lines;
    };
    void take();
    void show(const log::Line& line);
    void rebuild();
    log::Level level() const;

    std::shared_ptr<Inbox> m_inbox = std::make_shared<Inbox>();
    int m_listener = 0;
    std::deque<log::Line> m_lines;
    QComboBox* m_level;
    QPlainTextEdit* m_text;
    QTimer* m_timer;
};

} // namespace ochre::ui
