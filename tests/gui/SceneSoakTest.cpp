// SPDX-License-Identifier: GPL-3.0-or-later
// Random editing with mouse and keys, for OCHRE_SOAK_SECONDS (10) from OCHRE_SOAK_SEED (1): nothing may fail, the numbers shown must be
// those of the steps done without a window, and undoing all must give back the scene that was there, and its picture.
#include <mutex>
#include <random>

#include "core/base/Log.h"
#include "tests/gui/SceneEditFixture.h"
#include "ui/viewport/ValueCard.h"

namespace ochre::ui::shell {
namespace {

constexpr std::size_t kMostSteps = 40;      // then all is undone
constexpr std::size_t kMostSplats = 20'000; // duplicates double
constexpr int kActionsAtOnce = 4;           // before the window is given time to follow

class SceneSoak : public SceneEdit {
protected:
    SceneSoak() : m_random(static_cast<unsigned>(setting("OCHRE_SOAK_SEED", 1))) {
        m_listener = log::addListener([this](const log::Line& line) {
            if (line.text.find("Vulkan validation") == std::string::npos) return;
            std::lock_guard lock(m_mutex);
            m_messages.push_back(line.text);
        });
    }
    ~SceneSoak() override {
        m_window.reset(); // its threads write to the log
        log::removeListener(m_listener);
    }

    static int setting(const char* name, int otherwise) {
        bool is = false;
        const int value = qEnvironmentVariableIntValue(name, &is);
        return is ? value : otherwise;
    }
    int upTo(int most) { return std::uniform_int_distribution<int>(0, most)(m_random); }
    bool oneIn(int n) { return upTo(n - 1) == 0; }
    QPoint anywhere() { return {1 + upTo(view().width() - 3), 1 + upTo(view().height() - 3)}; }
    Qt::KeyboardModifiers anyModifiers() {
        constexpr Qt::KeyboardModifiers kAll[] = {Qt::NoModifier, Qt::NoModifier, Qt::ShiftModifier, Qt::AltModifier,
                                                  Qt::ControlModifier};
        return kAll[upTo(4)];
    }
    void key(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) { QTest::keyClick(&view(), key, modifiers); }

    void anyDrag() {
        constexpr Qt::Key kTools[] = {Qt::Key_R, Qt::Key_L, Qt::Key_B, Qt::Key_U, Qt::Key_X, Qt::Key_C, Qt::Key_N};
        if (oneIn(2)) key(kTools[upTo(6)]);
        const QPoint from = anywhere();
        const QPoint to = oneIn(6) ? from : anywhere();
        if (oneIn(12)) { // left in the middle
            QTest::mousePress(&view(), Qt::LeftButton, anyModifiers(), from);
            QTest::mouseMove(&view(), to);
            key(Qt::Key_Escape);
            QTest::mouseRelease(&view(), Qt::LeftButton, {}, to);
        } else {
            drag(&view(), from, to, Qt::LeftButton, anyModifiers());
        }
    }
    void anyHandle() {
        key(Qt::Key_G);
        const Gizmo::Part part = static_cast<Gizmo::Part>(1 + upTo(2));
        const auto at = m_window->viewport().editBar().gizmo().place({part, static_cast<std::size_t>(upTo(2))});
        if (!at || !view().rect().contains(at->toPoint())) return;
        const QPoint by{upTo(120) - 60, upTo(120) - 60};
        drag(&view(), at->toPoint(), at->toPoint() + by, Qt::LeftButton, oneIn(3) ? Qt::ControlModifier : Qt::NoModifier);
    }
    void anyKey() {
        constexpr std::pair<Qt::Key, Qt::KeyboardModifiers> kKeys[] = {
            {Qt::Key_I, Qt::ControlModifier}, {Qt::Key_A, Qt::ControlModifier}, {Qt::Key_D, Qt::ControlModifier},
            {Qt::Key_H, {}},                  {Qt::Key_H, Qt::AltModifier},     {Qt::Key_K, {}},
            {Qt::Key_K, Qt::AltModifier},     {Qt::Key_Equal, {}},              {Qt::Key_Minus, {}},
            {Qt::Key_BracketLeft, {}},        {Qt::Key_BracketRight, {}},       {Qt::Key_G, Qt::ShiftModifier},
            {Qt::Key_Escape, {}}};
        const auto& [which, modifiers] = kKeys[upTo(std::size(kKeys) - 1)];
        key(which, modifiers);
        if (oneIn(6)) key(Qt::Key_Delete);
        if (oneIn(6) && state().left < kMostSplats) key(Qt::Key_D, Qt::ShiftModifier);
    }
    void anyCard() {
        const struct {
            const char *button, *card;
            std::vector<const char*> fields;
        } cards[] = {{"transform", "transform_card", {"move_x", "turn_y", "scale"}},
                     {"grade", "grade_card", {"brightness", "contrast", "saturation", "temperature", "opacity", "size"}},
                     {"select_grow", "grow_card", {"distance"}},
                     {"select_floaters", "floater_card", {"distance", "fewest"}},
                     {"select_value", "value_card", {"from", "to"}}};
        const auto& chosen = cards[upTo(std::size(cards) - 1)];
        if (!tool(chosen.button)->isEnabled()) return;
        click(tool(chosen.button));
        auto* card = find<QWidget>(QLatin1String(chosen.card));
        if (!wait([card] { return card->isVisible(); }, 1000)) return;
        for (int i = 0; i < 2; ++i) {
            const char* field = chosen.fields[static_cast<std::size_t>(upTo(static_cast<int>(chosen.fields.size()) - 1))];
            type(card, field, QByteArray::number(0.05 + 0.01 * upTo(150)).constData());
        }
        const QList<QPushButton*> buttons = card->findChildren<QPushButton*>();
        if (!buttons.isEmpty()) click(buttons[upTo(static_cast<int>(buttons.size()) - 1)]);
        if (auto* histogram = card->findChild<HistogramView*>())
            drag(histogram, {upTo(histogram->width() - 1), 30}, {upTo(histogram->width() - 1), 30}, Qt::LeftButton, anyModifiers());
        card->close();
        m_window->activateWindow(); // without a window manager nobody else does
        view().setFocus();
    }
    void anyLook() {
        if (oneIn(2)) return drag(&view(), anywhere(), anywhere(), Qt::RightButton);
        const QPointF at = view().rect().center();
        QWheelEvent wheel(at, view().mapToGlobal(at), {}, {0, oneIn(2) ? 120 : -120}, Qt::NoButton, anyModifiers(), Qt::NoScrollPhase, false);
        QApplication::sendEvent(&view(), &wheel);
    }
    void anyAction() {
        const int which = upTo(19);
        if (which < 7) anyDrag();
        else if (which < 11) anyKey();
        else if (which < 13) anyHandle();
        else if (which < 15) anyCard();
        else if (which < 16) click(tool("level"));
        else if (which < 17) anyLook();
        else if (which < 19) {
            if (!state().steps.empty()) key(Qt::Key_Z, Qt::ControlModifier);
        } else if (document().history().canRedo()) key(Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    }

    std::string whereAmI() {
        const auto name = [](const QWidget* w) { return w ? std::string(w->metaObject()->className()) + " " + w->objectName().toStdString() : "none"; };
        return "\npopup: " + name(QApplication::activePopupWidget()) + ", focus: " + name(QApplication::focusWidget()) +
               ", window: " + name(QApplication::activeWindow()) + ", grabber: " + name(QWidget::mouseGrabber());
    }
    /// What is shown is what the steps make of the scene without a window.
    void expectTrue() {
        ASSERT_TRUE(settled());
        const SplatCloud& source = m_session->result(m_cloud, "scene").as<SplatCloud>();
        SplatEditor editor(source);
        for (const std::string& step : state().steps)
            editor.apply(editFromJson(parseJson(step, "step"), editor.count(), "step"));
        ASSERT_EQ(state().selected, editor.selected().count());
        ASSERT_EQ(state().hidden, editor.hidden().count());
        ASSERT_EQ(state().locked, editor.locked().count());
        ASSERT_EQ(state().left, editor.count() - editor.deleted().count());
        while (editor.canUndo()) editor.undo();
        ASSERT_EQ(editor.result().hash(), source.hash());
        std::lock_guard lock(m_mutex);
        ASSERT_TRUE(m_messages.empty()) << m_messages.front();
    }
    void expectAllUndone() {
        m_window->activateWindow();
        view().setFocus();
        key(Qt::Key_N);
        for (int i = 0; i < 1000 && !state().steps.empty(); ++i) {
            key(Qt::Key_Z, Qt::ControlModifier);
            ASSERT_TRUE(settled());
        }
        ASSERT_TRUE(state().steps.empty()) << "undo has \"" << document().history().undoTitle() << "\" left, and these steps: " << written() << whereAmI();
        EXPECT_EQ(state().left, 1500u);
        EXPECT_EQ(state().selected + state().hidden + state().locked, 0u);
        ASSERT_EQ(state().items.size(), 1u);
        const SceneItem& item = state().items.front();
        EXPECT_EQ(&item.cloud.data(), &m_session->result(m_cloud, "scene").as<SplatCloud>().data()) << "the very same cloud";
        EXPECT_EQ(item.marks, nullptr);
        EXPECT_FALSE(item.look);
        EXPECT_EQ(item.toWorld, SceneItem().toWorld);
        view().changeCamera([this](OrbitCamera& camera) { camera = m_home; });
        if (find<QWidget>(QStringLiteral("timeline_strip"))->isVisible()) key(Qt::Key_T); // K opens it where nothing is selected
        QTest::qWait(20);
        const QImage seen = still();
        if (seen.size() == m_plain.size()) { // else the log has opened, with an error of a step that made no sense
            EXPECT_LT(difference(m_plain, seen), kSame);
        }
    }

    std::mt19937 m_random;
    std::mutex m_mutex;
    std::vector<std::string> m_messages;
    int m_listener = 0;
    OrbitCamera m_home;
};

TEST_F(SceneSoak, RandomEditsHoldAndAreUndone) {
    openEditing();
    m_home = view().camera();
    std::size_t actions = 0, rounds = 0;
    QElapsedTimer clock;
    clock.start();
    const qint64 milliseconds = 1000 * setting("OCHRE_SOAK_SECONDS", 10);
    while (clock.elapsed() < milliseconds && !HasFailure()) {
        for (int i = 0; i < kActionsAtOnce; ++i, ++actions) anyAction();
        expectTrue();
        if (state().steps.size() < kMostSteps) continue;
        expectAllUndone();
        ++rounds;
    }
    if (!HasFatalFailure()) expectAllUndone();
    std::printf("%zu actions, all undone %zu times, seed %d\n", actions, rounds + 1, setting("OCHRE_SOAK_SEED", 1));
}

} // namespace
} // namespace ochre::ui::shell
