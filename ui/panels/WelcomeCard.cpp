// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/WelcomeCard.h"

#include <algorithm>
#include <map>

#include <QAbstractButton>
#include <QApplication>
#include <QHBoxLayout>
#include <QImageReader>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPainterPath>
#include <QVBoxLayout>

#include "core/library/StarterProjects.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

constexpr int kTileWidth = 176, kPictureHeight = 112;
constexpr std::size_t kTiles = 6;

/// A starter project: its picture and, below, its name.
class Tile : public QAbstractButton {
public:
    explicit Tile(const Starter& starter) {
        setText(starter.title);
        setMinimumWidth(kTileWidth); // wider where the text above is: the edges meet
        setFixedHeight(kPictureHeight + 36);
        setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
        setCursor(Qt::PointingHandCursor);
        setFocusPolicy(Qt::TabFocus);
        setFont(ochre::ui::font(TextRole::Body));
        if (!starter.picture.empty()) {
            QImageReader reader(QString::fromStdString(starter.picture.string()));
            reader.setScaledSize(
                reader.size().scaled(QSize(kTileWidth, kPictureHeight) * 2, Qt::KeepAspectRatioByExpanding));
            m_picture = QPixmap::fromImage(reader.read());
        }
    }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter p(this);
        p.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
        const Colors& c = colors();
        const QRectF all(rect());
        QPainterPath shape;
        shape.addRoundedRect(all.adjusted(0.5, 0.5, -0.5, -0.5), metrics::kRadiusNode, metrics::kRadiusNode);
        p.fillPath(shape, underMouse() ? c.hairline : c.surface3);
        p.save();
        p.setClipPath(shape);
        const QRectF picture(0, 0, width(), kPictureHeight);
        p.fillRect(picture, c.canvas);
        if (m_picture.isNull()) {
            paintIcon(p, QStringLiteral("image"), QRectF(picture.center() - QPointF(12, 12), QSizeF(24, 24)),
                      c.textLow);
        } else {
            const QSizeF cover =
                QSizeF(m_picture.size()).scaled(picture.size(), Qt::KeepAspectRatioByExpanding);
            p.drawPixmap(QRectF(picture.center() - QPointF(cover.width() / 2, cover.height() / 2), cover),
                         m_picture, m_picture.rect());
        }
        p.restore();
        if (hasFocus()) {
            p.setPen(QPen(c.accent, metrics::kFocusRing));
            p.drawPath(shape);
        }
        p.setPen(c.textHigh);
        p.drawText(QRectF(12, kPictureHeight, width() - 24, 36), Qt::AlignLeft | Qt::AlignVCenter,
                   fontMetrics().elidedText(text(), Qt::ElideRight, width() - 24));
    }
    void enterEvent(QEnterEvent*) override { update(); }
    void leaveEvent(QEvent*) override { update(); }

private:
    QPixmap m_picture;
};

} // namespace

QString starterTitle(const std::filesystem::path& file) {
    static const std::map<std::string, const char*> kTitles = {
        {"starter", QT_TRANSLATE_NOOP("WelcomeCard", "Words to a picture")},
        {"text_to_image", QT_TRANSLATE_NOOP("WelcomeCard", "Words to a large picture")},
        {"image_to_image", QT_TRANSLATE_NOOP("WelcomeCard", "Change a picture")},
        {"inpaint", QT_TRANSLATE_NOOP("WelcomeCard", "Change a part")},
        {"outpaint", QT_TRANSLATE_NOOP("WelcomeCard", "Grow past the edges")},
        {"two_pass", QT_TRANSLATE_NOOP("WelcomeCard", "A larger picture in two passes")},
        {"upscale_tiled", QT_TRANSLATE_NOOP("WelcomeCard", "Enlarge with new detail")},
        {"compare_settings", QT_TRANSLATE_NOOP("WelcomeCard", "Compare settings")},
        {"prompt_walk", QT_TRANSLATE_NOOP("WelcomeCard", "Walk between two prompts")},
        {"variations", QT_TRANSLATE_NOOP("WelcomeCard", "Variations of a picture")},
        {"upscale", QT_TRANSLATE_NOOP("WelcomeCard", "Enlarge a picture")},
        {"grade", QT_TRANSLATE_NOOP("WelcomeCard", "Grade the colours")},
        {"repair_night", QT_TRANSLATE_NOOP("WelcomeCard", "Repair a dark picture")},
        {"scene", QT_TRANSLATE_NOOP("WelcomeCard", "Walk around a scene")},
        {"splats", QT_TRANSLATE_NOOP("WelcomeCard", "Walk around a scene")},
        {"scene_picture", QT_TRANSLATE_NOOP("WelcomeCard", "Take a picture of a scene")},
    };
    if (const auto known = kTitles.find(file.stem().string()); known != kTitles.end())
        return QCoreApplication::translate("WelcomeCard", known->second);
    QString title = QString::fromStdString(file.stem().string());
    title.replace(QLatin1Char('_'), QLatin1Char(' '));
    if (!title.isEmpty()) title[0] = title[0].toUpper();
    return title;
}

std::vector<Starter> starters() {
    std::vector<Starter> found;
    for (const auto& file : library::starterProjects())
        found.push_back({file, library::starterPicture(file), starterTitle(file)});
    // The card shows the first six; the Library has them all.
    static const std::vector<std::string> kFirst{"starter", "upscale",        "text_to_image",   "scene",
                                                 "inpaint", "image_to_image", "compare_settings"};
    const auto turn = [](const Starter& starter) {
        return std::find(kFirst.begin(), kFirst.end(), starter.file.stem().string()) - kFirst.begin();
    };
    std::stable_sort(found.begin(), found.end(), [&](const Starter& a, const Starter& b) { return turn(a) < turn(b); });
    if (found.size() > kTiles) found.resize(kTiles);
    return found;
}

WelcomeCard::WelcomeCard(QWidget* parent) : QWidget(parent), m_card(new QWidget(this)) {
    auto* layout = new QVBoxLayout(m_card);
    const int edge = 6 * metrics::kGrid;
    layout->setContentsMargins(edge, edge, edge, edge - metrics::kGrid);
    layout->setSpacing(2 * metrics::kGrid);
    auto* title = new QLabel(tr("Welcome to Ochre"));
    title->setProperty("role", "welcome");
    layout->addWidget(title);
    auto* text = new QLabel(tr("Begin with one of these, or with the graph behind this card."));
    layout->addWidget(text);
    layout->addSpacing(2 * metrics::kGrid);
    auto* grid = new QGridLayout;
    grid->setSpacing(3 * metrics::kGrid);
    int index = 0;
    const auto all = starters();
    const int columns = all.size() == 4 || all.size() == 2 ? 2 : 3;
    for (const Starter& starter : all) {
        auto* tile = new Tile(starter);
        tile->setObjectName(QStringLiteral("starter.") +
                            QString::fromStdString(starter.file.stem().string()));
        grid->addWidget(tile, index / columns, index % columns);
        connect(tile, &QAbstractButton::clicked, this,
                [this, path = QString::fromStdString(starter.file.string())] {
                    Q_EMIT projectChosen(path);
                    dismiss();
                });
        ++index;
    }
    layout->addLayout(grid);
    layout->addSpacing(metrics::kGrid);
    auto* hint = new QLabel(tr("Any key closes this. Tab on the canvas adds a node."));
    hint->setProperty("role", "hint");
    layout->addWidget(hint);
    qApp->installEventFilter(this);
    place();
}

void WelcomeCard::place() {
    setGeometry(parentWidget()->rect());
    m_card->adjustSize();
    m_card->move((width() - m_card->width()) / 2, (height() - m_card->height()) / 2);
}

void WelcomeCard::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    QColor veil = colors().canvas;
    veil.setAlphaF(0.55f);
    p.fillRect(rect(), veil);
    paintFloatingCard(p, m_card->geometry());
}

void WelcomeCard::mousePressEvent(QMouseEvent* event) {
    if (!m_card->geometry().contains(event->pos())) dismiss();
}

// The first key closes the card and still does what it does; Tab and Enter work the card when one of its
// tiles has focus.
bool WelcomeCard::eventFilter(QObject* watched, QEvent* event) {
    if (watched == parentWidget() && event->type() == QEvent::Resize) place();
    if (event->type() == QEvent::KeyPress && watched->isWidgetType()) {
        const QWidget* focus = QApplication::focusWidget();
        const int key = static_cast<QKeyEvent*>(event)->key();
        const bool modifier =
            key == Qt::Key_Shift || key == Qt::Key_Control || key == Qt::Key_Alt || key == Qt::Key_Meta;
        if (!modifier && static_cast<QWidget*>(watched)->window() == window() &&
            !(focus && m_card->isAncestorOf(focus)))
            dismiss();
    }
    return false;
}

void WelcomeCard::dismiss() {
    if (isHidden()) return;
    hide();
    qApp->removeEventFilter(this);
    Q_EMIT closed();
    deleteLater();
}

} // namespace ochre::ui
