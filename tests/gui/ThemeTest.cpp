// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest/QtTest>
#include <QtWidgets>
#include <gtest/gtest.h>

#include "tests/gui/CanvasFixture.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui::test {

TEST(Theme, EveryIconDrawsSomethingAndStaysOnItsCard) {
    const QStringList names = iconNames();
    EXPECT_GE(names.size(), 80);
    for (const QString& name : names) {
        for (const int size : {16, 20}) {
            const QImage image = iconPixmap(name, size, Qt::white, 2).toImage();
            int inked = 0, edge = 0;
            for (int y = 0; y < image.height(); ++y)
                for (int x = 0; x < image.width(); ++x) {
                    const int alpha = qAlpha(image.pixel(x, y));
                    inked += alpha > 40;
                    edge +=
                        alpha > 40 && (x == 0 || y == 0 || x == image.width() - 1 || y == image.height() - 1);
                }
            EXPECT_GT(inked, 10) << qPrintable(name);
            EXPECT_EQ(edge, 0) << qPrintable(name) << " is cut at " << size;
        }
    }
}

TEST(Theme, IconsFollowStateAndRatio) {
    const QIcon run = icon("run");
    const QPixmap normal = run.pixmap(QSize(16, 16), 2.0, QIcon::Normal, QIcon::Off);
    EXPECT_EQ(normal.size(), QSize(32, 32));
    const QImage off = run.pixmap(16, QIcon::Disabled).toImage(),
                 on = run.pixmap(16, QIcon::Normal, QIcon::On).toImage();
    EXPECT_NE(off, on);
    EXPECT_TRUE(icon("there-is-no-such-icon").isNull());
}

TEST(Theme, FiguresOfTabularNumbersHaveOneWidth) {
    const QFontMetricsF metrics(font(TextRole::Body));
    EXPECT_DOUBLE_EQ(tabularWidth(metrics, "1111.1"), tabularWidth(metrics, "8888.8"));
}

TEST(Theme, WidgetsOfBothModes) {
    for (const Mode mode : {Mode::Dark, Mode::Light}) {
        Theme::instance().setMode(mode);
        QWidget page;
        page.setObjectName("page");
        page.resize(720, 560);
        auto* grid = new QGridLayout(&page);
        auto* primary = new QPushButton("Run");
        primary->setProperty("primary", true);
        primary->setIcon(icon("run", colors().onAccent));
        auto* disabled = new QPushButton("Disabled");
        disabled->setEnabled(false);
        auto* combo = new QComboBox;
        combo->addItems({"Lanczos", "Area"});
        auto* check = new QCheckBox("Linear light");
        check->setChecked(true);
        auto* radio = new QRadioButton("One of these");
        radio->setChecked(true);
        auto* slider = new QSlider(Qt::Horizontal);
        slider->setValue(40);
        auto* progress = new QProgressBar;
        progress->setValue(42);
        auto* list = new QListWidget;
        list->addItems({"First", "Second", "Third"});
        list->setCurrentRow(1);
        auto* tabs = new QTabWidget;
        tabs->addTab(new QPlainTextEdit("Text that is long enough to be read."), "Gallery");
        tabs->addTab(new QLabel("Nothing here"), "Assets");
        int row = 0;
        const auto put = [&](QWidget* left, QWidget* right) {
            grid->addWidget(left, row, 0);
            grid->addWidget(right, row++, 1);
        };
        put(primary, new QPushButton("Cancel"));
        put(disabled, new QLineEdit("Value"));
        put(combo, new QSpinBox);
        put(check, radio);
        put(slider, progress);
        put(list, tabs);
        auto* icons = new QWidget;
        auto* flow = new QGridLayout(icons);
        flow->setSpacing(8);
        int i = 0;
        for (const QString& name : iconNames()) {
            auto* label = new QLabel;
            label->setPixmap(iconPixmap(name, 20, colors().textHigh, 1));
            flow->addWidget(label, i / 24, i % 24);
            ++i;
        }
        grid->addWidget(icons, row, 0, 1, 2);
        const QString name = mode == Mode::Dark ? "theme_dark" : "theme_light";
        page.setStyleSheet("#page { background: " + colors().surface1.name() + "; }");
        page.show();
        const QImage image = screenshot(page, name, 2);
        EXPECT_EQ(image.pixelColor(3, 3), colors().surface1);
        // No widget keeps the blue of the platform's selection.
        int blue = 0;
        for (int y = 0; y < image.height(); y += 2)
            for (int x = 0; x < image.width(); x += 2) {
                const QColor c = image.pixelColor(x, y);
                blue += c.blue() > c.red() + 60 && c.blue() > 140;
            }
        EXPECT_EQ(blue, 0);
    }
    Theme::instance().setMode(Mode::Dark);
}

} // namespace ochre::ui::test
