// SPDX-License-Identifier: GPL-3.0-or-later
// The card of the first start: the starter projects with their pictures. Goes with the first key or a click
// beside it.
#pragma once

#include <filesystem>
#include <vector>

#include <QWidget>

namespace ochre::ui {

struct Starter {
    std::filesystem::path file, picture; ///< `picture` is empty when there is none
    QString title;
};
/// "Enlarge a picture": what a starter project does, from its file's name.
QString starterTitle(const std::filesystem::path& file);
/// The projects of resources/graphs, the first steps first.
std::vector<Starter> starters();

/// Covers its parent; shows nothing but the card.
class WelcomeCard : public QWidget {
    Q_OBJECT
public:
    explicit WelcomeCard(QWidget* parent);
    void place(); ///< over all of the parent

Q_SIGNALS:
    void projectChosen(const QString& path);
    void closed();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void dismiss();
    QWidget* m_card;
};

} // namespace ochre::ui
