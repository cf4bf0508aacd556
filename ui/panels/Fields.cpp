// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/Fields.h"

#include <algorithm>

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMimeData>
#include <QPainter>
#include <QPainterPath>
#include <QTextBlock>
#include <QTextLayout>
#include <QToolButton>
#include <QUrl>

#include "ui/panels/ColorPicker.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

GrowingText::GrowingText(QWidget* parent) : QPlainTextEdit(parent) {
    setTabChangesFocus(true);
    setVerticalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_edges = 5 * metrics::kGrid;
    connect(this, &QPlainTextEdit::textChanged, this, &GrowingText::grow);
    grow();
}

void GrowingText::setLines(int fewest, int most, int edges) {
    m_fewest = fewest;
    m_most = most;
    m_edges = edges;
    grow();
}

void GrowingText::resizeEvent(QResizeEvent* event) {
    QPlainTextEdit::resizeEvent(event);
    grow();
}

void GrowingText::focusOutEvent(QFocusEvent* event) {
    QPlainTextEdit::focusOutEvent(event);
    Q_EMIT focusLeft();
}

void GrowingText::grow() {
    int lines = 0;
    for (QTextBlock block = document()->begin(); block.isValid(); block = block.next())
        lines += std::max(1, block.layout() ? block.layout()->lineCount() : 1);
    lines = std::clamp(lines, m_fewest, m_most);
    setFixedHeight(lines * fontMetrics().lineSpacing() + m_edges);
}

PathField::PathField(Kind kind, QString filter, QWidget* parent)
    : QWidget(parent), m_kind(kind), m_filter(std::move(filter)), m_line(new QLineEdit) {
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(metrics::kGrid);
    layout->addWidget(m_line, 1);
    auto* button = new QToolButton;
    button->setIcon(icon(kind == Kind::Folder ? QStringLiteral("folder") : QStringLiteral("open")));
    button->setToolTip(kind == Kind::Folder ? tr("Choose a folder") : tr("Choose a file"));
    button->setAccessibleName(button->toolTip());
    button->setFixedSize(metrics::kControl, metrics::kControl);
    layout->addWidget(button);
    m_line->setAcceptDrops(false); // this widget takes the drop, so that a file gives its path and not a URL
    setAcceptDrops(true);
    setFocusProxy(m_line);
    connect(button, &QToolButton::clicked, this, &PathField::browse);
    connect(m_line, &QLineEdit::editingFinished, this, [this] {
        if (m_line->isModified()) Q_EMIT edited(m_line->text());
        m_line->setModified(false);
    });
}

QString PathField::path() const {
    return m_line->text();
}

void PathField::setPath(const QString& path) {
    if (m_line->text() == path) return;
    m_line->setText(path);
    m_line->setToolTip(path);
}

void PathField::setPlaceholder(const QString& text) {
    m_line->setPlaceholderText(text);
}

void PathField::browse() {
    QString chosen;
    if (m_kind == Kind::Folder)
        chosen = QFileDialog::getExistingDirectory(window(), tr("Choose a folder"), path());
    else if (m_kind == Kind::Save)
        chosen = QFileDialog::getSaveFileName(window(), tr("Choose where to write"), path(), m_filter);
    else
        chosen = QFileDialog::getOpenFileName(window(), tr("Choose a file"), path(), m_filter);
    if (chosen.isEmpty()) return;
    setPath(chosen);
    Q_EMIT edited(chosen);
}

void PathField::dragEnterEvent(QDragEnterEvent* event) {
    const QList<QUrl> urls = event->mimeData()->urls();
    if (!urls.isEmpty() && urls.first().isLocalFile()) event->acceptProposedAction();
}

void PathField::dropEvent(QDropEvent* event) {
    const QString dropped = event->mimeData()->urls().value(0).toLocalFile();
    if (dropped.isEmpty()) return;
    event->acceptProposedAction();
    setPath(dropped);
    Q_EMIT edited(dropped);
}

ColorField::ColorField(QWidget* parent) : QAbstractButton(parent) {
    setFixedHeight(metrics::kControl);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setFont(ochre::ui::font(TextRole::Body));
    connect(this, &QAbstractButton::clicked, this, &ColorField::openPicker);
}

QSize ColorField::sizeHint() const {
    return {120, metrics::kControl};
}

void ColorField::setColor(const QColor& color) {
    m_color = color;
    setAccessibleDescription(color.name(QColor::HexArgb));
    update();
}

void ColorField::openPicker() {
    auto* picker = new ColorPicker(m_color, this);
    connect(picker, &ColorPicker::colorChanged, this, [this](const QColor& color) {
        setColor(color);
        Q_EMIT edited(color);
    });
    connect(picker, &QObject::destroyed, this, [this] { Q_EMIT editEnded(); });
    picker->openBelow(this);
}

void ColorField::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const Colors& c = colors();
    p.setPen(Qt::NoPen);
    p.setBrush(c.surface3);
    p.drawRoundedRect(rect(), metrics::kRadiusControl, metrics::kRadiusControl);
    const QRectF swatch(metrics::kGrid, metrics::kGrid, 40, height() - 2 * metrics::kGrid);
    QPainterPath shape;
    shape.addRoundedRect(swatch, 4, 4);
    p.fillPath(shape, QColor::fromRgb(m_color.rgb()));
    if (m_color.alpha() < 255) { // right half as it is over the panel
        p.setClipRect(QRectF(swatch.center().x(), 0, swatch.width() / 2, height()));
        p.fillPath(shape, c.surface2);
        p.fillPath(shape, m_color);
        p.setClipping(false);
    }
    p.setBrush(Qt::NoBrush);
    p.setPen(QPen(c.hairline, 1));
    p.drawPath(shape);
    p.setPen(c.textHigh);
    drawTabular(p, QRectF(rect()).adjusted(52, 0, -8, 0), Qt::AlignLeft | Qt::AlignVCenter,
                (m_color.alpha() < 255 ? m_color.name(QColor::HexArgb) : m_color.name()).toUpper());
    if (hasFocus()) {
        p.setPen(QPen(c.accent, metrics::kFocusRing));
        p.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), metrics::kRadiusControl - 1,
                          metrics::kRadiusControl - 1);
    }
}

CheckField::CheckField(QWidget* parent) : QAbstractButton(parent) {
    setCheckable(true);
    setFixedHeight(metrics::kControl);
    setFocusPolicy(Qt::StrongFocus);
    setFont(ochre::ui::font(TextRole::Body));
}

QSize CheckField::sizeHint() const {
    return {24 + (text().isEmpty() ? 0 : fontMetrics().horizontalAdvance(text()) + 8), metrics::kControl};
}

void CheckField::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const Colors& c = colors();
    const QRectF box(1, (height() - 18) / 2.0, 18, 18);
    p.setPen(hasFocus() ? QPen(c.accent, metrics::kFocusRing)
                        : QPen(isChecked() ? c.surface3 : c.textLow, 1));
    p.setBrush(isChecked() ? blend(c.surface3, c.textLow, 0.45) : c.surface3);
    const double half = p.pen().widthF() / 2;
    p.drawRoundedRect(box.adjusted(half, half, -half, -half), 4, 4);
    if (isChecked())
        paintIcon(p, QStringLiteral("check"), box.adjusted(1, 1, -1, -1),
                  isEnabled() ? c.textHigh : c.textLow);
    if (!text().isEmpty()) {
        p.setPen(isEnabled() ? c.textHigh : c.textLow);
        p.drawText(rect().adjusted(26, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, text());
    }
}

} // namespace ochre::ui
