// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <chrono>
#include <functional>

#include "core/base/TaskPool.h"
#include "core/render/Bench.h"
#include "core/render/EditedScene.h"
#include "core/render/Selector.h"

namespace ochre {
namespace {

using namespace edits;

struct Case {
    const char* name;
    std::vector<SplatEdit> before; ///< not timed
    std::vector<SplatEdit> steps;
    bool held = false; ///< while a handle is dragged or a slider moved: the steps are only shown
};

/// On the sphere around the bulk of a cloud, and in the view that it is first shown in.
std::vector<Case> casesOf(const SplatCloud& cloud) {
    const Focus focus = cloud.focus();
    const double r = focus.radius;
    const auto screen = [camera = Camera::frame(focus, 1280, 720)](ScreenRegion::Shape shape, std::vector<Point2> points, double radius = 0) {
        return Select{ScreenRegion{camera, shape, std::move(points), radius}};
    };
    using Shape = ScreenRegion::Shape;
    const Select rectangle = screen(Shape::Rectangle, {{320, 180}, {960, 540}}), sphere{SphereRegion{focus.center, 0.5 * r}}, all{Everything{}};
    const Move shift{{.translation = {0.1 * r, 0, 0}}, focus.center};
    const Move turn{{.rotation = rotationOfDegrees({20, 30, 40}), .scale = 1.1, .translation = {0.1 * r, 0, 0}}, focus.center};
    const Grade grade{.contrast = 1.1, .temperature = 0.2, .saturation = 0.7};
    return {
        {"select all", {}, {all}},
        {"select by rectangle", {}, {rectangle}},
        {"select by lasso", {}, {screen(Shape::Lasso, {{300, 200}, {700, 100}, {1000, 400}, {600, 650}, {250, 500}})}},
        {"select by brush", {}, {screen(Shape::Brush, {{300, 360}, {500, 300}, {700, 380}, {900, 340}}, 40)}},
        {"select by sphere", {}, {sphere}},
        {"select by box", {}, {Select{BoxRegion{focus.center, {0.4 * r, 0.3 * r, 0.4 * r}, rotationOfDegrees({0, 30, 0})}}}},
        {"select by colour", {}, {Select{ColorRange{{0.6, 0.5, 0.4}, 0.25}}}},
        {"select by opacity", {}, {Select{OpacityRange{0, 0.1}}}},
        {"select by size", {}, {Select{SizeRange{0, 0.005 * r}}}},
        {"select by luminance", {}, {Select{LuminanceRange{0.4, 0.6}}}},
        {"select floaters", {}, {Select{Floaters{0.02 * r, 100}}}},
        {"invert", {rectangle}, {Invert{}}},
        {"grow", {sphere}, {Grow{0.02 * r}}},
        {"shrink", {sphere}, {Shrink{0.02 * r}}},
        {"hide", {all}, {Hide{}}},
        {"lock", {all}, {Lock{}}},
        {"delete", {all}, {Delete{}}},
        {"keep", {sphere}, {Keep{}}},
        {"duplicate", {all}, {Duplicate{}}},
        {"move", {all}, {shift}},
        {"turn and scale", {all}, {turn}},
        {"turn a part of what was turned", {all, turn, sphere}, {turn}},
        {"colours", {all}, {grade}},
        {"opacity", {all}, {Opacity{0.5}}},
        {"size", {all}, {Size{1.5}}},
        {"drag a handle", {all}, {turn}, true},
        {"slide colours", {all}, {grade, Opacity{0.7}}, true},
    };
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// An editor as the window has one.
class Edited {
public:
    explicit Edited(const SplatCloud& cloud) : m_editor(cloud) {}

    Json measure(const Case& what, int runs, const Cancel& cancel) {
        for (const SplatEdit& step : what.before) m_editor.apply(step);
        std::vector<double> done, undone, redone;
        std::size_t selected = 0, items = 0;
        for (int i = -1; i < runs; ++i) { // once to warm up
            cancel.check();
            const double doing = milliseconds([&] { items = what.held ? hold(what.steps) : apply(what.steps); });
            selected = m_editor.selected().count();
            const auto undo = [&] { for (std::size_t k = 0; k < what.steps.size(); ++k) m_editor.undo(); show(); };
            const auto redo = [&] { for (std::size_t k = 0; k < what.steps.size(); ++k) m_editor.redo(); show(); };
            const double undoing = what.held ? 0 : milliseconds(undo), redoing = what.held ? 0 : milliseconds(redo);
            if (!what.held) undo();
            if (i < 0) continue;
            done.push_back(doing);
            undone.push_back(undoing);
            redone.push_back(redoing);
        }
        while (m_editor.canUndo()) m_editor.undo();
        Json json{{"edit", what.name}, {"selected", selected}, {"items", items}, {"milliseconds", median(done)}};
        if (!what.held) json["undo"] = median(undone), json["redo"] = median(redone);
        return json;
    }

private:
    static double milliseconds(const std::function<void()>& work) {
        const auto start = std::chrono::steady_clock::now();
        work();
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    }
    std::size_t apply(const std::vector<SplatEdit>& steps) {
        for (const SplatEdit& step : steps) m_editor.apply(step);
        return show();
    }
    std::size_t hold(const std::vector<SplatEdit>& steps) {
        std::vector<SplatChange> held;
        for (const SplatEdit& step : steps) held.push_back(*changeOf(step));
        return show(held);
    }
    /// All that the window is told after a step; gives the number of items that are drawn.
    std::size_t show(std::span<const SplatChange> held = {}) {
        m_shown = m_scene.items(m_editor, held);
        m_bounds = m_editor.selectionBounds();
        for (const SplatMask* mask : {&m_editor.selected(), &m_editor.hidden(), &m_editor.locked(), &m_editor.deleted()}) m_counted += mask->count();
        return m_shown.items.size();
    }

    SplatEditor m_editor;
    EditedScene m_scene;
    EditedItems m_shown;
    std::optional<Bounds> m_bounds;
    std::size_t m_counted = 0;
};

} // namespace

Json benchEdits(const SplatCloud& cloud, int runs, const Cancel& cancel) {
    Json json{{"scene", cloud.name()}, {"splats", cloud.count()}, {"sh_degree", cloud.shDegree()}, {"threads", TaskPool::shared().threads()},
              {"edits", Json::array()}};
    Selector selector;
    selector.tryOut(cloud.data(), 1, cancel);
    json["selecting"] = {{"device", selector.device()}, {"queries", Json::array()}};
    for (const Selector::Trial& trial : selector.trials())
        json["selecting"]["queries"].push_back({{"query", trial.query}, {"cpu", trial.cpu}, {"device", trial.device}, {"same", trial.same}});
    Edited edited(cloud);
    for (const Case& what : casesOf(cloud)) json["edits"].push_back(edited.measure(what, std::max(1, runs), cancel));
    return json;
}

} // namespace ochre
