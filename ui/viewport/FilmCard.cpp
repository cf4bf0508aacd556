// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/FilmCard.h"

#include <algorithm>

#include <QComboBox>
#include <QDir>
#include <QLabel>
#include <QPushButton>

#include "core/base/Error.h"
#include "ui/panels/Fields.h"
#include "ui/panels/NumberField.h"

namespace ochre::ui {
namespace {
constexpr int kWordsWidth = 260;
}

FilmCard::FilmCard(QWidget* parent) : Popover(parent) {
    setObjectName(QStringLiteral("film_card"));
    const auto number = [this](const char* id, const QString& label, NumberRange range, double value) {
        auto* field = addRow(label, new NumberField(std::move(range)));
        field->setObjectName(QLatin1String(id));
        field->setValue(value);
        connect(field, &NumberField::edited, this, &FilmCard::refresh);
        return field;
    };
    m_file = addRow(tr("File"), new PathField(PathField::Kind::Save, tr("Films (*.mp4 *.mov);;Pictures (*.png *.exr *.jpg *.webp *.tif)")));
    m_file->setObjectName(QStringLiteral("film_file"));
    m_file->setToolTip(tr("film.mp4 (H.264), film.mov (ProRes), or pictures: frames/%04d.png, or .exr with depth"));
    m_file->setPath(QDir::home().filePath(QStringLiteral("film.mp4")));
    connect(m_file, &PathField::edited, this, &FilmCard::refresh);
    m_width = number("film_width", tr("Width"), {1, 16384, 320, 3840, 2, true, tr("px")}, 1280);
    m_height = number("film_height", tr("Height"), {1, 16384, 240, 2160, 2, true, tr("px")}, 720);
    m_first = number("film_first", tr("First frame"), {1, 2e7, {}, {}, 1, true, {}}, 1);
    m_last = number("film_last", tr("Last frame"), {1, 2e7, {}, {}, 1, true, {}}, 1);
    m_transparent = addRow(tr("Transparent"), new CheckField);
    m_transparent->setObjectName(QStringLiteral("film_transparent"));
    m_projection = addRow(tr("Shows"), new QComboBox);
    m_projection->setObjectName(QStringLiteral("film_projection"));
    m_projection->addItems({tr("What the camera sees"), tr("Both eyes, side by side"), tr("All around, 360°")});
    connect(m_projection, &QComboBox::currentIndexChanged, this, &FilmCard::refresh);
    m_asView = addRow(tr("Background of the view"), new CheckField);
    m_asView->setObjectName(QStringLiteral("film_as_view"));
    connect(m_asView, &QAbstractButton::clicked, this, &FilmCard::refresh);
    m_background = addRow(tr("Background"), new ColorField);
    m_background->setColor(Qt::black);
    connect(m_transparent, &QAbstractButton::clicked, this, &FilmCard::refresh);
    m_words = new QLabel;
    m_words->setObjectName(QStringLiteral("film_words"));
    m_words->setProperty("role", "secondary");
    m_words->setTextFormat(Qt::PlainText);
    m_words->setWordWrap(true);
    m_words->setFixedWidth(kWordsWidth);
    m_words->setMinimumHeight(2 * m_words->fontMetrics().lineSpacing());
    addWide(m_words);
    m_render = new QPushButton(tr("Render film"));
    m_render->setObjectName(QStringLiteral("film_render"));
    connect(m_render, &QPushButton::clicked, this, [this] {
        close();
        Q_EMIT wanted();
    });
    addWide(m_render);
}

void FilmCard::setPath(const CameraPath& path) {
    const bool all = m_last->value() >= static_cast<double>(m_path.frames()) || m_path.keys.empty();
    m_path = path;
    const auto frames = static_cast<double>(path.frames());
    m_first->setValue(std::min(m_first->value(), frames));
    m_last->setValue(all ? frames : std::min(m_last->value(), frames));
    if (isVisible()) refresh();
}

bool FilmCard::asView() const {
    return m_asView->isChecked() && !m_transparent->isChecked();
}

void FilmCard::setFile(const QString& file) {
    m_file->setPath(file);
    refresh();
}

void FilmCard::showEvent(QShowEvent* event) {
    refresh();
    Popover::showEvent(event);
}

std::size_t FilmCard::last() const {
    return m_path.keys.empty() ? 0 : std::min(static_cast<std::size_t>(m_last->value()), m_path.frames());
}

Film FilmCard::film() const {
    Film film = settings();
    const auto first = static_cast<std::size_t>(film.first);
    film.cameras.clear();
    for (std::size_t i = first; i <= last(); ++i)
        film.cameras.push_back(
            m_path.at(m_path.timeOf(i - 1)).camera(static_cast<int>(m_width->value()), static_cast<int>(m_height->value())));
    return film;
}

Film FilmCard::settings() const {
    Film film{.output = m_file->path().toStdString(), .first = static_cast<int>(m_first->value()), .fps = m_path.fps};
    Camera camera;
    camera.width = static_cast<int>(m_width->value());
    camera.height = static_cast<int>(m_height->value());
    if (static_cast<std::size_t>(film.first) <= last()) film.cameras = {camera};
    film.projection = static_cast<Projection>(m_projection->currentIndex());
    if (!m_transparent->isChecked()) {
        const QColor c = m_background->color();
        film.backdrop = Backdrop{{c.redF(), c.greenF(), c.blueF()}, {c.redF(), c.greenF(), c.blueF()}};
    }
    return film;
}

void FilmCard::refresh() {
    m_asView->setEnabled(!m_transparent->isChecked());
    m_background->setEnabled(!m_transparent->isChecked() && !m_asView->isChecked());
    QString words;
    bool possible = true;
    try {
        const Film f = settings();
        checkFilm(f);
        words = tr("%1 frames at %2 a second. Frames that are there already are kept.").arg(last() + 1 - static_cast<std::size_t>(f.first)).arg(f.fps);
    } catch (const Error& e) {
        words = QString::fromStdString(e.hint().empty() ? e.message() : e.message() + ": " + e.hint());
        possible = false;
    }
    m_words->setText(words);
    m_render->setEnabled(possible);
}

} // namespace ochre::ui
