// SPDX-License-Identifier: GPL-3.0-or-later
// What is to go through the graph, a folder of pictures or a video, and where the results go.
#pragma once

#include <functional>

#include "core/session/Batch.h"
#include "ui/panels/Popover.h"

class QComboBox;
class QLabel;
class QPushButton;

namespace ochre::ui {

class CheckField;
class PathField;

class BatchCard : public Popover {
    Q_OBJECT
public:
    /// Throws Error where that would not do.
    using Check = std::function<void(const session::BatchOptions&)>;

    BatchCard(Check check, QWidget* parent);
    void setSource(const QString& path); ///< with a target beside it
    session::BatchOptions options() const;

Q_SIGNALS:
    void wanted(const ochre::session::BatchOptions& options);

private:
    void refresh(); ///< says what would be done, or why it cannot be
    bool ofVideo() const;

    Check m_check;
    PathField *m_source, *m_target;
    QComboBox* m_format;
    CheckField* m_sound;
    QLabel* m_words;
    QPushButton* m_start;
};

} // namespace ochre::ui
