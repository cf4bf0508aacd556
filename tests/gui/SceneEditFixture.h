// SPDX-License-Identifier: GPL-3.0-or-later
// The window with a scene of 1500 splats that is edited, and what its tests do with mouse and keys.
#pragma once

#include "core/scene/edit/SplatEditor.h"
#include "tests/gui/ShellFixture.h"
#include "ui/viewport/EditBar.h"
#include "ui/viewport/SceneEdits.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {

/// Pictures that are the same: a device's first frames are blended in both of the ways that it has, which round differently.
constexpr double kSame = 0.002;

class SceneEdit : public ShellTest {
protected:
    void openEditing() {
        open({1600, 900}); // all tools have room
        makeSceneGraph();
        runAndWait();
        click(find<QWidget>(QStringLiteral("edit")));
        ASSERT_TRUE(edits().active());
        ASSERT_TRUE(wait([this] { return state().left == 1500; }));
        view().setFocus();
        m_plain = still();
    }
    SceneView& view() { return m_window->viewport().sceneView(); }
    SceneEdits& edits() { return m_window->viewport().sceneEdits(); }
    const EditState& state() { return edits().state(); }
    QToolButton* tool(const char* name) { return find<QToolButton>(QLatin1String(name)); }
    QPoint middle() { return view().rect().center(); }
    QImage still() {
        EXPECT_TRUE(wait([this] { return !edits().busy(); }));
        QTest::qWait(20);
        EXPECT_TRUE(wait([this] { return view().frameIsFull(); }));
        return view().frame().copy();
    }
    std::string written() {
        const auto& parameters = document().graph().at(m_window->viewport().viewed()).parameters;
        const auto found = parameters.find("steps");
        return found == parameters.end() ? "[]" : std::get<std::string>(found->second);
    }
    bool done(std::size_t steps) {
        return wait(
            [this, steps] { return state().steps.size() == steps && stepsOf(written()).size() == steps; });
    }
    /// Nothing is being done, and what was done is written.
    bool settled() {
        const auto quiet = [this] { return !edits().busy() && stepsOf(written()) == state().steps; };
        return wait([this] { return !edits().busy(); }) && (QTest::qWait(2 * Bridge::kFlushMilliseconds), wait(quiet));
    }
    /// Until so many steps are done and written; then the picture must be another one.
    void expectChange(std::size_t steps, const char* what) {
        ASSERT_TRUE(done(steps)) << what << ": " << state().steps.size();
        EXPECT_GT(difference(m_plain, still()), kSame) << what;
    }
    /// By the window's own key, back to the picture of the beginning.
    void undoAll(const char* what) {
        while (!state().steps.empty()) {
            const std::string before = written();
            QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
            ASSERT_TRUE(wait([&] { return written() != before && !edits().busy() && stepsOf(written()) == state().steps; })) << what;
        }
        EXPECT_LT(difference(m_plain, still()), kSame) << what;
    }
    void selectMiddle() {
        click(tool("select_rectangle"));
        drag(&view(), middle() - QPoint(60, 60), middle() + QPoint(60, 60));
        ASSERT_TRUE(done(1));
        ASSERT_GT(state().selected, 20u);
        click(tool("navigate"));
        view().setFocus();
    }
    /// A place of the view where a splat is seen.
    QPoint hit() {
        QPoint best;
        int most = 0;
        for (int y = 20; y + 20 < m_plain.height(); y += 2)
            for (int x = 20; x + 20 < m_plain.width(); x += 2) {
                const QColor c = m_plain.pixelColor(x, y);
                if (c.red() + c.green() + c.blue() > most)
                    most = c.red() + c.green() + c.blue(), best = QPoint(x, y);
            }
        return best;
    }
    void type(QWidget* card, const char* field, const char* number) {
        auto* control = card->findChild<QWidget*>(QLatin1String(field));
        ASSERT_NE(control, nullptr) << field;
        QTest::mouseDClick(control, Qt::LeftButton);
        QTest::keyClicks(QApplication::focusWidget(), QLatin1String(number));
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    }
    QWidget* openCard(const char* button, const char* name) {
        click(tool(button));
        auto* card = find<QWidget>(QLatin1String(name));
        EXPECT_TRUE(wait([card] { return card && card->isVisible(); })) << name;
        QTest::qWait(20);
        return card;
    }

    QImage m_plain;
};

} // namespace ochre::ui::shell
