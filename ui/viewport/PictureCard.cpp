// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/PictureCard.h"

#include <algorithm>
#include <cmath>

#include <QComboBox>
#include <QDir>
#include <QLabel>
#include <QPushButton>

#include "core/base/Error.h"
#include "core/image/ImageIo.h"
#include "ui/panels/Fields.h"
#include "ui/panels/NumberField.h"
#include "ui/viewport/SceneView.h"

namespace ochre::ui {
namespace {
constexpr int kWordsWidth = 260;
constexpr int kUsualWidth = 1920, kUsualPanorama = 4096;
} // namespace

PictureCard::PictureCard(SceneView& view, QWidget* parent) : Popover(parent), m_view(view) {
    setObjectName(QStringLiteral("picture_card"));
    m_kind = addRow(tr("Shows"), new QComboBox);
    m_kind->setObjectName(QStringLiteral("picture_kind"));
    m_kind->addItems({tr("What is seen"), tr("Both eyes, side by side"), tr("All around, 360°")});
    m_width = addRow(tr("Width"), new NumberField({2, 16384, 640, 8192, 2, true, tr("px")}));
    m_width->setObjectName(QStringLiteral("picture_width"));
    m_width->setValue(kUsualWidth);
    m_file = addRow(tr("File"), new PathField(PathField::Kind::Save, tr("Pictures (%1)").arg(QLatin1String(imageFilePatterns()))));
    m_file->setObjectName(QStringLiteral("picture_file"));
    m_file->setToolTip(tr("Viewers know a 360° .jpg or .png for what it is; .exr holds the depth of what is seen"));
    m_file->setPath(QDir::home().filePath(QStringLiteral("view.png")));
    m_words = addWords(kWordsWidth);
    m_save = new QPushButton(tr("Save picture"));
    m_save->setObjectName(QStringLiteral("picture_save"));
    addWide(m_save);
    connect(m_kind, &QComboBox::currentIndexChanged, this, [this] {
        m_width->setValue(projection() == Projection::Panorama ? kUsualPanorama : kUsualWidth);
        refresh();
    });
    connect(m_width, &NumberField::edited, this, &PictureCard::refresh);
    connect(m_file, &PathField::edited, this, &PictureCard::refresh);
    connect(m_save, &QPushButton::clicked, this, [this] {
        if (m_job.running())
            m_job.cancel();
        else
            start();
    });
    connect(&m_job, &FilmJob::ended, this, [this](const QString& file, const QString& message, const QString& hint) {
        refresh();
        if (!message.isEmpty()) return Q_EMIT m_view.failed(message, hint);
        if (!file.isEmpty()) m_view.say(tr("Saved %1").arg(file));
    }, Qt::QueuedConnection);
}

void PictureCard::setFile(const QString& file) {
    m_file->setPath(file);
    refresh();
}

void PictureCard::showEvent(QShowEvent* event) {
    refresh();
    Popover::showEvent(event);
}

Projection PictureCard::projection() const {
    return static_cast<Projection>(m_kind->currentIndex());
}

Film PictureCard::film() const {
    const int width = static_cast<int>(m_width->value());
    const Projection kind = projection();
    const Camera seen = m_view.viewCamera();
    const int height = std::max(1, static_cast<int>(std::lround(static_cast<double>(width) * seen.height / std::max(1, seen.width))));
    Film film{.output = m_file->path().toStdString(), .cameras = {seen.resized(width, height)}, .backdrop = backdropOf(m_view.display())};
    film.splats.mode = m_view.display().mode;
    film.splats.box = m_view.display().box;
    film.projection = kind;
    film.still = true;
    return film;
}

void PictureCard::refresh() {
    QString words;
    bool possible = true;
    try {
        const Film f = film();
        checkFilm(f);
        const int width = f.cameras.front().width, height = f.cameras.front().height;
        words = m_job.running()                               ? tr("It is being drawn.")
                : f.projection == Projection::Panorama        ? tr("%1 × %2 pixels, equirectangular, from where you stand.").arg(width).arg(width / 2)
                : f.projection == Projection::SideBySide      ? tr("%1 × %2 pixels, the left eye's half left.").arg(2 * width).arg(height)
                                                              : tr("%1 × %2 pixels, with what is behind the scene, without lines over it.").arg(width).arg(height);
    } catch (const Error& e) {
        words = QString::fromStdString(e.hint().empty() ? e.message() : e.message() + ": " + e.hint());
        possible = false;
    }
    m_words->setText(words);
    m_save->setText(m_job.running() ? tr("Cancel") : tr("Save picture"));
    m_save->setEnabled(possible || m_job.running());
}

void PictureCard::start() {
    close();
    m_view.say(tr("Drawing the picture…"));
    m_job.start(film(), m_view.items());
}

} // namespace ochre::ui
