// SPDX-License-Identifier: GPL-3.0-or-later
// The controls that Qt lacks: text that grows, a path with drop, a colour, a check box of our own.
#pragma once

#include <functional>

#include <QAbstractButton>
#include <QColor>
#include <QPlainTextEdit>
#include <QWidget>

class QLineEdit;

namespace ochre::ui {

/// Several lines, as high as its text, between two lines and ten where not said otherwise.
class GrowingText : public QPlainTextEdit {
    Q_OBJECT
public:
    explicit GrowingText(QWidget* parent = nullptr);
    /// `edges`: pixels above and below the text, together.
    void setLines(int fewest, int most, int edges);

Q_SIGNALS:
    void focusLeft();

protected:
    void resizeEvent(QResizeEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void grow();
    int m_fewest = 2, m_most = 10, m_edges = 0;
};

/// A path typed, chosen or dropped.
class PathField : public QWidget {
    Q_OBJECT
public:
    enum class Kind { Open, Save, Folder };
    PathField(Kind kind, QString filter, QWidget* parent = nullptr);

    QString path() const;
    void setPath(const QString& path);
    void setPlaceholder(const QString& text);

Q_SIGNALS:
    void edited(const QString& path);

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void browse();

    Kind m_kind;
    QString m_filter;
    QLineEdit* m_line;
};

/// Shows a colour with its hex; a click opens the picker below it.
class ColorField : public QAbstractButton {
    Q_OBJECT
public:
    explicit ColorField(QWidget* parent = nullptr);
    QColor color() const { return m_color; }
    void setColor(const QColor& color);
    QSize sizeHint() const override;

Q_SIGNALS:
    void edited(const QColor& color);
    void editEnded();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void openPicker();
    QColor m_color;
};

class CheckField : public QAbstractButton {
    Q_OBJECT
public:
    explicit CheckField(QWidget* parent = nullptr);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace ochre::ui
