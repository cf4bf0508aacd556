// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/BatchRuns.h"

#include <QDesktopServices>
#include <QFileDialog>
#include <QUrl>

#include "core/video/VideoFrames.h"
#include "ui/BatchCard.h"
#include "ui/panels/MessageBar.h"

namespace ochre::ui {

BatchRuns::BatchRuns(session::Session& session, MessageBar& messages, QWidget* anchor, QWidget* window)
    : QObject(window), m_session(session), m_messages(messages), m_anchor(anchor), m_window(window) {}

bool BatchRuns::graphLoadsPictures() const {
    bool found = false;
    m_session.document().graph().forEach([&](const graph::Node& node) { found = found || node.type == "image.load"; });
    return found;
}

void BatchRuns::ask(const QString& source) {
    auto* card = new BatchCard(
        [this](const session::BatchOptions& options) { session::checkBatch(m_session.document().graph(), m_session.registry(), options); },
        m_window);
    card->setAttribute(Qt::WA_DeleteOnClose);
    card->setSource(source);
    connect(card, &BatchCard::wanted, this, &BatchRuns::start);
    card->openBelow(m_anchor);
}

void BatchRuns::askFolder(const QString& begin) {
    const QString folder = QFileDialog::getExistingDirectory(m_window, tr("Process a folder of pictures"), begin);
    if (!folder.isEmpty()) ask(folder);
}

void BatchRuns::askVideo(const QString& begin) {
    const QString file =
        QFileDialog::getOpenFileName(m_window, tr("Process a video"), begin, tr("Videos (%1)").arg(QLatin1String(videoPatterns())));
    if (!file.isEmpty()) ask(file);
}

void BatchRuns::start(const session::BatchOptions& options) {
    m_running[m_session.enqueueBatch(options)] = options;
    Q_EMIT started();
}

bool BatchRuns::tell(const session::Job& job) {
    using session::JobStatus;
    if (job.status != JobStatus::Done && job.status != JobStatus::Failed && job.status != JobStatus::Cancelled) return false;
    const auto found = m_running.find(job.id);
    if (found == m_running.end()) return false;
    const session::BatchOptions options = found->second;
    m_running.erase(found);
    const QString title = QString::fromStdString(job.title), note = QString::fromStdString(job.note);
    if (job.status == JobStatus::Done) {
        const std::filesystem::path folder = isVideo(options.target) ? options.target.parent_path() : options.target;
        m_messages.show(MessageCard::Kind::Info, title + QStringLiteral(": ") + note, {}, tr("Open the folder"),
                        [folder] { QDesktopServices::openUrl(QUrl::fromLocalFile(QString::fromStdString(folder.string()))); });
        return true;
    }
    const bool failed = job.status == JobStatus::Failed;
    const QString what = failed ? QString::fromStdString(job.error) : note.isEmpty() ? tr("stopped") : note;
    m_messages.show(failed ? MessageCard::Kind::Error : MessageCard::Kind::Info, title + QStringLiteral(": ") + what,
                    tr("What is done is kept."), tr("Go on"), [this, options] { start(options); });
    return true;
}

} // namespace ochre::ui
