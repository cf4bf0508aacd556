// SPDX-License-Identifier: GPL-3.0-or-later
// The left column of the inspector: a parameter's name with its changed-dot, and the headings that fold.
#pragma once

#include <QAbstractButton>
#include <QWidget>

namespace ochre::ui {

class ParameterLabel : public QWidget {
    Q_OBJECT
public:
    explicit ParameterLabel(QString text, QWidget* parent = nullptr);
    void setChanged(bool changed); ///< the value is not the default: an accent dot, a click on it resets
    void setDriver(const QString& driver); ///< name of the node whose link gives the value; empty: none
    QSize sizeHint() const override;

    static constexpr int kWidth = 104;

Q_SIGNALS:
    void resetRequested();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

private:
    QString m_text, m_driver;
    bool m_changed = false;
};

class FoldHeader : public QAbstractButton {
    Q_OBJECT
public:
    explicit FoldHeader(const QString& text, QWidget* parent = nullptr);
    bool folded() const { return m_folded; }
    void setFolded(bool folded);
    QSize sizeHint() const override;

Q_SIGNALS:
    void toggled(bool folded);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    bool m_folded = false;
};

} // namespace ochre::ui
