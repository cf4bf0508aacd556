// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/FilmCard.h"

#include <algorithm>

#include <QComboBox>
#include <QDir>
#include <QFileInfo>
#include <QLabel>
#include <QPushButton>

#include "core/base/Error.h"
#include "ui/panels/Fields.h"
#include "ui/panels/NumberField.h"

namespace ochre::ui {
namespace {

constexpr int kWordsWidth = 260;

struct Format {
    const char *name, *extension;
};
constexpr Format kFormats[] = {{"Video, H.264 (.mp4)", "mp4"}, {"Video, ProRes (.mov)", "mov"}, {"Pictures, PNG", "png"}, {"Pictures with depth, EXR", "exr"}};

struct Size {
    const char* name;
    int width, height;
};
constexpr Size kSizes[] = {{"1280 × 720", 1280, 720},       {"1920 × 1080 (Full HD)", 1920, 1080}, {"2560 × 1440", 2560, 1440},
                           {"3840 × 2160 (4K)", 3840, 2160}, {"1080 × 1920 (upright)", 1080, 1920}, {"1080 × 1080 (square)", 1080, 1080}};

} // namespace

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
    const auto choice = [this](const char* id, const QString& label) {
        auto* combo = addRow(label, new QComboBox);
        combo->setObjectName(QLatin1String(id));
        return combo;
    };
    m_format = choice("film_format", tr("Format"));
    for (const Format& format : kFormats) m_format->addItem(tr(format.name));
    connect(m_format, &QComboBox::activated, this, &FilmCard::chooseFormat);
    m_size = choice("film_size", tr("Size"));
    for (const Size& size : kSizes) m_size->addItem(QString::fromUtf8(size.name));
    m_size->addItem(tr("As below"));
    connect(m_size, &QComboBox::activated, this, &FilmCard::chooseSize);
    m_width = number("film_width", tr("Width"), {1, 16384, 320, 3840, 2, true, tr("px")}, 1280);
    m_height = number("film_height", tr("Height"), {1, 16384, 240, 2160, 2, true, tr("px")}, 720);
    m_fps = number("film_fps", tr("Frames a second"), {1, CameraPath::kMostFps, 12, 60, 1, false, tr("fps")}, 30);
    connect(m_fps, &NumberField::edited, this, &FilmCard::chooseRate);
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
    m_words = addWords(kWordsWidth);
    m_words->setObjectName(QStringLiteral("film_words"));
    m_render = new QPushButton(tr("Render film"));
    m_render->setObjectName(QStringLiteral("film_render"));
    connect(m_render, &QPushButton::clicked, this, [this] {
        close();
        Q_EMIT wanted();
    });
    addWide(m_render);
}

void FilmCard::setPath(const CameraPath& path) {
    const bool all = m_path.keys.empty() || m_last->value() >= static_cast<double>(filmed().frames());
    m_path = path;
    if (!m_ownRate) m_fps->setValue(path.fps);
    const auto frames = static_cast<double>(filmed().frames());
    m_first->setValue(std::min(m_first->value(), frames));
    m_last->setValue(all ? frames : std::min(m_last->value(), frames));
    if (isVisible()) refresh();
}

CameraPath FilmCard::filmed() const {
    CameraPath path = m_path;
    path.fps = m_fps->value();
    return path;
}

/// What was filmed of the path stays.
void FilmCard::chooseRate(double fps) {
    CameraPath before = m_path;
    before.fps = fps;
    m_ownRate = fps != m_path.fps;
    m_first->setValue(1);
    m_last->setValue(static_cast<double>(before.frames()));
    refresh();
}

void FilmCard::chooseFormat(int format) {
    const QFileInfo file(m_file->path());
    setFile(file.dir().filePath(file.completeBaseName() + QLatin1Char('.') + QLatin1String(kFormats[format].extension)));
}

void FilmCard::chooseSize(int size) {
    if (size < static_cast<int>(std::size(kSizes))) {
        m_width->setValue(kSizes[size].width);
        m_height->setValue(kSizes[size].height);
    }
    refresh();
}

void FilmCard::showChoices() {
    const QString extension = QFileInfo(m_file->path()).suffix().toLower();
    const auto format = std::ranges::find(kFormats, extension, [](const Format& f) { return QString::fromLatin1(f.extension); });
    m_format->setCurrentIndex(format == std::end(kFormats) ? -1 : static_cast<int>(format - std::begin(kFormats)));
    const auto size = std::ranges::find_if(kSizes, [this](const Size& s) { return s.width == m_width->value() && s.height == m_height->value(); });
    m_size->setCurrentIndex(static_cast<int>(size - std::begin(kSizes)));
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
    return m_path.keys.empty() ? 0 : std::min(static_cast<std::size_t>(m_last->value()), filmed().frames());
}

Film FilmCard::film() const {
    Film film = settings();
    const auto first = static_cast<std::size_t>(film.first);
    const CameraPath path = filmed();
    film.cameras.clear();
    for (std::size_t i = first; i <= last(); ++i)
        film.cameras.push_back(
            path.at(path.timeOf(i - 1)).camera(static_cast<int>(m_width->value()), static_cast<int>(m_height->value())));
    return film;
}

Film FilmCard::settings() const {
    Film film{.output = m_file->path().toStdString(), .first = static_cast<int>(m_first->value()), .fps = m_fps->value()};
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
    showChoices();
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
