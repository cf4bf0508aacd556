// SPDX-License-Identifier: GPL-3.0-or-later
// Drawing a link: from a socket, or with the end of one that is there.
#pragma once

#include "ui/canvas/CanvasTools.h"

namespace ochre::ui {

class LinkTool : public CanvasTool {
public:
    LinkTool(Canvas& canvas, const SocketRef& pressed);
    ~LinkTool() override;
    void move(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) override;
    void release(QPointF scene, QPoint view, Qt::KeyboardModifiers modifiers) override;
    void cancel() override;
    void paint(QPainter& painter) override;

private:
    bool fits(const SocketRef& socket) const;
    SocketRef seek(QPointF scene) const;
    void setTarget(const SocketRef& target);
    void setMoods(bool on);
    void connectTo(const SocketRef& target);

    SocketRef m_from;
    std::optional<LinkKey> m_taken; ///< the link whose end was pulled off
    SocketRef m_target;
    QPointF m_at;
    std::string m_type;
    NodeSet m_forbidden; ///< nodes that a link would close a circle with
    bool m_shown = false;
};

} // namespace ochre::ui
