// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/LogPanel.h"

#include <QClipboard>
#include <QComboBox>
#include <QDateTime>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QTextCharFormat>
#include <QTextCursor>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {
QString word(log::Level level) {
    switch (level) {
    case log::Level::Debug:
        return QStringLiteral("debug  ");
    case log::Level::Info:
        return QStringLiteral("info   ");
    case log::Level::Warning:
        return QStringLiteral("warning");
    case log::Level::Error:
        return QStringLiteral("error  ");
    }
    return {};
}
} // namespace

LogPanel::LogPanel(QWidget* parent)
    : QWidget(parent), m_level(new QComboBox), m_text(new QPlainTextEdit), m_timer(new QTimer(this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(metrics::kGrid);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(metrics::kPanelPadding, metrics::kGrid, metrics::kPanelPadding, 0);
    m_level->addItem(tr("Everything"), static_cast<int>(log::Level::Debug));
    m_level->addItem(tr("Info and above"), static_cast<int>(log::Level::Info));
    m_level->addItem(tr("Warnings and errors"), static_cast<int>(log::Level::Warning));
    m_level->addItem(tr("Errors"), static_cast<int>(log::Level::Error));
    m_level->setCurrentIndex(1);
    m_level->setAccessibleName(tr("Levels that are shown"));
    row->addWidget(m_level);
    row->addStretch(1);
    const auto button = [row](const QString& name, const QString& tip) {
        auto* b = new QToolButton;
        b->setIcon(icon(name));
        b->setToolTip(tip);
        b->setAccessibleName(tip);
        b->setFixedSize(metrics::kControl, metrics::kControl);
        row->addWidget(b);
        return b;
    };
    connect(button(QStringLiteral("copy"), tr("Copy the log")), &QToolButton::clicked, this,
            [this] { QGuiApplication::clipboard()->setText(text()); });
    connect(button(QStringLiteral("trash"), tr("Clear the log")), &QToolButton::clicked, this, [this] {
        m_lines.clear();
        m_text->clear();
    });
    layout->addLayout(row);
    m_text->setReadOnly(true);
    m_text->setFont(ochre::ui::font(TextRole::Mono));
    m_text->setMaximumBlockCount(static_cast<int>(kKept));
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setPlaceholderText(tr("What the program does is written here."));
    layout->addWidget(m_text, 1);
    connect(m_level, &QComboBox::currentIndexChanged, this, &LogPanel::rebuild);
    connect(&Theme::instance(), &Theme::changed, this, &LogPanel::rebuild);
    // Lines are taken in turns: a thousand a second cost no more than ten repaints.
    m_timer->setInterval(100);
    connect(m_timer, &QTimer::timeout, this, &LogPanel::take);
    m_timer->start();
    m_listener = log::addListener([inbox = m_inbox](const log::Line& line) {
        std::lock_guard lock(inbox->mutex);
        if (inbox->lines.size() < kKept) inbox->lines.push_back(line);
    });
}

LogPanel::~LogPanel() {
    log::removeListener(m_listener);
}

log::Level LogPanel::level() const {
    return static_cast<log::Level>(m_level->currentData().toInt());
}

QString LogPanel::text() const {
    return m_text->toPlainText();
}

void LogPanel::take() {
    std::vector<log::Line> lines;
    {
        std::lock_guard lock(m_inbox->mutex);
        if (m_inbox->lines.empty()) return;
        lines.swap(m_inbox->lines);
    }
    for (log::Line& line : lines) {
        if (line.level >= level()) show(line);
        m_lines.push_back(std::move(line));
    }
    while (m_lines.size() > kKept) m_lines.pop_front();
}

void LogPanel::show(const log::Line& line) {
    const Colors& c = colors();
    QTextCharFormat format;
    format.setForeground(line.level == log::Level::Error     ? c.bad
                         : line.level == log::Level::Warning ? c.warn
                         : line.level == log::Level::Debug   ? c.textLow
                                                             : c.textMid);
    const QString time =
        QDateTime::fromMSecsSinceEpoch(line.milliseconds).toString(QStringLiteral("HH:mm:ss.zzz"));
    QTextCursor cursor(m_text->document());
    cursor.movePosition(QTextCursor::End);
    if (!m_text->document()->isEmpty()) cursor.insertBlock();
    cursor.insertText(
        QStringLiteral("%1  %2  %3").arg(time, word(line.level), QString::fromStdString(line.text)), format);
}

void LogPanel::rebuild() {
    m_text->clear();
    for (const log::Line& line : m_lines)
        if (line.level >= level()) show(line);
}

} // namespace ochre::ui
