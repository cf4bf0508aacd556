// SPDX-License-Identifier: GPL-3.0-or-later
// Several lines of a prompt: Ctrl+Up and Ctrl+Down change the weight of the selection, "(word:1.1)".
#pragma once

#include "ui/panels/Fields.h"

namespace ochre::ui {

class PromptField : public GrowingText {
    Q_OBJECT
public:
    using GrowingText::GrowingText;

    /// Changes the weight of what is selected, or of the word at the cursor. One step of the field's undo.
    void changeWeight(double delta);
    /// Without the focus only one line, cut with an ellipsis; undo is left to the document.
    void setCompact(bool compact);

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    bool m_compact = false;
};

} // namespace ochre::ui
