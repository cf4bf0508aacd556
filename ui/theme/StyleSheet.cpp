// SPDX-License-Identifier: GPL-3.0-or-later
#include <QHash>

#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

// @name is a token of Colors; @mode is "dark" or "light" (marks that a style sheet cannot recolour).
const char* const kSheet = R"(
* { outline: 0; }
QWidget { color: @textHigh; font-size: 13px; selection-background-color: @selection; selection-color: @textHigh; }
QMainWindow, QDialog { background: @surface1; }
QMainWindow::separator { background: @surface1; width: 5px; height: 5px; }
QMainWindow::separator:hover { background: @hairline; }
QSplitter::handle { background: @surface1; }
QSplitter::handle:hover { background: @hairline; }
QFrame { border: 0; }
QLabel { background: transparent; }
QLabel[role="secondary"] { color: @textMid; font-size: 11px; }
QLabel[role="hint"] { color: @textLow; font-size: 11px; }
QLabel[role="title"] { font-size: 15px; font-weight: 600; }
QLabel[role="welcome"] { font-size: 20px; font-weight: 600; }

QToolTip { background: @surface3; color: @textHigh; border: 1px solid @hairline; padding: 4px 8px; font-size: 11px; }

QPushButton { background: @surface3; border: 1px solid @hairline; border-radius: 6px; min-height: 26px; padding: 0 12px; }
QPushButton:hover { background: @hairline; }
QPushButton:pressed { background: @surface2; }
QPushButton:focus { border: 2px solid @accent; padding: 0 11px; min-height: 24px; }
QPushButton:disabled { color: @textLow; background: @surface2; }
QPushButton:checked { background: @hairline; }
QPushButton:flat { background: transparent; border-color: transparent; }
QPushButton:flat:hover { background: @surface3; }
QPushButton[primary="true"] { background: @accent; color: @onAccent; border-color: @accent; font-weight: 600; }
QPushButton[primary="true"]:hover { background: @accentHover; border-color: @accentHover; }
QPushButton[primary="true"]:pressed { background: @accentPressed; border-color: @accentPressed; }
QPushButton[primary="true"]:focus { border: 2px solid @textHigh; }
QPushButton[primary="true"]:disabled { background: @surface3; color: @textLow; border-color: @hairline; }
QPushButton::menu-indicator { image: none; width: 0; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 3px; color: @textMid; }
QToolButton:hover { background: @surface3; color: @textHigh; }
QToolButton:pressed, QToolButton:checked { background: @hairline; color: @textHigh; }
QToolButton:focus { border: 2px solid @accent; padding: 2px; }
QToolButton:disabled { color: @textLow; }
QToolButton::menu-indicator { image: none; width: 0; }
QToolButton::menu-button { border: 0; width: 14px; }
QToolButton::menu-arrow { image: url(:/ochre/icons/skin/chevron-down-@mode.svg); width: 12px; height: 12px; }

QAbstractScrollArea { background: transparent; border: 0; }
QAbstractScrollArea::corner { background: transparent; border: 0; }

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox {
    background: @surface3; border: 1px solid transparent; border-radius: 6px; padding: 0 8px; }
QLineEdit, QSpinBox, QDoubleSpinBox { min-height: 26px; }
QPlainTextEdit, QTextEdit { padding: 4px 4px; }
QLineEdit:hover, QPlainTextEdit:hover, QTextEdit:hover, QSpinBox:hover, QDoubleSpinBox:hover { border-color: @hairline; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus {
    border: 2px solid @accent; padding: 0 7px; }
QPlainTextEdit[bare="true"], QPlainTextEdit[bare="true"]:hover, QPlainTextEdit[bare="true"]:focus {
    background: transparent; border: 0; padding: 0; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus { min-height: 24px; }
QPlainTextEdit:focus, QTextEdit:focus { padding: 3px 3px; }
QLineEdit:disabled, QPlainTextEdit:disabled, QTextEdit:disabled { color: @textLow; background: @surface2; }
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button { width: 0; border: 0; }

QComboBox { background: @surface3; border: 1px solid transparent; border-radius: 6px; min-height: 26px; padding: 0 4px 0 8px; }
QComboBox:hover { border-color: @hairline; }
QComboBox:focus { border: 2px solid @accent; min-height: 24px; padding: 0 3px 0 7px; }
QComboBox:disabled { color: @textLow; }
QComboBox::drop-down { border: 0; width: 20px; }
QComboBox::down-arrow { image: url(:/ochre/icons/skin/chevron-down-@mode.svg); width: 16px; height: 16px; }
QComboBox QAbstractItemView { background: @surface2; border: 1px solid @hairline; padding: 4px; }
QComboBox QAbstractItemView::item { min-height: 26px; padding: 0 8px; border-radius: 4px; }
QComboBox QAbstractItemView::item:selected, QComboBox QAbstractItemView::item:hover { background: @surface3; color: @textHigh; }

QMenuBar { background: @surface1; }
QMenuBar::item { padding: 4px 8px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: @surface3; }
QMenu { background: @surface2; border: 1px solid @hairline; border-radius: 6px; padding: 4px; }
QMenu::item { height: 26px; padding: 0 16px 0 8px; border-radius: 4px; background: transparent; }
QMenu::item:selected { background: @surface3; }
QMenu::item:disabled { color: @textLow; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: @hairline; margin: 4px 8px; }
QMenu::right-arrow { image: url(:/ochre/icons/skin/chevron-right-@mode.svg); width: 16px; height: 16px; }
QMenu::indicator { width: 16px; height: 16px; margin-left: 4px; }
QMenu::indicator:checked { image: url(:/ochre/icons/skin/check-@mode.svg); }
QMenu::indicator:unchecked { image: none; }

QScrollBar { background: transparent; border: 0; margin: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: @hairline; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 24px; }
QScrollBar::handle:horizontal { min-width: 24px; }
QScrollBar::handle:hover, QScrollBar::handle:pressed { background: @textLow; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QTreeView, QListView, QTableView { background: transparent; border: 0; alternate-background-color: @surface2; show-decoration-selected: 1; }
QTreeView::item, QListView::item { min-height: 24px; border-radius: 4px; padding: 0 4px; }
QTreeView::item:hover, QListView::item:hover { background: @surface3; }
QTreeView::item:selected, QListView::item:selected { background: @selection; color: @textHigh; }
QTreeView:focus, QListView:focus { border: 0; }
QHeaderView { background: transparent; }
QHeaderView::section { background: transparent; color: @textMid; border: 0; border-bottom: 1px solid @hairline; padding: 4px 8px; font-size: 11px; }

QTabWidget::pane { border: 0; }
QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: @textMid; padding: 0 12px; min-height: 28px; border: 0; border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: @textHigh; }
QTabBar::tab:selected { color: @textHigh; border-bottom: 2px solid @accent; }
QTabBar::tab:focus { color: @textHigh; }
QTabBar[head="true"]::tab { min-height: 32px; padding: 2px 12px 0 12px; }

QDockWidget { color: @textMid; titlebar-close-icon: none; titlebar-normal-icon: none; }
QDockWidget::title { background: @surface1; padding: 6px 12px; text-align: left; }
QToolBar { background: @surface1; border: 0; spacing: 4px; padding: 0 8px; }
QStatusBar { background: @surface1; color: @textMid; }
QStatusBar::item { border: 0; }

QProgressBar { background: @surface3; border: 0; border-radius: 2px; max-height: 4px; min-height: 4px; text-align: center; color: transparent; }
QProgressBar::chunk { background: @accent; border-radius: 2px; }

QSlider { min-height: 20px; }
QSlider::groove:horizontal { height: 4px; background: @surface3; border-radius: 2px; }
QSlider::sub-page:horizontal { background: @textLow; border-radius: 2px; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -4px 0; background: @textHigh; border-radius: 6px; }
QSlider::handle:horizontal:focus { background: @accent; }

QGroupBox { border: 0; margin-top: 24px; font-weight: 600; }
QGroupBox::title { subcontrol-origin: margin; subcontrol-position: left top; padding: 4px 0; }
)";

} // namespace

QString styleSheet(const Colors& c, Mode mode) {
    // Longer names first: @accentHover holds @accent.
    const QList<std::pair<QString, QString>> tokens = {
        {"@accentHover", c.accentHover.name()},
        {"@accentPressed", c.accentPressed.name()},
        {"@accent", c.accent.name()},
        {"@onAccent", c.onAccent.name()},
        {"@canvas", c.canvas.name()},
        {"@surface1", c.surface1.name()},
        {"@surface2", c.surface2.name()},
        {"@surface3", c.surface3.name()},
        {"@hairline", c.hairline.name()},
        {"@textHigh", c.textHigh.name()},
        {"@textMid", c.textMid.name()},
        {"@textLow", c.textLow.name()},
        {"@selection", blend(c.surface2, c.accent, 0.3).name()},
        {"@mode", mode == Mode::Dark ? QStringLiteral("dark") : QStringLiteral("light")},
    };
    QString sheet = QString::fromUtf8(kSheet);
    for (const auto& [token, value] : tokens) sheet.replace(token, value);
    return sheet;
}

} // namespace ochre::ui
