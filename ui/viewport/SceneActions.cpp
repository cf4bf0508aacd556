// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SceneActions.h"

#include <QKeyEvent>
#include <QMenu>
#include <QToolButton>

#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {
constexpr int kGap = 2 * metrics::kGrid, kBetween = 2;

QToolButton* makeButton(QWidget* parent, const QString& name) {
    auto* button = new QToolButton(parent);
    button->setIconSize({metrics::kIconSmall, metrics::kIconSmall});
    button->setFixedSize(metrics::kControl, metrics::kControl);
    button->setFocusPolicy(Qt::TabFocus);
    button->setAccessibleName(name);
    return button;
}
} // namespace

SceneActions::SceneActions(QWidget* keyboard) : QObject(keyboard) {
    keyboard->installEventFilter(this);
}

QAction* SceneActions::add(const QString& id, const QString& iconName, const QString& text,
                           const QList<QKeySequence>& keys, std::function<void()> run) {
    auto* action = new QAction(text, this);
    if (!iconName.isEmpty()) action->setIcon(icon(iconName));
    action->setObjectName(id);
    m_keys[id] = keys;
    QStringList names;
    for (const QKeySequence& key : keys) names << key.toString(QKeySequence::NativeText);
    action->setProperty("keys", names.join(tr(" or ")));
    action->setToolTip(keys.isEmpty() ? text : QStringLiteral("%1 (%2)").arg(text, keyText(*action)));
    if (run) connect(action, &QAction::triggered, this, [run = std::move(run)] { run(); });
    m_actions << action;
    return action;
}

QAction* SceneActions::at(const QString& id) const {
    for (QAction* action : m_actions)
        if (action->objectName() == id) return action;
    qFatal("no action %s", qPrintable(id));
}

QString SceneActions::keyText(const QAction& action) {
    return action.property("keys").toString();
}

QAction* SceneActions::find(const QKeyEvent& event) const {
    const auto modifiers = event.modifiers() & ~Qt::KeypadModifier;
    const QKeySequence pressed(QKeyCombination(modifiers, static_cast<Qt::Key>(event.key())));
    for (QAction* action : m_actions)
        if (action->isEnabled() && m_keys.at(action->objectName()).contains(pressed)) return action;
    return nullptr;
}

bool SceneActions::eventFilter(QObject*, QEvent* event) {
    if (event->type() != QEvent::ShortcutOverride && event->type() != QEvent::KeyPress) return false;
    auto* key = static_cast<QKeyEvent*>(event);
    QAction* action = find(*key);
    if (!action) return false;
    key->accept();
    if (event->type() == QEvent::KeyPress && !key->isAutoRepeat()) action->trigger();
    return true;
}

ActionRow::ActionRow(QWidget* parent) : QWidget(parent), m_more(makeButton(this, tr("More tools"))) {
    m_more->setIcon(icon(QStringLiteral("more")));
    m_more->setToolTip(tr("More tools"));
    m_more->setPopupMode(QToolButton::InstantPopup);
    m_more->setMenu(new QMenu(m_more));
    setFixedHeight(metrics::kControl);
}

QToolButton* ActionRow::addAction(QAction* action) {
    QToolButton* button = makeButton(this, action->text());
    button->setDefaultAction(action);
    button->setObjectName(action->objectName());
    m_entries << Entry{button, action};
    connect(action, &QAction::visibleChanged, this, [this] {
        updateGeometry();
        arrange();
    });
    updateGeometry();
    return button;
}

void ActionRow::addGap() {
    m_entries << Entry{nullptr, nullptr};
}

QSize ActionRow::sizeHint() const {
    int width = 0;
    for (const Entry& entry : m_entries)
        if (!entry.button || entry.action->isVisible())
            width += entry.button ? metrics::kControl + kBetween : kGap;
    return {width, metrics::kControl};
}

QSize ActionRow::minimumSizeHint() const {
    return {metrics::kControl, metrics::kControl};
}

void ActionRow::resizeEvent(QResizeEvent*) {
    arrange();
}

void ActionRow::arrange() {
    const bool all = sizeHint().width() <= width() + kBetween;
    const int room = all ? width() + kBetween : width() - metrics::kControl - kBetween;
    m_more->menu()->clear();
    int x = 0;
    bool fits = true;
    for (const Entry& entry : m_entries) {
        if (!entry.button) {
            x += kGap;
            if (!fits) m_more->menu()->addSeparator();
            continue;
        }
        if (!entry.action->isVisible()) {
            entry.button->hide();
            continue;
        }
        fits = fits && x + metrics::kControl <= room;
        entry.button->setVisible(fits);
        if (fits)
            entry.button->move(x, 0);
        else
            m_more->menu()->addAction(entry.action);
        x += metrics::kControl + kBetween;
    }
    m_more->setVisible(!all);
    m_more->move(width() - metrics::kControl, 0);
}

} // namespace ochre::ui
