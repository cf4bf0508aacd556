// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/SearchMenu.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QWheelEvent>
#include <algorithm>

#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

constexpr int kWidth = 360;
constexpr int kField = 36;
constexpr int kRow = 28;
constexpr int kRows = 9;
constexpr int kHelp = 60;
constexpr int kPadding = 6;

} // namespace

SearchMenu::SearchMenu(QWidget* parent) : QWidget(parent), m_field(new QLineEdit(this)) {
    setFixedSize(kWidth + 2 * metrics::kShadow,
                 kField + kRows * kRow + kHelp + 2 * kPadding + 2 * metrics::kShadow);
    setMouseTracking(true);
    setObjectName(QStringLiteral("searchMenu"));
    setAccessibleName(QStringLiteral("Search"));
    m_field->setObjectName(QStringLiteral("searchField"));
    m_field->setFrame(false);
    // The card is the field's frame: a ring inside it would be a box within a box.
    m_field->setStyleSheet(QStringLiteral(
        "QLineEdit, QLineEdit:focus, QLineEdit:hover { background: transparent; border: 0; padding: 0; }"));
    const QRect c = card();
    m_field->setGeometry(c.left() + 36, c.top() + 4, c.width() - 48, kField - 4);
    m_field->installEventFilter(this);
    connect(m_field, &QLineEdit::textChanged, this, [this] { refill(); });
    hide();
}

QRect SearchMenu::card() const {
    return rect().adjusted(metrics::kShadow, metrics::kShadow, -metrics::kShadow, -metrics::kShadow);
}

QRect SearchMenu::rowRect(int index) const {
    const QRect c = card();
    return QRect(c.left() + kPadding, c.top() + kField + kPadding + (index - m_first) * kRow,
                 c.width() - 2 * kPadding, kRow);
}

QRect SearchMenu::helpRect() const {
    const QRect c = card();
    return QRect(c.left(), c.bottom() - kHelp + 1, c.width(), kHelp);
}

void SearchMenu::open(QPoint at, const QString& placeholder, Provider provider) {
    m_provider = std::move(provider);
    m_field->setPlaceholderText(placeholder);
    {
        const QSignalBlocker quiet(m_field);
        m_field->clear();
    }
    refill();
    QPoint corner = at - QPoint(metrics::kShadow + 36, metrics::kShadow + kField / 2);
    const QSize room = parentWidget()->size();
    const int edge = metrics::kShadow - metrics::kGrid; // the shadow may leave the canvas, the card may not
    corner.setX(std::clamp(corner.x(), -edge, std::max(-edge, room.width() - width() + edge)));
    corner.setY(std::clamp(corner.y(), -edge, std::max(-edge, room.height() - height() + edge)));
    move(corner);
    m_open = true;
    show();
    raise();
    m_field->setFocus();
}

void SearchMenu::close() {
    if (!m_open) return;
    m_open = false; // hiding takes the focus away, which asks to close again
    hide();
    Q_EMIT closed();
}

QString SearchMenu::highlighted() const {
    return m_current < static_cast<int>(m_entries.size()) && m_current >= 0
               ? m_entries[static_cast<std::size_t>(m_current)].id
               : QString();
}

void SearchMenu::refill() {
    m_entries = m_provider ? m_provider(m_field->text()) : std::vector<SearchEntry>();
    m_first = 0;
    highlight(0);
}

void SearchMenu::highlight(int index) {
    const int count = static_cast<int>(m_entries.size());
    m_current = count ? std::clamp(index, 0, count - 1) : 0;
    m_first = std::clamp(m_first, std::max(0, m_current - kRows + 1), m_current);
    update();
}

void SearchMenu::accept() {
    const QString id = highlighted();
    if (id.isEmpty()) return;
    m_open = false;
    hide();
    Q_EMIT chosen(id);
    Q_EMIT closed();
}

bool SearchMenu::handleKey(int key) {
    switch (key) {
    case Qt::Key_Down:
        highlight(m_current + 1);
        return true;
    case Qt::Key_Up:
        highlight(m_current - 1);
        return true;
    case Qt::Key_PageDown:
        highlight(m_current + kRows);
        return true;
    case Qt::Key_PageUp:
        highlight(m_current - kRows);
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        accept();
        return true;
    case Qt::Key_Escape:
        close();
        return true;
    case Qt::Key_Tab:
    case Qt::Key_Backtab:
        highlight(m_current + (key == Qt::Key_Tab ? 1 : -1));
        return true;
    default:
        return false;
    }
}

bool SearchMenu::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride) {
        event->accept(); // letters belong to the field, not to the canvas
        return true;
    }
    if (event->type() == QEvent::KeyPress && handleKey(static_cast<QKeyEvent*>(event)->key())) return true;
    if (event->type() == QEvent::FocusOut) close();
    return QWidget::eventFilter(watched, event);
}

int SearchMenu::rowAt(QPoint at) const {
    const int last = std::min(static_cast<int>(m_entries.size()), m_first + kRows);
    for (int i = m_first; i < last; ++i)
        if (rowRect(i).contains(at)) return i;
    return -1;
}

void SearchMenu::mouseMoveEvent(QMouseEvent* event) {
    if (const int row = rowAt(event->pos()); row >= 0) highlight(row);
}

void SearchMenu::mousePressEvent(QMouseEvent* event) {
    if (!card().contains(event->pos())) close();
    event->accept();
}

void SearchMenu::mouseReleaseEvent(QMouseEvent* event) {
    const int row = rowAt(event->pos());
    if (row < 0) return;
    highlight(row);
    accept();
}

void SearchMenu::wheelEvent(QWheelEvent* event) {
    const int rows = event->angleDelta().y() > 0 ? -3 : 3;
    const int count = static_cast<int>(m_entries.size());
    m_first = std::clamp(m_first + rows, 0, std::max(0, count - kRows));
    m_current = std::clamp(m_current, m_first, std::max(m_first, std::min(count, m_first + kRows) - 1));
    update();
    event->accept();
}

void SearchMenu::paintEvent(QPaintEvent*) {
    const Colors& c = colors();
    QPainter p(this);
    const QRect box = card();
    paintFloatingCard(p, box);
    paintIcon(p, "search", QRectF(box.left() + 12, box.top() + (kField - 16) / 2 + 2, 16, 16), c.textMid);
    p.fillRect(QRect(box.left() + 1, box.top() + kField, box.width() - 2, 1), c.hairline);
    p.setRenderHint(QPainter::Antialiasing);
    const int count = static_cast<int>(m_entries.size());
    const QFont body = ui::font(TextRole::Body), small = ui::font(TextRole::Secondary);
    const QFontMetrics bodyMetrics(body), smallMetrics(small);
    for (int i = m_first; i < std::min(count, m_first + kRows); ++i) {
        const SearchEntry& entry = m_entries[static_cast<std::size_t>(i)];
        const QRect row = rowRect(i);
        if (i == m_current) {
            p.setPen(Qt::NoPen);
            p.setBrush(c.surface3);
            p.drawRoundedRect(row, 4, 4);
        }
        p.fillRect(QRectF(row.left() + 8, row.top() + 8, 3, row.height() - 16), entry.color);
        const int categoryWidth =
            std::min(smallMetrics.horizontalAdvance(entry.category) + 2, row.width() / 2);
        p.setFont(small);
        p.setPen(c.textMid);
        p.drawText(row.adjusted(row.width() - categoryWidth - 8, 0, -8, 0), Qt::AlignVCenter | Qt::AlignRight,
                   smallMetrics.elidedText(entry.category, Qt::ElideRight, categoryWidth));
        p.setFont(body);
        p.setPen(c.textHigh);
        const QRect label = row.adjusted(20, 0, -categoryWidth - 20, 0);
        p.drawText(label, Qt::AlignVCenter | Qt::AlignLeft,
                   bodyMetrics.elidedText(entry.label, Qt::ElideRight, label.width()));
    }
    if (count > kRows) {
        const double share = static_cast<double>(kRows) / count;
        const double track = kRows * kRow;
        p.setPen(Qt::NoPen);
        p.setBrush(c.hairline);
        p.drawRoundedRect(QRectF(box.right() - 5, rowRect(m_first).top() + track * m_first / count, 3,
                                 std::max(16.0, track * share)),
                          1.5, 1.5);
    }
    const QRect help = helpRect();
    p.fillRect(QRect(help.left() + 1, help.top(), help.width() - 2, 1), c.hairline);
    p.setFont(small);
    p.setPen(c.textMid);
    const QString text = count
                             ? m_entries[static_cast<std::size_t>(m_current)].help
                             : QStringLiteral("Nothing is called that. Try another word, or fewer letters.");
    p.drawText(help.adjusted(12, 8, -12, -6), Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, text);
}

} // namespace ochre::ui
