// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that the canvas can be told by key, menu or the window's own buttons, in one table.
#pragma once

#include <QKeySequence>
#include <QList>
#include <QString>
#include <functional>
#include <vector>

namespace ochre::ui {

class Canvas;

struct CanvasCommand {
    QString id;    ///< "delete"
    QString title; ///< "Delete"
    QString icon;  ///< empty: none
    QList<QKeySequence> keys;
    QString section; ///< of the context menu; empty: not in it
    std::function<bool()> enabled;
    std::function<void()> run;
};

std::vector<CanvasCommand> makeCommands(Canvas& canvas);

} // namespace ochre::ui
