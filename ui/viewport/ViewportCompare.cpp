// SPDX-License-Identifier: GPL-3.0-or-later
// The part of the viewer that compares: with what the shown picture was made of, or with what was shown before it.
#include <QActionGroup>
#include <QKeyEvent>
#include <QMenu>
#include <QToolButton>

#include "core/graph/Types.h"
#include "ui/bridge/Bridge.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui {
namespace {

constexpr double kStep = 0.02, kLargeStep = 0.1; // of the width, that keys move the divider by
constexpr int kMenuArrow = 14;                   // of the button, more than of one without a menu

} // namespace

void Viewport::addCompare() {
    m_compare = addTool(m_imageTools, QStringLiteral("compare"), tr("Before and after, with a divider (W); hold O for the original"));
    m_compare->setObjectName(QStringLiteral("compare"));
    m_compare->setCheckable(true);
    m_compare->setPopupMode(QToolButton::MenuButtonPopup);
    m_compare->setFixedWidth(m_compare->width() + kMenuArrow);
    auto* menu = new QMenu(m_compare);
    const auto choice = [&](QActionGroup* group, const char* id, const QString& text) {
        QAction* action = menu->addAction(text);
        action->setObjectName(QLatin1String(id));
        action->setCheckable(true);
        group->addAction(action);
        return action;
    };
    auto* how = new QActionGroup(menu);
    how->setExclusionPolicy(QActionGroup::ExclusionPolicy::ExclusiveOptional);
    m_wipe = choice(how, "compare_wipe", tr("With a divider\tW"));
    m_sides = choice(how, "compare_sides", tr("Side by side\tShift+W"));
    menu->addSeparator();
    auto* with = new QActionGroup(menu);
    m_withOriginal = choice(with, "compare_original", tr("With the picture that it was made of"));
    QAction* previous = choice(with, "compare_previous", tr("With what was shown before it"));
    m_withOriginal->setChecked(true);
    m_compare->setMenu(menu);
    connect(m_wipe, &QAction::triggered, this, [this](bool on) { compare(on ? Comparing::Wipe : Comparing::No); });
    connect(m_sides, &QAction::triggered, this, [this](bool on) { compare(on ? Comparing::Sides : Comparing::No); });
    for (QAction* action : {m_withOriginal, previous}) connect(action, &QAction::triggered, this, &Viewport::refreshCompare);
    connect(m_compare, &QToolButton::clicked, this, [this](bool on) { compare(on ? Comparing::Wipe : Comparing::No); });
}

void Viewport::compare(Comparing how) {
    m_image->setComparing(how);
    refreshTools();
}

/// Up from the shown picture, always by the first picture that went in, to the one that nothing went into.
Image Viewport::originalPicture() const {
    const graph::Graph& graph = m_bridge.session().document().graph();
    const graph::NodeRegistry& registry = m_bridge.session().registry();
    const graph::TypeRegistry& types = graph::TypeRegistry::shared();
    graph::Link link = m_source;
    for (const graph::Node* node = graph.find(link.node); node;) {
        const graph::Node* above = nullptr;
        for (const graph::Socket& socket : graph::inputsOf(*node, graph, registry))
            if (const auto found = node->inputs.find(socket.id); !above && found != node->inputs.end() && types.isA(socket.type, "image")) {
                link = found->second;
                above = graph.find(link.node);
            }
        node = above;
    }
    if (link == m_source) return {};
    const graph::Value value = m_bridge.session().result(link.node, link.output);
    const Image* image = value.tryAs<Image>();
    return image && !value.sameAs(m_value) ? *image : Image();
}

void Viewport::refreshCompare() {
    const Image original = m_withOriginal->isChecked() ? originalPicture() : Image();
    const bool found = !original.empty();
    m_image->setCompare(found ? original : m_previous, found ? tr("Original") : tr("Before"));
    refreshTools();
}

bool Viewport::compareKey(const QKeyEvent& event) {
    const bool shift = event.modifiers() & Qt::ShiftModifier;
    switch (event.key()) {
    case Qt::Key_W: {
        const Comparing how = shift ? Comparing::Sides : Comparing::Wipe;
        if (m_image->canCompare()) compare(m_image->comparing() == how ? Comparing::No : how);
        return true;
    }
    case Qt::Key_O:
        if (!event.isAutoRepeat()) m_image->setPeeking(true);
        return true;
    case Qt::Key_Left:
    case Qt::Key_Right: {
        if (m_image->comparing() != Comparing::Wipe) return false;
        const double step = shift ? kLargeStep : kStep;
        m_image->setWipe(m_image->wipe() + (event.key() == Qt::Key_Left ? -step : step));
        return true;
    }
    default:
        return false;
    }
}

void Viewport::keyReleaseEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_O && !event->isAutoRepeat()) m_image->setPeeking(false);
    QWidget::keyReleaseEvent(event);
}

} // namespace ochre::ui
