// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAction>
#include <QApplication>
#include <QDialog>
#include <QDockWidget>
#include <QFileDialog>
#include <QGridLayout>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include "ui/BatchRuns.h"
#include "ui/BottomPanel.h"
#include "ui/MainWindow.h"
#include "ui/TopBar.h"
#include "ui/canvas/Canvas.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/SceneActions.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui {

QAction* MainWindow::addAction(QMenu* menu, const QString& text, const QString& iconName,
                               const QList<QKeySequence>& keys, std::function<void()> run) {
    auto* action = menu->addAction(text);
    if (!iconName.isEmpty()) action->setIcon(icon(iconName));
    action->setShortcuts(keys);
    action->setObjectName(text);
    connect(action, &QAction::triggered, this, [run = std::move(run)] { run(); });
    QMainWindow::addAction(action);
    return action;
}

void MainWindow::buildActions() {
    buildFileMenu();
    buildEditMenu();
    buildViewMenu();
    buildRunMenu();
    buildHelpMenu();
    refreshActions();
}

void MainWindow::buildFileMenu() {
    QMenu* menu = m_top->menuBar()->addMenu(tr("File"));
    addAction(menu, tr("New"), QStringLiteral("new"), {QKeySequence::New}, [this] { newProject(); });
    addAction(menu, tr("Open…"), QStringLiteral("open"), {QKeySequence::Open}, [this] { openDialog(); });
    m_recent = menu->addMenu(icon(QStringLiteral("clock")), tr("Open recent"));
    connect(m_recent, &QMenu::aboutToShow, this, &MainWindow::fillRecent);
    fillRecent();
    menu->addSeparator();
    addAction(menu, tr("Save"), QStringLiteral("save"), {QKeySequence::Save}, [this] { save(); });
    addAction(menu, tr("Save as…"), {}, {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S)},
              [this] { saveAs(); });
    addAction(menu, tr("Save a copy…"), {}, {}, [this] { saveCopy(); });
    menu->addSeparator();
    addAction(menu, tr("Import picture or scene…"), QStringLiteral("download"),
              {QKeySequence(Qt::CTRL | Qt::Key_I)}, [this] { importDialog(); });
    addAction(menu, tr("Find similar pictures…"), QStringLiteral("search"), {}, [this] {
        const QString folder = QFileDialog::getExistingDirectory(this, tr("Find similar pictures in"), projectFolder());
        if (!folder.isEmpty()) m_viewport->findSimilar(folder);
    });
    QMenu* models = menu->addMenu(icon(QStringLiteral("model")), tr("Models of other programs"));
    models->setObjectName(QStringLiteral("foreign_models"));
    addAction(models, tr("Add their folder…"), {}, {}, [this] { addModelsDialog(false); });
    addAction(models, tr("Add an extra_model_paths.yaml…"), {}, {}, [this] { addModelsDialog(true); });
    addAction(menu, tr("Save the shown result…"), QStringLiteral("export"),
              {QKeySequence(Qt::CTRL | Qt::Key_E)}, [this] { m_viewport->saveAs(); });
    menu->addSeparator();
    addAction(menu, tr("Quit"), {}, {QKeySequence(Qt::CTRL | Qt::Key_Q)}, [this] { close(); });
}

void MainWindow::buildEditMenu() {
    QMenu* menu = m_top->menuBar()->addMenu(tr("Edit"));
    m_undo = addAction(menu, tr("Undo"), QStringLiteral("undo"), {QKeySequence::Undo},
                       [this] { m_session.document().undo(); });
    m_redo = addAction(menu, tr("Redo"), QStringLiteral("redo"),
                       {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z), QKeySequence(Qt::CTRL | Qt::Key_Y)},
                       [this] { m_session.document().redo(); });
    m_top->setUndoActions(m_undo, m_redo);
    // The canvas owns what can be done to nodes; its keys work there, the menu shows them.
    QString section;
    bool first = true;
    for (const CanvasCommand& command : m_canvas->commands()) {
        if (command.section.isEmpty() || command.id == QLatin1String("undo") ||
            command.id == QLatin1String("redo"))
            continue;
        if (first || command.section != section) menu->addSeparator();
        first = false;
        section = command.section;
        QAction* action = menu->addAction(command.title);
        if (!command.icon.isEmpty()) action->setIcon(icon(command.icon));
        action->setShortcuts(command.keys);
        action->setShortcutContext(Qt::WidgetShortcut); // told here, handled by the canvas
        connect(action, &QAction::triggered, this, [this, id = command.id] { m_canvas->trigger(id); });
        connect(menu, &QMenu::aboutToShow, action,
                [action, enabled = command.enabled] { action->setEnabled(!enabled || enabled()); });
    }
}

void MainWindow::buildViewMenu() {
    QMenu* menu = m_top->menuBar()->addMenu(tr("View"));
    for (QDockWidget* dock : {m_libraryDock, m_inspectorDock}) {
        QAction* toggle = dock->toggleViewAction();
        menu->addAction(toggle);
    }
    addAction(menu, tr("Queue"), QStringLiteral("queue"), {QKeySequence(Qt::CTRL | Qt::Key_J)}, [this] {
        if (m_bottom->isOpen() && m_bottom->page() == 0)
            m_bottom->collapse();
        else
            m_bottom->open(0);
    });
    addAction(menu, tr("Log"), QStringLiteral("log"), {QKeySequence(Qt::CTRL | Qt::Key_L)}, [this] {
        if (m_bottom->isOpen() && m_bottom->page() == 1)
            m_bottom->collapse();
        else
            m_bottom->open(1);
    });
    menu->addSeparator();
    addAction(menu, tr("Maximise the viewer"), QStringLiteral("maximise"), {QKeySequence(Qt::Key_F11)},
              [this] { toggleMaximise(m_viewport); });
    addAction(menu, tr("Viewer or canvas large"), {}, {}, [this] { swapEmphasis(); });
    addAction(menu, tr("Reset layout"), QStringLiteral("reset"), {}, [this] { resetLayout(); });
    menu->addSeparator();
    addAction(menu, tr("Dark theme"), QStringLiteral("moon"), {},
              [] { Theme::instance().setMode(Mode::Dark); });
    addAction(menu, tr("Light theme"), QStringLiteral("sun"), {},
              [] { Theme::instance().setMode(Mode::Light); });
}

void MainWindow::buildRunMenu() {
    QMenu* menu = m_top->menuBar()->addMenu(tr("Run"));
    addAction(menu, tr("Run"), QStringLiteral("run"),
              {QKeySequence(Qt::CTRL | Qt::Key_Return), QKeySequence(Qt::Key_F5)}, [this] { run(); });
    addAction(menu, tr("Run with a new seed"), QStringLiteral("dice"),
              {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Return)}, [this] { runWithNewSeed(); });
    m_runHere = addAction(menu, tr("Run to the selected node"), {}, {QKeySequence(Qt::SHIFT | Qt::Key_F5)}, [this] {
                              const auto& selected = m_canvas->selection();
                              if (!selected.empty()) runTo(*selected.begin());
                          });
    addAction(menu, tr("Run before what waits"), {}, {QKeySequence(Qt::CTRL | Qt::ALT | Qt::Key_Return)},
              [this] { enqueue({}, true); });
    addAction(menu, tr("Process a folder…"), QStringLiteral("folder"), {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_P)},
              [this] { m_batches->askFolder(projectFolder()); });
    addAction(menu, tr("Process a video…"), QStringLiteral("video"), {}, [this] { m_batches->askVideo(projectFolder()); });
    m_runOnChange = menu->addAction(tr("Run on change"));
    m_runOnChange->setCheckable(true);
    connect(m_runOnChange, &QAction::toggled, this, [this](bool on) {
        if (on) run();
    });
    menu->addSeparator();
    addAction(menu, tr("Show the queue"), QStringLiteral("queue"), {}, [this] { m_bottom->open(0); });
    m_pause = addAction(menu, tr("Pause"), QStringLiteral("pause"),
                        {QKeySequence(Qt::CTRL | Qt::ALT | Qt::Key_P), QKeySequence(Qt::Key_Pause)},
                        [this] { togglePause(); });
    m_cancel = addAction(menu, tr("Cancel all"), QStringLiteral("cancel"),
                         {QKeySequence(Qt::CTRL | Qt::Key_Period)}, [this] { m_session.cancelAll(); });
    m_top->setRunMenu(menu);
}

void MainWindow::buildHelpMenu() {
    QMenu* menu = m_top->menuBar()->addMenu(tr("Help"));
    addAction(menu, tr("Starter projects"), QStringLiteral("home"), {}, [this] { showWelcome(); });
    addAction(menu, tr("Shortcuts"), QStringLiteral("help"), {QKeySequence(Qt::Key_F1)},
              [this] { showShortcuts(); });
    addAction(menu, tr("About Ochre"), QStringLiteral("info"), {}, [this] { showAbout(); });
}

void MainWindow::refreshActions() {
    if (!m_cancel) return;
    const auto& history = m_session.document().history();
    const auto titled = [](const QString& verb, const std::string& what) {
        return what.empty() ? verb : QStringLiteral("%1: %2").arg(verb, QString::fromStdString(what));
    };
    m_undo->setEnabled(history.canUndo());
    m_redo->setEnabled(history.canRedo());
    m_undo->setText(titled(tr("Undo"), history.canUndo() ? history.undoTitle() : std::string()));
    m_redo->setText(titled(tr("Redo"), history.canRedo() ? history.redoTitle() : std::string()));
    m_runHere->setEnabled(!m_canvas->selection().empty());
    const auto job = startedJob();
    const bool paused = job && job->status == session::JobStatus::Paused;
    m_pause->setEnabled(job.has_value());
    if (const QString text = paused ? tr("Go on") : tr("Pause"); text != m_pause->text()) {
        m_pause->setText(text);
        m_pause->setIcon(icon(paused ? QStringLiteral("run") : QStringLiteral("pause")));
    }
    m_cancel->setEnabled(!m_session.idle());
}

void MainWindow::fillRecent() {
    m_recent->clear();
    for (const auto& path : m_session.recentFiles()) {
        std::error_code error;
        QAction* action = m_recent->addAction(QString::fromStdString(path.filename().string()));
        action->setToolTip(QString::fromStdString(path.string()));
        action->setEnabled(std::filesystem::exists(path, error));
        connect(action, &QAction::triggered, this,
                [this, path] { openAny({QString::fromStdString(path.string())}, {}); });
    }
    m_recent->setToolTipsVisible(true);
    m_recent->setEnabled(!m_recent->isEmpty());
}

void MainWindow::showAbout() {
    auto* dialog = new QDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("About Ochre"));
    auto* layout = new QVBoxLayout(dialog);
    layout->setContentsMargins(24, 24, 24, 20);
    layout->setSpacing(8);
    auto* title = new QLabel(QStringLiteral("Ochre"));
    title->setProperty("role", "welcome");
    layout->addWidget(title);
    auto* text = new QLabel(tr("A creative studio of nodes: pictures, models, scenes.\nVersion %1. Free "
                               "software under the GPL, version 3 or later.")
                                .arg(QApplication::applicationVersion()));
    layout->addWidget(text);
    auto* close = new QPushButton(tr("Close"));
    connect(close, &QPushButton::clicked, dialog, &QDialog::close);
    layout->addSpacing(8);
    layout->addWidget(close, 0, Qt::AlignRight);
    dialog->open();
}

QWidget* MainWindow::makeShortcutList() {
    auto* list = new QWidget;
    auto* grid = new QGridLayout(list);
    grid->setContentsMargins(24, 16, 24, 16);
    grid->setHorizontalSpacing(24);
    const auto heading = [grid](const QString& text) {
        auto* label = new QLabel(text);
        label->setProperty("role", "title");
        label->setContentsMargins(0, grid->rowCount() > 1 ? 12 : 0, 0, 0);
        grid->addWidget(label, grid->rowCount(), 0, 1, 2);
    };
    const auto line = [grid](const QString& what, const QString& keys) {
        const int row = grid->rowCount();
        grid->addWidget(new QLabel(what), row, 0);
        grid->addWidget(new QLabel(keys), row, 1);
    };
    const auto keyText = [](const QList<QKeySequence>& keys) {
        QStringList texts;
        for (const QKeySequence& key : keys) texts << key.toString(QKeySequence::NativeText);
        return texts.join(tr(" or "));
    };
    heading(tr("Window"));
    for (const QAction* action : actions())
        if (!action->shortcuts().isEmpty())
            line(action->objectName().remove(QStringLiteral("…")), keyText(action->shortcuts()));
    line(tr("Give the pane under the pointer all the room"), tr("Space"));
    heading(tr("Prompt"));
    line(tr("More or less weight for the selection or the word"), tr("Ctrl+Up, Ctrl+Down"));
    line(tr("Earlier and later prompts of this session"), tr("Alt+Up, Alt+Down"));
    heading(tr("Queue"));
    line(tr("Pause or go on, cancel"), tr("Space, Delete"));
    line(tr("Run sooner, later, first"), tr("Alt+Up, Alt+Down, Home"));
    heading(tr("Canvas"));
    for (const CanvasCommand& command : m_canvas->commands())
        if (!command.keys.isEmpty()) line(command.title, keyText(command.keys));
    heading(tr("Viewer"));
    line(tr("Red, green, blue, alpha, luminance; all channels"), tr("R, G, B, A, Y; C"));
    line(tr("Fit, 1:1, zoom"), tr("F, 1, wheel or + and −"));
    line(tr("Before and after: divider, side by side; move the divider"), tr("W, Shift+W; Left, Right"));
    line(tr("Show the original while the key is held"), tr("O"));
    for (const QAction* action : m_viewport->pictureActions().all())
        if (const QString keys = SceneActions::keyText(*action); !keys.isEmpty()) line(action->text(), keys);
    heading(tr("Scene"));
    line(tr("Orbit, pan, dolly; with a tool, orbit"), tr("drag, middle or Shift drag, wheel; right drag"));
    line(tr("Come nearer to what was clicked"), tr("double-click"));
    for (const QAction* action : m_viewport->sceneActions().all())
        if (const QString keys = SceneActions::keyText(*action); !keys.isEmpty()) line(action->text(), keys);
    return list;
}

void MainWindow::showShortcuts() {
    auto* dialog = new QDialog(this);
    dialog->setObjectName(QStringLiteral("shortcuts"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Shortcuts"));
    auto* scroll = new QScrollArea;
    scroll->setWidget(makeShortcutList());
    scroll->setWidgetResizable(true);
    auto* layout = new QVBoxLayout(dialog);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(scroll);
    dialog->resize(620, 640);
    dialog->open();
}

} // namespace ochre::ui
