// SPDX-License-Identifier: GPL-3.0-or-later
// Folders of models that other programs have, added in the window.
#include <fstream>

#include "core/base/ModelRoots.h"
#include "tests/gui/ShellFixture.h"
#include "tests/support/Machine.h"
#include "tests/support/Support.h"
#include "ui/canvas/Canvas.h"
#include "ui/panels/MessageBar.h"

namespace ochre::ui::shell {
namespace {

namespace fs = std::filesystem;

class ModelFoldersTest : public ShellTest {
protected:
    void put(const std::string& name) {
        fs::create_directories((m_folder / name).parent_path());
        std::ofstream(m_folder / name) << "x";
    }

    /// A click on an entry of the menu; the file dialog that it opens is answered with `path`.
    void choose(const QString& entry, const fs::path& path) {
        auto* menu = find<QMenu>(QStringLiteral("foreign_models"));
        ASSERT_NE(menu, nullptr);
        QAction* action = nullptr;
        for (QAction* candidate : menu->actions())
            if (candidate->text() == entry) action = candidate;
        ASSERT_NE(action, nullptr) << entry.toStdString();
        bool answered = false;
        int tries = 0;
        QTimer timer; // until the dialog is there
        QObject::connect(&timer, &QTimer::timeout, [&] {
            auto* dialog = qobject_cast<QFileDialog*>(QApplication::activeModalWidget());
            auto* name = dialog ? dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit")) : nullptr;
            auto* buttons = dialog ? dialog->findChild<QDialogButtonBox*>() : nullptr;
            if (++tries > 200 && dialog) dialog->reject(); // rather than to hang
            if (!name || !buttons) return;
            timer.stop();
            name->setText(QString::fromStdString(path.string())); // typed, the completer has its say
            for (QAbstractButton* button : buttons->buttons())
                if (buttons->buttonRole(button) == QDialogButtonBox::AcceptRole) click(button);
            answered = true;
        });
        timer.start(20);
        menu->popup(m_window->mapToGlobal(QPoint(200, 100)));
        ASSERT_TRUE(wait([&] { return menu->isVisible(); }));
        QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(action).center());
        ASSERT_TRUE(wait([&] { return answered; }));
    }

    QStringList loraMenu() {
        QStringList names;
        for (const auto* menu : m_window->findChildren<QComboBox*>(QStringLiteral("control.lora")))
            for (int i = 0; i < menu->count(); ++i) names << menu->itemText(i);
        return names;
    }

    bool says(const char* part) {
        return wait([&] { return m_window->messages().message().contains(QLatin1String(part)); });
    }

    const test::TemporaryFolder m_ownFolder;
    const test::Setting m_own{"OCHRE_MODELS_DIR", m_ownFolder.path().string()}; // in place of the user's

    void openWithLoraNode() {
        open();
        m_session->registry().add(graph::NodeDeclaration("shell.lora", 1, "LoRA", "Test")
                                      .describe("Has a model to choose.")
                                      .output({.id = "out", .label = "Out", .type = "int"})
                                      .parameter({.id = "lora",
                                                  .label = "LoRA",
                                                  .help = "Which.",
                                                  .kind = graph::ParameterKind::Model,
                                                  .defaultValue = std::string(),
                                                  .filter = "loras"})
                                      .onRun([](graph::RunContext&) {}));
        m_window->canvas().select({add("shell.lora", 0, 0)});
        ASSERT_TRUE(wait([&] { return find<QWidget>(QStringLiteral("control.lora")) != nullptr; }));
        ASSERT_TRUE(loraMenu().isEmpty());
    }
};

TEST_F(ModelFoldersTest, AFolderIsAddedAndItsModelsAreInTheMenus) {
    for (const char* name : {"comfy/models/checkpoints/a.safetensors", "comfy/models/checkpoints/sub/b.ckpt",
                             "comfy/models/loras/styles/ink.safetensors"})
        put(name);
    openWithLoraNode();
    choose(QStringLiteral("Add their folder…"), m_folder / "comfy");
    EXPECT_TRUE(says("2 checkpoints, 1 LoRA")) << m_window->messages().message().toStdString();
    EXPECT_EQ(loraMenu(), QStringList{QStringLiteral("styles/ink")});
    EXPECT_EQ(paths::modelRoots(), std::vector{fs::canonical(m_folder / "comfy")});
}

TEST_F(ModelFoldersTest, AListOfFoldersIsAdded) {
    put("elsewhere/l/line.safetensors");
    std::ofstream(m_folder / "extra_model_paths.yaml")
        << "comfyui:\n  base_path: " << (m_folder / "elsewhere").string() << "\n  loras: l\n";
    openWithLoraNode();
    choose(QStringLiteral("Add an extra_model_paths.yaml…"), m_folder / "extra_model_paths.yaml");
    EXPECT_TRUE(says("1 LoRA")) << m_window->messages().message().toStdString();
    EXPECT_EQ(loraMenu(), QStringList{QStringLiteral("line")});
}

TEST_F(ModelFoldersTest, ADamagedListIsSaidAndNotKept) {
    std::ofstream(m_folder / "bad.yaml") << "comfyui:\n\tloras: [\n";
    openWithLoraNode();
    choose(QStringLiteral("Add an extra_model_paths.yaml…"), m_folder / "bad.yaml");
    EXPECT_TRUE(says("bad.yaml")) << m_window->messages().message().toStdString();
    EXPECT_TRUE(paths::modelRoots().empty());
}

} // namespace
} // namespace ochre::ui::shell
