// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/BatchCard.h"

#include <QComboBox>
#include <QFileInfo>
#include <QLabel>
#include <QPushButton>

#include "core/base/Error.h"
#include "core/video/VideoFrames.h"
#include "ui/panels/Fields.h"

namespace ochre::ui {
namespace {

constexpr int kPathWidth = 260, kWordsWidth = 340, kWordsLines = 3;

} // namespace

BatchCard::BatchCard(Check check, QWidget* parent) : Popover(parent), m_check(std::move(check)) {
    setObjectName(QStringLiteral("batch_card"));
    const auto path = [this](const char* id, const QString& label, const QString& tip) {
        auto* field = addRow(label, new PathField(PathField::Kind::Folder, {}));
        field->setObjectName(QLatin1String(id));
        field->setToolTip(tip);
        field->setMinimumWidth(kPathWidth);
        connect(field, &PathField::edited, this, &BatchCard::refresh);
        return field;
    };
    m_source = path("batch_source", tr("From"), tr("A folder of pictures, or a video: typed or dropped"));
    m_target = path("batch_target", tr("To"), tr("A folder, or a video that ends in .mp4 or .mov"));
    m_format = addRow(tr("Format"), new QComboBox);
    m_format->setObjectName(QStringLiteral("batch_format"));
    m_format->addItem(tr("As each picture has it"), QString());
    for (const char* ending : {"png", "jpg", "webp", "tif", "exr"}) m_format->addItem(QString::fromLatin1(ending).toUpper(), QLatin1String(ending));
    m_sound = addRow(tr("Sound"), new CheckField);
    m_sound->setObjectName(QStringLiteral("batch_sound"));
    m_sound->setChecked(true);
    m_sound->setToolTip(tr("The sound of the video comes along"));
    m_words = addWords(kWordsWidth, kWordsLines);
    m_words->setObjectName(QStringLiteral("batch_words"));
    m_words->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_start = new QPushButton(tr("Process all"));
    m_start->setObjectName(QStringLiteral("batch_start"));
    m_start->setProperty("primary", true);
    connect(m_start, &QPushButton::clicked, this, [this] {
        close();
        Q_EMIT wanted(options());
    });
    addWide(m_start);
}

bool BatchCard::ofVideo() const {
    return isVideo(m_source->path().toStdString()) && !QFileInfo(m_source->path()).isDir();
}

void BatchCard::setSource(const QString& path) {
    m_source->setPath(path);
    const QFileInfo info(path);
    const QString beside = info.absolutePath() + QLatin1Char('/');
    const QString stem = ofVideo() ? info.completeBaseName() : info.fileName();
    m_target->setPath(beside + stem + tr(" processed") + (ofVideo() ? QStringLiteral(".mp4") : QString()));
    refresh();
}

session::BatchOptions BatchCard::options() const {
    return {.source = m_source->path().toStdString(),
            .target = m_target->path().toStdString(),
            .format = m_format->isEnabled() ? m_format->currentData().toString().toStdString() : std::string(),
            .sound = m_sound->isChecked()};
}

void BatchCard::refresh() {
    const bool video = ofVideo(), toVideo = isVideo(m_target->path().toStdString());
    m_format->setEnabled(!toVideo);
    m_sound->setEnabled(video && toVideo);
    const session::BatchOptions wish = options();
    QString words = video ? tr("Every frame of the video goes through the graph.") : tr("Every picture of the folder goes through the graph.");
    bool possible = true;
    m_start->setText(tr("Process all"));
    try {
        m_check(wish);
        if (const auto remains = session::batchRemains(wish.source, wish.target)) {
            words += QLatin1Char(' ') + tr("%1 of %2 are done and kept, unless something has changed since.").arg(remains->done).arg(remains->total);
            if (remains->done < remains->total) m_start->setText(tr("Go on"));
        } else {
            words += QLatin1Char(' ') + tr("What is done is kept: stopped, it can go on later.");
        }
    } catch (const Error& e) {
        words = QString::fromStdString(e.hint().empty() ? e.message() : e.message() + ": " + e.hint());
        possible = false;
    }
    m_words->setText(words);
    m_start->setEnabled(possible);
}

} // namespace ochre::ui
