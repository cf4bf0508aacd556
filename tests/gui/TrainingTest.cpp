// SPDX-License-Identifier: GPL-3.0-or-later
// The training panel as an artist works it: choose, start, watch, stop, continue.
#include <filesystem>
#include <fstream>

#include "core/image/ImageIo.h"
#include "tests/gui/ShellFixture.h"
#include "ui/bridge/TrainingProcess.h"
#include "ui/panels/LossPlot.h"
#include "ui/panels/MessageBar.h"
#include "ui/panels/TrainingPanel.h"

namespace ochre::ui::shell {
namespace {
namespace fs = std::filesystem;

class TrainingTest : public ShellTest {
protected:
    fs::path makePictures() {
        const fs::path pictures = m_folder / "pictures";
        fs::create_directories(pictures);
        for (std::size_t n = 0; n < 64; ++n) {
            Image image(32, 32, 3);
            const auto values = image.edit();
            for (std::size_t i = 0; i < values.size(); ++i)
                values[i] = static_cast<float>((i / 96 * (n + 1) * 5 + i % 3 * 60) % 256) / 255.0f;
            writeImage(image, pictures / (std::to_string(n) + ".png"));
        }
        return pictures;
    }
    /// Opens the panel and waits for the recipes.
    TrainingPanel& openPanel() {
        open({1600, 1000});
        click(find<QWidget>(QStringLiteral("bottom.training")));
        EXPECT_TRUE(wait([&] { return !training().recipes().empty(); }, 60000));
        return m_window->trainingPanel();
    }
    TrainingProcess& training() { return m_window->trainingPanel().training(); }
    QPushButton* start() { return find<QPushButton>(QStringLiteral("training.start")); }
    QPushButton* stop() { return find<QPushButton>(QStringLiteral("training.stop")); }
    void choose(TrainingPanel& panel, int steps) {
        panel.setRecipe("autoencoder");
        panel.setValue("dataset", makePictures().string());
        panel.setValue("side", std::int64_t{32});
        panel.setValue("steps", std::int64_t{steps});
        panel.setValue("batch", std::int64_t{2});
        panel.setValue("widths", std::string("32,32"));
        panel.setFolder(QString::fromStdString((m_folder / "training").string()));
    }
};

TEST_F(TrainingTest, StartsShowsLossAndSamplesStopsAndContinues) {
    TrainingPanel& panel = openPanel();
    shot(*m_window, QStringLiteral("training-empty"));
    EXPECT_FALSE(stop()->isEnabled());
    choose(panel, 120);
    EXPECT_EQ(start()->text(), QStringLiteral("Start"));
    click(start());
    ASSERT_TRUE(wait([&] { return training().points().size() >= 12; }, 120000));
    EXPECT_TRUE(stop()->isEnabled());
    EXPECT_FALSE(start()->isEnabled());
    ASSERT_TRUE(wait([&] { return !training().samples().isEmpty(); }, 60000));
    shot(*m_window, QStringLiteral("training-running"));
    click(stop());
    ASSERT_TRUE(wait([&] { return !training().running(); }, 60000));
    const std::size_t reached = training().points().size();
    ASSERT_LT(reached, 120u) << "it was done before it could be stopped";
    EXPECT_EQ(start()->text(), QStringLiteral("Continue"));
    const auto before = training().points();
    click(start());
    ASSERT_TRUE(wait([&] { return !training().running() && training().points().size() == 120; }, 240000));
    for (std::size_t i = 0; i < reached; ++i) EXPECT_EQ(training().points()[i].loss, before[i].loss) << i;
    EXPECT_TRUE(fs::exists(training().result().toStdString())) << training().result().toStdString();
    EXPECT_EQ(m_window->findChild<LossPlot*>()->pointCount(), 120u);
    EXPECT_TRUE(find<QLabel>(QStringLiteral("training.state"))->text().contains(QStringLiteral("finished")));
    shot(*m_window, QStringLiteral("training-finished"));
}

TEST_F(TrainingTest, WhatGoesWrongIsSaidInThePanel) {
    TrainingPanel& panel = openPanel();
    click(start());
    const auto message = [&] { return panel.findChild<MessageCard*>(); };
    ASSERT_TRUE(message()->isVisible());
    EXPECT_TRUE(message()->message().contains(QStringLiteral("No folder"))) << message()->message().toStdString();
    panel.setRecipe("autoencoder");
    panel.setValue("dataset", (m_folder / "nowhere").string());
    panel.setFolder(QString::fromStdString((m_folder / "training").string()));
    click(start());
    ASSERT_TRUE(wait([&] { return message()->message().contains(QStringLiteral("nowhere")); }, 60000))
        << message()->message().toStdString();
    EXPECT_TRUE(message()->isVisible());
    EXPECT_TRUE(start()->isEnabled());
    shot(*m_window, QStringLiteral("training-error"));
}

TEST_F(TrainingTest, AFolderBringsItsSettings) {
    const fs::path folder = m_folder / "old";
    fs::create_directories(folder / "samples");
    std::ofstream(folder / "settings.json") << R"({"recipe": "autoencoder", "settings": {"steps": 7, "widths": "64,96"}})";
    std::ofstream(folder / "log.jsonl") << R"({"step":0,"loss":1.5,"norm":1,"rate":0.1,"seconds":0.5})" << "\n"
                                        << R"({"step":1,"loss":1.25,"norm":1,"rate":0.2,"seconds":0.5})" << "\n{\"step\":2,";
    TrainingPanel& panel = openPanel();
    panel.setFolder(QString::fromStdString(folder.string()));
    ASSERT_EQ(training().points().size(), 2u);
    EXPECT_EQ(training().points()[1].loss, 1.25);
    EXPECT_EQ(training().totalSteps(), 7);
    EXPECT_EQ(find<QComboBox>(QStringLiteral("training.recipe"))->currentData().toString(), QStringLiteral("autoencoder"));
    EXPECT_EQ(start()->text(), QStringLiteral("Start")) << "there is no state to go on from";
}

} // namespace
} // namespace ochre::ui::shell
