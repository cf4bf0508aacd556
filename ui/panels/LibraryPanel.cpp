// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/LibraryPanel.h"

#include <algorithm>
#include <map>

#include <QDir>
#include <QHeaderView>
#include <QMimeData>
#include <QStackedWidget>
#include <QTabBar>
#include <QTreeWidget>
#include <QUrl>
#include <QVBoxLayout>

#include "core/base/Paths.h"
#include "core/base/StarterModel.h"
#include "core/library/StarterProjects.h"
#include "ui/bridge/Background.h"
#include "ui/bridge/Bridge.h"
#include "ui/panels/EmptyPanel.h"
#include "ui/panels/WelcomeCard.h"
#include "ui/panels/Words.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

namespace fs = std::filesystem;

/// Rows that hold a path are dragged out as files.
class FileTree : public QTreeWidget {
public:
    explicit FileTree(Qt::TextElideMode elide) {
        setTextElideMode(elide);
        setHeaderHidden(true);
        setColumnCount(2);
        setRootIsDecorated(true);
        setIndentation(16);
        setDragEnabled(true);
        setUniformRowHeights(true);
        setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        setIconSize({metrics::kIconSmall, metrics::kIconSmall});
        header()->setStretchLastSection(false);
        header()->setSectionResizeMode(0, QHeaderView::Stretch);
        header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    }

protected:
    QMimeData* mimeData(const QList<QTreeWidgetItem*>& items) const override {
        QList<QUrl> urls;
        for (const QTreeWidgetItem* item : items)
            if (const QString path = item->data(0, Qt::UserRole).toString(); !path.isEmpty())
                urls << QUrl::fromLocalFile(path);
        if (urls.isEmpty()) return nullptr;
        auto* data = new QMimeData;
        data->setUrls(urls);
        return data;
    }
};

QString iconFor(const fs::path& path) {
    const QString ending = QString::fromStdString(path.extension().string()).toLower();
    if (ending == QLatin1String(".ochre")) return QStringLiteral("file");
    if (ending == QLatin1String(".ply")) return QStringLiteral("scene");
    static const QStringList kPictures{QStringLiteral(".png"), QStringLiteral(".jpg"), QStringLiteral(".exr")};
    return kPictures.contains(ending) ? QStringLiteral("image") : QStringLiteral("model");
}

QTreeWidgetItem* addRow(QTreeWidgetItem* parent, const fs::path& path, const QString& label) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    auto* item = new QTreeWidgetItem(parent, {label, error ? QString() : words::bytes(size)});
    item->setIcon(0, icon(iconFor(path)));
    item->setData(0, Qt::UserRole, QString::fromStdString(path.string()));
    item->setToolTip(0, QString::fromStdString(path.string()));
    item->setForeground(1, colors().textLow);
    item->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
    return item;
}

QTreeWidgetItem* addGroup(QTreeWidget* tree, const QString& title) {
    auto* group = new QTreeWidgetItem(tree, {title});
    group->setFlags(Qt::ItemIsEnabled);
    group->setForeground(0, colors().textMid);
    group->setFirstColumnSpanned(true);
    return group;
}

} // namespace

std::vector<fs::path> filesIn(const fs::path& folder, const QStringList& endings) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        if (it->is_regular_file(error) &&
            endings.contains(QString::fromStdString(it->path().extension().string()).toLower()))
            files.push_back(it->path());
    std::sort(files.begin(), files.end());
    return files;
}

LibraryPanel::LibraryPanel(Bridge& bridge, QWidget* parent)
    : QWidget(parent), m_bridge(bridge), m_assets(new FileTree(Qt::ElideRight)),
      m_models(new FileTree(Qt::ElideMiddle)), m_modelStack(new QStackedWidget) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    auto* pages = new QStackedWidget;
    m_tabs = new QTabBar;
    m_tabs->setProperty("head", true);
    m_tabs->setExpanding(false);
    const auto page = [](QWidget* content) {
        auto* box = new QWidget;
        auto* inner = new QVBoxLayout(box);
        inner->setContentsMargins(2 * metrics::kGrid, metrics::kGrid, metrics::kGrid, 0);
        inner->addWidget(content);
        return box;
    };
    m_tabs->addTab(tr("Assets"));
    pages->addWidget(page(m_assets));
    m_modelStack->addWidget(m_models);
    m_modelStack->addWidget(
        new EmptyPanel(QStringLiteral("model"), tr("No models yet"),
                       tr("Models are looked for in %1. Run ./installer/run to fetch the starter set.")
                           .arg(QString::fromStdString(paths::models().string())),
                       {}));
    m_tabs->addTab(tr("Models"));
    pages->addWidget(page(m_modelStack));
    layout->addWidget(pages);
    connect(m_tabs, &QTabBar::currentChanged, pages, &QStackedWidget::setCurrentIndex);
    for (QTreeWidget* tree : {m_assets, m_models})
        connect(tree, &QTreeWidget::itemActivated, this, [this, tree](QTreeWidgetItem* item) {
            const QString path = item->data(0, Qt::UserRole).toString();
            if (!path.isEmpty() && tree == m_assets) Q_EMIT fileChosen(path);
        });
    connect(&Theme::instance(), &Theme::changed, this, &LibraryPanel::refresh);
    refresh();
}

void LibraryPanel::addFiles(const QString& title, const std::vector<fs::path>& files, bool starters) {
    if (files.empty()) return;
    QTreeWidgetItem* group = addGroup(m_assets, title);
    for (const fs::path& file : files) {
        const bool project = file.extension() == ".ochre";
        const QString name = QString::fromStdString((project ? file.stem() : file.filename()).string());
        QTreeWidgetItem* row = addRow(group, file, starters ? starterTitle(file) : name);
        if (!starters) continue;
        row->setText(1, {});
        row->setFirstColumnSpanned(true); // the room is the title's
    }
    group->setExpanded(true);
}

void LibraryPanel::refresh() {
    fillAssets();
    fillModels();
}

void LibraryPanel::fillAssets() {
    m_assets->clear();
    std::vector<fs::path> recent;
    std::error_code error;
    for (const fs::path& path : m_bridge.session().recentFiles())
        if (fs::exists(path, error)) recent.push_back(path);
    addFiles(tr("Recent projects"), recent);
    addFiles(tr("Starter projects"), library::starterProjects(), true);
    auto samples = filesIn(paths::resources() / "pictures",
                           {QStringLiteral(".png"), QStringLiteral(".jpg"), QStringLiteral(".exr")});
    for (const char* folder : {"scenes", "splats"})
        for (const fs::path& scene : filesIn(paths::resources() / folder, {QStringLiteral(".ply")}))
            samples.push_back(scene);
    addFiles(tr("Samples"), samples);
}

void LibraryPanel::fillModels() {
    // Folders of other programs may be large, or far away.
    inBackground(
        this, [] { return library::listModels(); },
        [this, search = ++m_search](const std::vector<library::ModelFile>& files) {
            if (search == m_search) showModels(files);
        });
}

void LibraryPanel::showModels(const std::vector<library::ModelFile>& all) {
    m_models->clear();
    const fs::path own = paths::models(), starter = paths::starterModel();
    std::map<QString, std::vector<fs::path>> ours, theirs;
    for (const library::ModelFile& file : all) {
        const QString folder = QString::fromStdString(file.path.parent_path().lexically_relative(own).string());
        if (file.path == starter)
            ours[tr("Comes with Ochre")].push_back(file.path);
        else if (folder.isEmpty() || folder.startsWith(QLatin1String("..")))
            theirs[words::models(file.kind)].push_back(file.path);
        else
            ours[folder == QLatin1String(".") ? tr("Models") : folder].push_back(file.path);
    }
    const auto add = [this](const QString& title, const std::vector<fs::path>& files, bool expanded) {
        QTreeWidgetItem* group = addGroup(m_models, title);
        for (const fs::path& file : files) addRow(group, file, QString::fromStdString(file.stem().string()));
        group->setExpanded(expanded);
    };
    for (const auto& [folder, files] : ours) add(folder, files, true);
    for (const auto& [kind, files] : theirs) add(tr("Of other programs: %1").arg(kind), files, false);
    m_modelStack->setCurrentIndex(ours.empty() && theirs.empty() ? 1 : 0);
}

} // namespace ochre::ui
