// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/MainWindow.h"

#include <QAction>
#include <QApplication>
#include <QDockWidget>
#include <QLabel>
#include <QRandomGenerator>
#include <QScreen>
#include <QSettings>
#include <QSplitter>
#include <QVBoxLayout>

#include "core/base/Log.h"
#include "core/base/Paths.h"
#include "core/session/MainPrompt.h"
#include "ui/BatchRuns.h"
#include "ui/BottomPanel.h"
#include "ui/DockTitle.h"
#include "ui/LiveRun.h"
#include "ui/PromptBar.h"
#include "ui/TopBar.h"
#include "ui/canvas/Canvas.h"
#include "ui/panels/Inspector.h"
#include "ui/panels/LibraryPanel.h"
#include "ui/panels/LogPanel.h"
#include "ui/panels/MessageBar.h"
#include "ui/panels/QueuePanel.h"
#include "ui/panels/TrainingPanel.h"
#include "ui/panels/WelcomeCard.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui {
namespace {

constexpr int kAutosaveMilliseconds = 30'000;
constexpr int kRunOnChangeMilliseconds = 250;
constexpr int kStateVersion = 1;
constexpr int kTrainingPage = 2, kBottomHeight = 200, kTrainingHeight = 340; // of the bottom panel

QSettings settings() {
    return QSettings(QString::fromStdString((paths::config() / "window.ini").string()), QSettings::IniFormat);
}

} // namespace

MainWindow::MainWindow(session::Session& session)
    : m_session(session), m_bridge(session), m_top(new TopBar),
      m_canvas(new Canvas(session.document(), session.registry())), m_viewport(new Viewport(m_bridge)),
      m_inspector(new Inspector(m_bridge)), m_library(new LibraryPanel(m_bridge)),
      m_queue(new QueuePanel(m_bridge)), m_log(new LogPanel), m_training(new TrainingPanel), m_bottom(new BottomPanel),
      m_messages(new MessageBar), m_batches(new BatchRuns(session, *m_messages, m_top->runButton(), this)),
      m_prompt(new PromptBar(m_bridge, m_top->promptSlot(), this)), m_splitter(new QSplitter(Qt::Vertical)) {
    setWindowTitle(QStringLiteral("Ochre"));
    setAcceptDrops(true);
    setDockOptions(QMainWindow::AllowNestedDocks | QMainWindow::AllowTabbedDocks);
    build();
    buildActions();
    connectParts();
    restore();
    syncTitle();
    m_canvas->setFocus();
}

MainWindow::~MainWindow() {
    // A field that is being edited ends its edit when it loses the focus, for which it needs the bridge.
    if (QWidget* field = focusWidget()) field->clearFocus();
    disconnect(&m_bridge, nullptr, this, nullptr);
}

QDockWidget* MainWindow::addDock(const QString& id, const QString& title, QWidget* content,
                                 Qt::DockWidgetArea area) {
    auto* dock = new QDockWidget(title);
    dock->setObjectName(id);
    dock->setWidget(content);
    dock->setFeatures(QDockWidget::DockWidgetMovable | QDockWidget::DockWidgetFloatable |
                      QDockWidget::DockWidgetClosable);
    addDockWidget(area, dock);
    return dock;
}

void MainWindow::build() {
    setMenuWidget(m_top);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->setHandleWidth(5);
    m_splitter->addWidget(m_viewport);
    m_splitter->addWidget(m_canvas);
    m_canvas->setMinimumSize(240, 120);
    auto* middle = new QWidget;
    auto* layout = new QVBoxLayout(middle);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_messages);
    layout->addWidget(m_splitter, 1);
    setCentralWidget(middle);
    m_libraryDock = addDock(QStringLiteral("library"), tr("Library"), m_library, Qt::LeftDockWidgetArea);
    m_inspectorDock =
        addDock(QStringLiteral("inspector"), tr("Inspector"), m_inspector, Qt::RightDockWidgetArea);
    m_libraryDock->setTitleBarWidget(new DockTitle(m_library->tabs()));
    auto* inspected = new DockTitle(m_inspector->title());
    m_inspectorDock->setTitleBarWidget(inspected);
    connect(m_inspector, &Inspector::titleChanged, inspected, &DockTitle::setText);
    m_bottom->addPage(QStringLiteral("queue"), tr("Queue"), m_queue);
    m_bottom->addPage(QStringLiteral("log"), tr("Log"), m_log);
    m_bottom->addPage(QStringLiteral("timeline"), tr("Training"), m_training);
    m_bottomDock = addDock(QStringLiteral("bottom"), tr("Queue, log and training"), m_bottom, Qt::BottomDockWidgetArea);
    m_bottomDock->setTitleBarWidget(new QWidget); // its own bar of 24 px serves
    m_bottomDock->setFeatures(QDockWidget::DockWidgetClosable);
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    m_splitter->handle(1)->installEventFilter(this);
    m_autosave.setInterval(kAutosaveMilliseconds);
    m_changeTimer.setSingleShot(true);
    m_changeTimer.setInterval(kRunOnChangeMilliseconds);
}

void MainWindow::connectParts() {
    connect(&m_bridge, &Bridge::documentChanged, this, [this] {
        syncTitle();
        if (m_runOnChange->isChecked()) m_changeTimer.start();
    });
    connect(&m_changeTimer, &QTimer::timeout, this, &MainWindow::considerRunOnChange);
    connect(&m_autosave, &QTimer::timeout, this, [this] { m_session.autosave(); });
    connect(&m_bridge, &Bridge::nodeChanged, m_canvas,
            [this](quint32 node, const graph::NodeState& state) { m_canvas->setNodeState(node, state); });
    connect(&m_bridge, &Bridge::thumbnailReady, m_canvas,
            [this](quint32 node, const QImage& picture, const QString& size) {
                m_canvas->setThumbnail(node, picture, size);
            });
    connect(&m_bridge, &Bridge::jobChanged, this, [this](const session::Job& job) { onJob(job); });
    connect(&m_bridge, &Bridge::runtimeReady, this,
            [this](bool ok, const QString& message, const QString& hint) {
                m_top->chip()->setNote({});
                if (!ok) m_messages->show(MessageCard::Kind::Warning, message, hint);
            });
    connectPanes();
    new LiveRun(m_bridge, *m_viewport, this);
    connect(m_batches, &BatchRuns::started, this, [this] { m_bottom->open(0); });
    connect(m_prompt, &PromptBar::runRequested, this, &MainWindow::run);
    connect(m_prompt, &PromptBar::left, m_canvas, [this] { m_canvas->setFocus(); });
    connect(m_inspector, &Inspector::runRequested, this, &MainWindow::runTo);
    connect(m_inspector, &Inspector::searchRequested, this, [this] {
        m_canvas->setFocus();
        m_canvas->openSearch(m_canvas->viewport()->rect().center());
    });
    connect(m_library, &LibraryPanel::fileChosen, this,
            [this](const QString& path) { openAny({path}, m_canvas->cursorInScene()); });
    connect(m_queue, &QueuePanel::runRequested, this, &MainWindow::run);
    connect(m_top->runButton(), &QAbstractButton::clicked, this, &MainWindow::run);
    connect(m_top->chip(), &QAbstractButton::clicked, this, [this] {
        if (m_bottom->isOpen() && m_bottom->page() == 0)
            m_bottom->collapse();
        else
            m_bottom->open(0);
    });
    connect(m_bottom, &BottomPanel::openChanged, this, [this](bool open) {
        if (open) resizeDocks({m_bottomDock}, {m_bottom->page() == kTrainingPage ? kTrainingHeight : kBottomHeight}, Qt::Vertical);
    });
}

/// Canvas and viewer: what they ask of each other and of the window.
void MainWindow::connectPanes() {
    connect(m_canvas, &Canvas::selectionChanged, this, [this](const std::vector<graph::NodeId>& nodes) {
        m_inspector->setSelection(nodes);
        refreshActions();
    });
    connect(m_canvas, &Canvas::viewRequested, m_viewport, &Viewport::setViewed);
    connect(m_canvas, &Canvas::runRequested, this, &MainWindow::runTo);
    connect(m_canvas, &Canvas::maximiseRequested, this, [this] {
        toggleMaximise(m_viewport->underMouse() ? static_cast<QWidget*>(m_viewport) : m_canvas);
    });
    connect(m_canvas, &Canvas::filesDropped, this, &MainWindow::openAny);
    connect(m_canvas, &Canvas::failed, this, [this](const QString& message, const QString& hint) {
        m_messages->show(MessageCard::Kind::Error, message, hint);
    });
    connect(m_viewport, &Viewport::viewedChanged, m_canvas, &Canvas::setViewedNode);
    connect(m_viewport, &Viewport::viewedChanged, m_prompt, &PromptBar::setViewed);
    connect(m_viewport, &Viewport::runRequested, this, &MainWindow::runTo);
    connect(m_viewport, &Viewport::openRequested, this, [this] { importDialog(); });
    connect(m_viewport, &Viewport::maximiseRequested, this, [this] {
        toggleMaximise(m_canvas->underMouse() ? static_cast<QWidget*>(m_canvas) : m_viewport);
    });
    connect(m_viewport, &Viewport::failed, this, [this](const QString& message, const QString& hint) {
        m_messages->show(MessageCard::Kind::Error, message, hint);
    });
}

void MainWindow::restore() {
    QSettings s = settings();
    if (s.value(QStringLiteral("theme")).toString() == QLatin1String("light"))
        Theme::instance().setMode(Mode::Light);
    resize(1440, 900);
    if (const QScreen* display = screen(); display && display->availableGeometry().width() < 1480)
        resize(1280, 800);
    resetLayout();
    m_defaultState = saveState(kStateVersion);
    restoreGeometry(s.value(QStringLiteral("geometry")).toByteArray());
    restoreState(s.value(QStringLiteral("state")).toByteArray(), kStateVersion);
    m_splitter->restoreState(s.value(QStringLiteral("splitter")).toByteArray());
    try {
        m_viewport->setUsualView(parseJson(s.value(QStringLiteral("scene"), QStringLiteral("null")).toString().toStdString(), "window.ini"));
    } catch (const Error& e) {
        log::warning("{}", e.full()); // it is as at the start
    }
    if (s.value(QStringLiteral("bottomOpen")).toBool())
        m_bottom->open(s.value(QStringLiteral("bottomPage")).toInt());
}

void MainWindow::store() {
    if (m_maximised) toggleMaximise(m_maximised);
    try {
        paths::ensure(paths::config());
    } catch (const Error& e) {
        log::warning("{}", e.full());
        return;
    }
    QSettings s = settings();
    s.setValue(QStringLiteral("theme"),
               Theme::instance().mode() == Mode::Light ? QStringLiteral("light") : QStringLiteral("dark"));
    s.setValue(QStringLiteral("geometry"), saveGeometry());
    s.setValue(QStringLiteral("state"), saveState(kStateVersion));
    s.setValue(QStringLiteral("splitter"), m_splitter->saveState());
    s.setValue(QStringLiteral("bottomOpen"), m_bottom->isOpen());
    s.setValue(QStringLiteral("bottomPage"), m_bottom->page());
    s.setValue(QStringLiteral("scene"), QString::fromStdString(dumpJson(m_viewport->usualView())));
    s.setValue(QStringLiteral("started"), true);
}

void MainWindow::resetLayout() {
    if (m_maximised) toggleMaximise(m_maximised);
    if (!m_defaultState.isEmpty()) restoreState(m_defaultState, kStateVersion);
    for (QDockWidget* dock : {m_libraryDock, m_inspectorDock, m_bottomDock}) {
        dock->setFloating(false);
        dock->show();
    }
    m_bottom->collapse();
    resizeDocks({m_libraryDock, m_inspectorDock}, {metrics::kLeftDock, metrics::kRightDock}, Qt::Horizontal);
    m_splitter->setSizes({550, 450});
}

void MainWindow::syncTitle() {
    const project::Document& document = m_session.document();
    const QString title = QString::fromStdString(document.title());
    m_top->setProject(title, document.modified(), QString::fromStdString(document.path().string()));
    setWindowTitle(title + QStringLiteral("[*] · Ochre"));
    setWindowModified(document.modified());
    refreshActions();
}

void MainWindow::showError(const Error& error) {
    if (error.cancelled()) return;
    log::error("{}", error.full());
    m_messages->show(MessageCard::Kind::Error, QString::fromStdString(error.message()),
                     QString::fromStdString(error.hint()));
}

void MainWindow::loadRuntime() {
    m_bridge.setRuntimeLoading();
    m_top->chip()->setNote(tr("Loading models…"));
    m_session.loadRuntimeInBackground();
}

bool MainWindow::enqueue(std::vector<graph::NodeId> targets, bool first) {
    m_lastRun = m_session.document().graph();
    m_prompt->remember();
    try {
        m_session.enqueue(std::move(targets), first);
        return true;
    } catch (const Error& e) {
        showError(e);
        return false;
    }
}

void MainWindow::run() {
    enqueue({});
}

void MainWindow::runTo(graph::NodeId node) {
    if (m_session.document().graph().find(node) && enqueue({node})) m_viewport->setViewed(node);
}

void MainWindow::runWithNewSeed() {
    const graph::NodeRegistry& registry = m_session.registry();
    const auto seeds = session::seedsAbove(m_session.document().graph(), registry, m_viewport->viewed());
    if (seeds.empty()) {
        m_messages->show(MessageCard::Kind::Info, tr("What the viewer shows does not depend on a seed."),
                         tr("A run would give the same again."));
        return;
    }
    m_session.document().edit(tr("New seed").toStdString(), [&](graph::Graph& graph) {
        for (const auto& [node, id] : seeds) {
            const graph::Parameter* seed = registry.find(graph.at(node).type)->findParameter(id);
            const double least = std::max(0.0, seed->min.value_or(0)), most = seed->max.value_or(4294967295.0);
            const double span = std::clamp(most - least + 1, 1.0, 4294967296.0);
            const auto drawn = static_cast<std::int64_t>(least + QRandomGenerator::global()->generateDouble() * span);
            graph.setParameter(node, id, drawn);
        }
    });
    run();
}

std::optional<session::Job> MainWindow::startedJob() const {
    for (const session::Job& job : m_session.jobs())
        if (job.started && (job.status == session::JobStatus::Running || job.status == session::JobStatus::Paused))
            return job;
    return std::nullopt;
}

void MainWindow::togglePause() {
    const auto job = startedJob();
    if (!job) return;
    if (job->status == session::JobStatus::Paused)
        m_session.resume(job->id);
    else
        m_session.pause(job->id);
}

// Only what changes pixels runs again: moving a node or naming it does not.
void MainWindow::considerRunOnChange() {
    const graph::Graph& now = m_session.document().graph();
    bool changed = false;
    for (const graph::NodeId id : graph::Graph::difference(m_lastRun, now)) {
        const graph::Node *a = m_lastRun.find(id), *b = now.find(id);
        changed = changed || !a || !b || a->parameters != b->parameters || a->inputs != b->inputs ||
                  a->muted != b->muted || a->bypassed != b->bypassed;
    }
    if (!changed) return;
    for (const session::Job& job : m_session.jobs())
        if (!job.passing) m_session.cancel(job.id);
    run();
}

void MainWindow::onJob(const session::Job& job) {
    m_top->chip()->setJob(job);
    refreshActions();
    if (m_batches->tell(job) || job.status != session::JobStatus::Failed) return;
    graph::NodeId failed = 0;
    m_session.document().graph().forEach([&](const graph::Node& node) {
        if (!failed && m_session.state(node.id).status == graph::NodeStatus::Failed) failed = node.id;
    });
    QString hint;
    if (failed)
        if (const auto state = m_session.state(failed); state.error)
            hint = QString::fromStdString(state.error->hint());
    m_messages->show(MessageCard::Kind::Error, QString::fromStdString(job.error), hint,
                     failed ? tr("Show the node") : QString(), [this, failed] {
                         if (m_session.document().graph().find(failed)) m_canvas->reveal(failed);
                     });
}

void MainWindow::swapEmphasis() {
    const QList<int> sizes = m_splitter->sizes();
    const int all = sizes[0] + sizes[1];
    const bool viewerLarge = sizes[0] >= sizes[1];
    m_splitter->setSizes(viewerLarge ? QList<int>{all * 3 / 10, all * 7 / 10}
                                     : QList<int>{all * 7 / 10, all * 3 / 10});
}

void MainWindow::toggleMaximise(QWidget* pane) {
    if (m_maximised) {
        m_viewport->show();
        m_canvas->show();
        restoreState(m_beforeMaximise, kStateVersion);
        m_splitter->setSizes(m_splitBefore);
        m_maximised = nullptr;
        return;
    }
    m_beforeMaximise = saveState(kStateVersion);
    m_splitBefore = m_splitter->sizes();
    m_maximised = pane;
    for (QDockWidget* dock : {m_libraryDock, m_inspectorDock, m_bottomDock})
        if (!dock->isFloating()) dock->hide();
    (pane == m_viewport ? static_cast<QWidget*>(m_canvas) : m_viewport)->hide();
    pane->setFocus();
}

bool MainWindow::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_splitter->handle(1) && event->type() == QEvent::MouseButtonDblClick) {
        swapEmphasis();
        return true;
    }
    return QMainWindow::eventFilter(watched, event);
}

void MainWindow::resizeEvent(QResizeEvent* event) {
    QMainWindow::resizeEvent(event);
    if (m_welcome) m_welcome->place();
}

} // namespace ochre::ui
