// SPDX-License-Identifier: GPL-3.0-or-later
// The window: panels around the viewer and the canvas, menus, files, runs.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include <QMainWindow>
#include <QTimer>

#include "core/session/Session.h"
#include "ui/bridge/Bridge.h"

class QSplitter;

namespace ochre::ui {

class BatchRuns;
class BottomPanel;
class Canvas;
class Inspector;
class LibraryPanel;
class LogPanel;
class TrainingPanel;
class MessageBar;
class PromptBar;
class QueuePanel;
class TopBar;
class Viewport;
class WelcomeCard;

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    /// The session must outlive the window.
    explicit MainWindow(session::Session& session);
    ~MainWindow() override;

    /// Opens `file`, or the starter project with the welcome card; then offers what a crash left behind.
    void start(const std::optional<std::filesystem::path>& file);

    void loadRuntime(); ///< starts loading the model library; the chip of the queue says so
    bool
    openProject(const std::filesystem::path& path); ///< false when it could not; the message bar says why
    void openAny(const QStringList& paths, QPointF scene); ///< projects, pictures, scenes: what a drop means
    bool save();
    bool saveTo(const std::filesystem::path& path);
    void run();
    void runTo(graph::NodeId node);
    void runWithNewSeed(); ///< every seed that the viewed node depends on, as one step of undo
    void togglePause();    ///< of the job that runs
    void toggleMaximise(QWidget* pane);
    void resetLayout();

    Canvas& canvas() { return *m_canvas; }
    Viewport& viewport() { return *m_viewport; }
    Inspector& inspector() { return *m_inspector; }
    QueuePanel& queue() { return *m_queue; }
    LogPanel& logPanel() { return *m_log; }
    TrainingPanel& trainingPanel() { return *m_training; }
    MessageBar& messages() { return *m_messages; }
    PromptBar& prompt() { return *m_prompt; }
    Bridge& bridge() { return m_bridge; }
    WelcomeCard* welcome() const { return m_welcome; }

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    // MainWindow.cpp
    void build();
    void connectParts();
    void connectPanes();
    void restore();
    void store();
    void syncTitle();
    void onJob(const session::Job& job);
    void showError(const Error& error);
    void considerRunOnChange();
    void swapEmphasis();
    bool enqueue(std::vector<graph::NodeId> targets, bool first = false);
    std::optional<session::Job> startedJob() const;
    QDockWidget* addDock(const QString& id, const QString& title, QWidget* content, Qt::DockWidgetArea area);

    // MainWindowActions.cpp
    void buildActions();
    void buildFileMenu();
    void buildEditMenu();
    void buildViewMenu();
    void buildRunMenu();
    void buildHelpMenu();
    QAction* addAction(QMenu* menu, const QString& text, const QString& iconName,
                       const QList<QKeySequence>& keys, std::function<void()> run);
    void refreshActions();
    void fillRecent();
    void showAbout();
    void showShortcuts();
    QWidget* makeShortcutList();

    // MainWindowFiles.cpp
    void newProject();
    void openDialog();
    void importDialog();
    void addModelsDialog(bool list); ///< of another program: its folder, or its list of folders
    void addModels(const std::filesystem::path& root);
    bool saveAs();
    void saveCopy();
    bool mayDiscard(); ///< asks when there is unsaved work
    void documentOpened();
    void import(const std::filesystem::path& path, const std::string& loader, QPointF scene);
    void offerDistilling(const std::filesystem::path& path, graph::NodeId viewed);
    void offerEmbeddedGraph(const std::filesystem::path& path);
    void offerRecovery();
    void showWelcome();
    QString projectFolder() const;

    session::Session& m_session;
    Bridge m_bridge;
    TopBar* m_top;
    Canvas* m_canvas;
    Viewport* m_viewport;
    Inspector* m_inspector;
    LibraryPanel* m_library;
    QueuePanel* m_queue;
    LogPanel* m_log;
    TrainingPanel* m_training;
    BottomPanel* m_bottom;
    MessageBar* m_messages;
    BatchRuns* m_batches; ///< folders and videos
    PromptBar* m_prompt;
    WelcomeCard* m_welcome = nullptr;
    QSplitter* m_splitter;
    QDockWidget *m_libraryDock, *m_inspectorDock, *m_bottomDock;
    QMenu* m_recent = nullptr;
    QAction *m_undo = nullptr, *m_redo = nullptr, *m_runOnChange = nullptr, *m_runHere = nullptr,
            *m_pause = nullptr, *m_cancel = nullptr;
    QByteArray m_defaultState, m_beforeMaximise;
    QList<int> m_splitBefore;
    QWidget* m_maximised = nullptr;
    QTimer m_autosave, m_changeTimer;
    graph::Graph m_lastRun;
};

} // namespace ochre::ui
