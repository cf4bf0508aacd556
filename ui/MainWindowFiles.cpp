// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <map>

#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QStandardPaths>
#include <QUrl>

#include "core/base/Log.h"
#include "core/base/ModelRoots.h"
#include "core/base/Paths.h"
#include "core/graph/Types.h"
#include "core/library/ModelFolder.h"
#include "core/project/interop/Interop.h"
#include "core/scene/SceneIo.h"
#include "core/session/Import.h"
#include "core/video/VideoFrames.h"
#include "ui/BatchRuns.h"
#include "ui/MainWindow.h"
#include "ui/bridge/Background.h"
#include "ui/canvas/Canvas.h"
#include "ui/panels/Inspector.h"
#include "ui/panels/LibraryPanel.h"
#include "ui/panels/MessageBar.h"
#include "ui/panels/Words.h"
#include "ui/panels/WelcomeCard.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui {
namespace {

namespace fs = std::filesystem;

const char* const kProjects = "Ochre projects (*.ochre)";
const QStringList kPictureEndings = {QStringLiteral("png"),  QStringLiteral("jpg"), QStringLiteral("jpeg"),
                                     QStringLiteral("webp"), QStringLiteral("tif"), QStringLiteral("tiff"),
                                     QStringLiteral("exr"),  QStringLiteral("hdr"), QStringLiteral("bmp"),
                                     QStringLiteral("tga")};

QString ending(const fs::path& path) {
    return QFileInfo(QString::fromStdString(path.string())).suffix().toLower();
}

const graph::Parameter* fileParameter(const graph::NodeDeclaration& declaration) {
    for (const graph::Parameter& parameter : declaration.parameters())
        if (parameter.kind == graph::ParameterKind::File) return &parameter;
    return nullptr;
}

/// The node that looks at what `source` gives: a sink called …view that takes it.
const graph::NodeDeclaration* viewerFor(const graph::NodeRegistry& registry,
                                        const graph::NodeDeclaration& source) {
    if (source.outputs().empty()) return nullptr;
    for (const graph::NodeDeclaration* candidate : registry.all())
        if (candidate->id().ends_with(".view") && !candidate->inputs().empty() &&
            graph::TypeRegistry::shared().isA(source.outputs().front().type,
                                              candidate->inputs().front().type))
            return candidate;
    return nullptr;
}

} // namespace

void MainWindow::start(const std::optional<fs::path>& file) {
    m_autosave.start();
    if (file) {
        openAny({QString::fromStdString(file->string())}, {});
    } else {
        const auto all = starters();
        if (!all.empty()) {
            try { // a copy without a file of its own: saving asks where
                project::Project starter = project::readProject(all.front().file);
                m_session.document().reset(std::move(starter.graph), starter.view, {});
            } catch (const Error& e) {
                showError(e);
            }
        }
        documentOpened();
        const QSettings s(QString::fromStdString((paths::config() / "window.ini").string()),
                          QSettings::IniFormat);
        if (!s.value(QStringLiteral("started")).toBool()) showWelcome();
    }
    offerRecovery();
}

void MainWindow::documentOpened() {
    m_bridge.forget();
    m_canvas->clearResults();
    m_canvas->select({});
    m_inspector->setSelection({});
    m_messages->clear();
    project::View& view = m_session.document().view();
    if (!m_session.document().graph().find(view.viewed)) {
        view.viewed = 0;
        m_session.document().graph().forEach([&view](const graph::Node& node) {
            if (!view.viewed && node.type.ends_with(".view")) view.viewed = node.id;
        });
    }
    m_viewport->followDocument();
    m_canvas->setViewedNode(view.viewed);
    m_canvas->restoreView();
    m_library->refresh();
    fillRecent();
    syncTitle();
}

void MainWindow::showWelcome() {
    if (m_welcome || starters().empty()) return;
    m_welcome = new WelcomeCard(centralWidget());
    connect(m_welcome, &WelcomeCard::closed, this, [this] { m_welcome = nullptr; });
    connect(m_welcome, &WelcomeCard::projectChosen, this,
            [this](const QString& path) { openProject(path.toStdString()); });
    m_welcome->show();
    m_welcome->raise();
}

QString MainWindow::projectFolder() const {
    const fs::path path = m_session.document().path();
    return path.empty() ? QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation)
                        : QString::fromStdString(path.parent_path().string());
}

bool MainWindow::openProject(const fs::path& path) {
    if (!mayDiscard()) return false;
    try {
        const std::string warning = m_session.open(path);
        documentOpened();
        if (!warning.empty())
            m_messages->show(MessageCard::Kind::Warning, QString::fromStdString(warning), {});
        return true;
    } catch (const Error& e) {
        showError(e);
        return false;
    }
}

void MainWindow::openAny(const QStringList& paths, QPointF scene) {
    for (const QString& name : paths) {
        const fs::path path = name.toStdString();
        const QString kind = ending(path);
        const bool folder = QFileInfo(name).isDir(), video = !folder && isVideo(path);
        if (folder || (video && m_batches->graphLoadsPictures())) {
            m_batches->ask(name);
            return;
        }
        const std::string loader = video || kPictureEndings.contains(kind) ? "image.load"
                                   : isSceneFile(path) ? "scene.load_splats" // some are described in a .json
                                                       : session::fieldLoaderOf(path);
        if (!loader.empty()) {
            import(path, loader, scene);
            scene += QPointF(0, 320);
        } else if (kind == QLatin1String("ochre") || kind == QLatin1String("json")) {
            openProject(path);
            return;
        } else {
            showError(Error(path.filename().string() + ": this kind of file cannot be opened here",
                            "drop a picture, a video, a folder of pictures, a scene of splats, a radiance field or a NeRF checkpoint, an .ochre project or a .json workflow"));
        }
    }
}

void MainWindow::import(const fs::path& path, const std::string& id, QPointF scene) {
    const graph::NodeDeclaration* loader = m_session.registry().find(id);
    const graph::Parameter* file = loader ? fileParameter(*loader) : nullptr;
    if (!file) {
        showError(Error(path.filename().string() + ": no node reads this kind of file"));
        return;
    }
    const graph::NodeDeclaration* viewer = viewerFor(m_session.registry(), *loader);
    graph::NodeId added = 0, viewed = 0;
    try {
        m_session.document().edit("Import " + path.filename().string(), [&](graph::Graph& graph) {
            graph::Node load;
            load.type = loader->id();
            load.version = loader->version();
            load.parameters[file->id] = path.string();
            load.look.x = scene.x();
            load.look.y = scene.y();
            added = viewed = graph.add(load);
            if (!viewer) return;
            graph::Node view;
            view.type = viewer->id();
            view.version = viewer->version();
            view.look.x = scene.x() + 280;
            view.look.y = scene.y();
            viewed = graph.add(view);
            graph.connect({added, loader->outputs().front().id}, viewed, viewer->inputs().front().id);
        });
    } catch (const Error& e) {
        showError(e);
        return;
    }
    m_canvas->reveal(added);
    if (id == session::kDistilField) return offerDistilling(path, viewed);
    runTo(viewed);
    if (kPictureEndings.contains(ending(path))) offerEmbeddedGraph(path);
}

void MainWindow::offerDistilling(const fs::path& path, graph::NodeId viewed) {
    m_viewport->setViewed(viewed);
    m_messages->show(MessageCard::Kind::Info,
                     tr("%1 holds the network of a NeRF.").arg(QString::fromStdString(path.filename().string())),
                     tr("It is shown once a field has learnt it, which takes some minutes."), tr("Distil into a field"),
                     [this, viewed] { runTo(viewed); });
}

void MainWindow::offerEmbeddedGraph(const fs::path& path) {
    try {
        project::interop::openProject(path, m_session.registry());
    } catch (const Error&) {
        return; // no graph inside: most pictures
    }
    m_messages->show(
        MessageCard::Kind::Info,
        tr("%1 holds the graph that made it.").arg(QString::fromStdString(path.filename().string())),
        tr("Opening it replaces the project on the canvas."), tr("Open the graph"),
        [this, path] { openProject(path); });
}

bool MainWindow::mayDiscard() {
    const project::Document& document = m_session.document();
    if (!document.modified() || document.graph().size() == 0) return true;
    QMessageBox box(this);
    box.setObjectName(QStringLiteral("unsaved"));
    box.setWindowTitle(tr("Unsaved changes"));
    box.setText(tr("Save the changes to \"%1\"?").arg(QString::fromStdString(document.title())));
    box.setInformativeText(tr("What is not saved is lost."));
    QPushButton* saveButton = box.addButton(tr("Save"), QMessageBox::AcceptRole);
    saveButton->setProperty("primary", true);
    QPushButton* discard = box.addButton(tr("Do not save"), QMessageBox::DestructiveRole);
    box.addButton(tr("Cancel"), QMessageBox::RejectRole);
    box.setDefaultButton(saveButton);
    box.exec();
    if (box.clickedButton() == saveButton) return save();
    return box.clickedButton() == discard;
}

void MainWindow::newProject() {
    if (!mayDiscard()) return;
    m_session.newDocument();
    documentOpened();
}

void MainWindow::openDialog() {
    const QString path = QFileDialog::getOpenFileName(
        this, tr("Open a project"), projectFolder(),
        tr("Projects, workflows and pictures with a graph (*.ochre *.json *.png *.jpg *.webp *.tif *.exr)"));
    if (!path.isEmpty()) openProject(path.toStdString());
}

void MainWindow::importDialog() {
    const QStringList paths = QFileDialog::getOpenFileNames(
        this, tr("Import"), projectFolder(),
        tr("Pictures, videos and scenes (*.%1 %2 %3 *.field.safetensors *.ckpt *.tar)")
            .arg(kPictureEndings.join(QStringLiteral(" *.")), QLatin1String(videoPatterns()), QLatin1String(kSceneNames)));
    openAny(paths, m_canvas->mapToScene(m_canvas->viewport()->rect().center()));
}

void MainWindow::addModelsDialog(bool list) {
    const QString home = QStandardPaths::writableLocation(QStandardPaths::HomeLocation);
    const QString path =
        list ? QFileDialog::getOpenFileName(this, tr("Add a list of model folders"), home,
                                            tr("Lists of folders (*.yaml *.yml)"))
             : QFileDialog::getExistingDirectory(
                   this, tr("Add a folder of models (ComfyUI, A1111's web UI, any)"), home);
    if (!path.isEmpty()) addModels(path.toStdString());
}

void MainWindow::addModels(const fs::path& root) {
    try {
        paths::addModelRoot(root);
    } catch (const Error& e) {
        showError(e);
        return;
    }
    using Counts = std::map<std::string, int>;
    const auto count = [root] { // a large folder takes a while
        Counts counts;
        try {
            for (const library::ModelFile& file : library::modelsUnder(root)) ++counts[file.kind];
        } catch (const Error& e) {
            log::warning("{}", e.full());
        }
        return counts;
    };
    inBackground(this, count, [this, root](const Counts& counts) {
        QStringList found;
        for (const auto& [kind, number] : counts)
            found << QStringLiteral("%1 %2").arg(number).arg(words::models(kind, number));
        const QString name = QString::fromStdString(root.string());
        m_messages->show(found.isEmpty() ? MessageCard::Kind::Warning : MessageCard::Kind::Info,
                         found.isEmpty() ? tr("%1 is added, and holds no models yet.").arg(name)
                                         : tr("%1 is added: %2.").arg(name, found.join(QStringLiteral(", "))),
                         counts.contains("")
                             ? tr("Nodes offer models of a kind: name their folder checkpoints, loras, …")
                             : tr("Nodes offer them in their menus; nothing is ever written there."));
        m_inspector->modelsChanged();
        m_library->refresh();
    });
}

bool MainWindow::save() {
    const fs::path path = m_session.document().path();
    return path.empty() ? saveAs() : saveTo(path);
}

bool MainWindow::saveAs() {
    const QString suggestion = projectFolder() + QLatin1Char('/') +
                               QString::fromStdString(m_session.document().title()) +
                               QStringLiteral(".ochre");
    const QString path =
        QFileDialog::getSaveFileName(this, tr("Save the project"), suggestion, tr(kProjects));
    return !path.isEmpty() && saveTo(path.toStdString());
}

bool MainWindow::saveTo(const fs::path& path) {
    try {
        fs::path target = path;
        if (!target.has_extension()) target += ".ochre";
        m_session.save(target);
        syncTitle();
        fillRecent();
        m_library->refresh();
        return true;
    } catch (const Error& e) {
        showError(e);
        return false;
    }
}

void MainWindow::saveCopy() {
    const QString suggestion = projectFolder() + QLatin1Char('/') +
                               QString::fromStdString(m_session.document().title()) + tr(" copy.ochre");
    const QString path = QFileDialog::getSaveFileName(this, tr("Save a copy"), suggestion, tr(kProjects));
    if (path.isEmpty()) return;
    try {
        const project::Document& d = m_session.document();
        project::writeProject(path.toStdString(), d.graph(), d.view(), d.extra);
        m_messages->show(MessageCard::Kind::Info, tr("A copy is at %1.").arg(path), {});
    } catch (const Error& e) {
        showError(e);
    }
}

void MainWindow::offerRecovery() {
    const auto entries = m_session.recoverable();
    if (entries.empty()) return;
    const project::Recoverable entry = entries.front();
    auto* box = new QMessageBox(this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setObjectName(QStringLiteral("recovery"));
    box->setWindowTitle(tr("Recover unsaved work"));
    box->setText(
        tr("Ochre ended unexpectedly. A copy of \"%1\" was kept.").arg(QString::fromStdString(entry.title)));
    box->setInformativeText(
        entries.size() > 1
            ? tr("There are %1 more; they are offered at the next starts.").arg(entries.size() - 1)
            : tr("Recovering it changes no file; save it when you have looked at it."));
    auto* recover = box->addButton(tr("Recover"), QMessageBox::AcceptRole);
    recover->setProperty("primary", true);
    auto* discard = box->addButton(tr("Delete the copy"), QMessageBox::DestructiveRole);
    box->addButton(tr("Later"), QMessageBox::RejectRole);
    box->setDefaultButton(recover);
    connect(recover, &QAbstractButton::clicked, this, [this, entry] {
        try {
            m_session.recover(entry);
            documentOpened();
        } catch (const Error& e) {
            showError(e);
        }
    });
    connect(discard, &QAbstractButton::clicked, this, [entry] { project::Autosave::remove(entry); });
    box->open();
}

void MainWindow::closeEvent(QCloseEvent* event) {
    if (!mayDiscard()) {
        event->ignore();
        return;
    }
    store();
    m_session.cancelAll();
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    for (const QUrl& url : event->mimeData()->urls())
        if (url.isLocalFile()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
    QStringList paths;
    for (const QUrl& url : event->mimeData()->urls())
        if (url.isLocalFile()) paths << url.toLocalFile();
    if (paths.isEmpty()) return;
    event->acceptProposedAction();
    const bool scenes = std::ranges::all_of(paths, [](const QString& path) { return isSceneFile(path.toStdString()); });
    const bool ontoView = m_viewport->rect().contains(m_viewport->mapFrom(this, event->position().toPoint()));
    if (scenes && ontoView) { // they join what is there, or each other
        if (m_viewport->addClouds(paths)) return;
        openAny({paths.takeFirst()}, m_canvas->mapToScene(m_canvas->viewport()->rect().center()));
        if (!paths.isEmpty()) m_viewport->addClouds(paths);
        return;
    }
    openAny(paths, m_canvas->mapToScene(m_canvas->viewport()->rect().center()));
}

} // namespace ochre::ui
