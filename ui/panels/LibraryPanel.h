// SPDX-License-Identifier: GPL-3.0-or-later
// What is on disk: projects, sample files, the models that nodes can use.
#pragma once

#include <filesystem>
#include <vector>

#include <QWidget>

#include "core/library/ModelFolder.h"

class QTabBar;
class QTreeWidget;
class QTreeWidgetItem;
class QStackedWidget;

namespace ochre::ui {

class Bridge;

class LibraryPanel : public QWidget {
    Q_OBJECT
public:
    explicit LibraryPanel(Bridge& bridge, QWidget* parent = nullptr);
    void refresh();
    QTabBar* tabs() const { return m_tabs; } ///< stands in the head of the dock

Q_SIGNALS:
    void fileChosen(const QString& path); ///< open it, or add it to the canvas
    void importRequested();

private:
    void fillAssets();
    void fillModels(); ///< once they are found
    void showModels(const std::vector<library::ModelFile>& all);
    void addFiles(const QString& title, const std::vector<std::filesystem::path>& files, bool starters = false);

    Bridge& m_bridge;
    QTreeWidget *m_assets, *m_models;
    QStackedWidget* m_modelStack;
    QTabBar* m_tabs;
    int m_search = 0; ///< the last one counts
};

/// Files in `folder` (not below it) with one of these endings (".png"), sorted; empty when there is no such
/// folder.
std::vector<std::filesystem::path> filesIn(const std::filesystem::path& folder, const QStringList& endings);

} // namespace ochre::ui
