// SPDX-License-Identifier: GPL-3.0-or-later
// The keyboard's way to nodes: type, look at category and help of what is highlighted, Enter. Floats over the
// canvas.
#pragma once

#include <QColor>
#include <QWidget>
#include <functional>
#include <vector>

class QLineEdit;

namespace ochre::ui {

struct SearchEntry {
    QString id, label, category, help;
    QColor color;
};

class SearchMenu : public QWidget {
    Q_OBJECT
public:
    using Provider = std::function<std::vector<SearchEntry>(const QString& text)>;

    explicit SearchMenu(QWidget* parent);

    /// Opens with its field at `at` (parent's coordinates), moved so that all of it is inside the parent.
    void open(QPoint at, const QString& placeholder, Provider provider);
    void close(); ///< without a choice
    bool isOpen() const { return m_open; }

    QString highlighted() const; ///< id of the highlighted entry; empty when there is none
    const std::vector<SearchEntry>& entries() const { return m_entries; }

Q_SIGNALS:
    void chosen(const QString& id);
    void closed(); ///< after chosen() as well

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QRect card() const;
    QRect rowRect(int index) const;
    QRect helpRect() const;
    int rowAt(QPoint at) const;
    void refill();
    void highlight(int index);
    void accept();
    bool handleKey(int key);

    QLineEdit* m_field;
    Provider m_provider;
    std::vector<SearchEntry> m_entries;
    bool m_open = false;
    int m_current = 0;
    int m_first = 0; ///< first row in view
};

} // namespace ochre::ui
