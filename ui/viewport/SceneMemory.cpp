// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SceneMemory.h"

#include <cmath>

#include "ui/viewport/SceneView.h"

namespace ochre::ui {
namespace {

using Behind = SceneDisplay::Behind;
constexpr std::pair<const char*, SplatMode> kModes[] = {{"color", SplatMode::Color},     {"centres", SplatMode::Centres},
                                                        {"rings", SplatMode::Rings},     {"opacity", SplatMode::Opacity},
                                                        {"overdraw", SplatMode::Overdraw}, {"depth", SplatMode::Depth}};
constexpr std::pair<const char*, Behind> kBehind[] = {{"theme", Behind::Theme}, {"color", Behind::Color}, {"gradient", Behind::Gradient}, {"sky", Behind::Sky}};

template <typename T, std::size_t N>
std::string nameOf(const std::pair<const char*, T> (&names)[N], T value) {
    for (const auto& [name, one] : names)
        if (one == value) return name;
    return {};
}

/// Values by their keys, the one that is there already where the text has none that fits.
class Kept {
public:
    explicit Kept(const Json& json) : m_json(json) {}

    void take(const char* key, bool& to) const {
        if (const Json* v = find(key); v && v->is_boolean()) to = v->get<bool>();
    }
    void take(const char* key, double& to) const {
        if (const Json* v = find(key); v && usable(*v)) to = v->get<double>();
    }
    void take(const char* key, QString& to) const {
        if (const Json* v = find(key); v && v->is_string()) to = QString::fromStdString(v->get<std::string>());
    }
    void take(const char* key, QColor& to) const {
        QString name;
        take(key, name);
        if (const QColor color(name); color.isValid()) to = color;
    }
    template <typename T, std::size_t N>
    void take(const char* key, const std::pair<const char*, T> (&names)[N], T& to) const {
        const Json* v = find(key);
        for (const auto& [name, one] : names)
            if (v && *v == name) to = one;
    }
    template <std::size_t N>
    std::optional<std::array<double, N>> numbers(const char* key) const {
        const Json* v = find(key);
        if (!v || !v->is_array() || v->size() != N) return std::nullopt;
        std::array<double, N> all;
        for (std::size_t k = 0; k < N; ++k) {
            if (!usable((*v)[k])) return std::nullopt;
            all[k] = (*v)[k].get<double>();
        }
        return all;
    }
    const Json* find(const char* key) const {
        const auto found = m_json.is_object() ? m_json.find(key) : m_json.end();
        return found == m_json.end() ? nullptr : &*found;
    }

private:
    static bool usable(const Json& v) { return v.is_number() && std::abs(v.get<double>()) < 1e12; }
    const Json& m_json;
};

OrbitCamera::State cameraOf(const Json& json, OrbitCamera::State camera) {
    const Kept kept(json);
    if (const auto pivot = kept.numbers<3>("pivot")) camera.pivot = *pivot;
    kept.take("distance", camera.distance);
    kept.take("yaw", camera.yaw);
    kept.take("pitch", camera.pitch);
    kept.take("fov", camera.fov);
    kept.take("orthographic", camera.orthographic);
    if (const auto limits = kept.numbers<2>("limits"); limits && (*limits)[0] > 0 && (*limits)[0] < (*limits)[1]) camera.limits = *limits;
    return camera;
}

} // namespace

Json memoryOf(const SceneView& view, bool pose) {
    const SceneDisplay& d = view.display();
    Json json{{"mode", d.normals ? "normals" : nameOf(kModes, d.mode)}, {"behind", nameOf(kBehind, d.behind)}, {"top", d.top.name().toStdString()},
              {"bottom", d.bottom.name().toStdString()}, {"sky", d.skyFile.toStdString()}, {"sky_turn", d.skyTurn}, {"grid", d.grid}, {"axes", d.axes},
              {"fly", view.navigation() == SceneView::Navigation::Fly}, {"speed", view.speed()}};
    const OrbitCamera::State c = view.camera().state();
    Json camera{{"fov", c.fov}, {"orthographic", c.orthographic}};
    if (pose) {
        camera.update(Json{{"pivot", c.pivot}, {"distance", c.distance}, {"yaw", c.yaw}, {"pitch", c.pitch}});
        if (c.limits) camera["limits"] = *c.limits;
        if (d.box)
            json["box"] = {d.box->min[0], d.box->min[1], d.box->min[2], d.box->max[0], d.box->max[1], d.box->max[2]};
    }
    json["camera"] = std::move(camera);
    return json;
}

void recall(const Json& memory, SceneView& view) {
    const Kept kept(memory);
    SceneDisplay d;
    kept.take("mode", kModes, d.mode);
    if (const Json* mode = kept.find("mode")) d.normals = *mode == "normals";
    kept.take("behind", kBehind, d.behind);
    kept.take("top", d.top);
    kept.take("bottom", d.bottom);
    kept.take("sky", d.skyFile);
    kept.take("sky_turn", d.skyTurn);
    kept.take("grid", d.grid);
    kept.take("axes", d.axes);
    if (const auto b = kept.numbers<6>("box"); b && (*b)[0] < (*b)[3] && (*b)[1] < (*b)[4] && (*b)[2] < (*b)[5])
        d.box = Bounds{{(*b)[0], (*b)[1], (*b)[2]}, {(*b)[3], (*b)[4], (*b)[5]}};
    view.setDisplay(d);
    bool flies = false;
    double speed = 1;
    kept.take("fly", flies);
    kept.take("speed", speed);
    view.setSpeed(speed);
    view.setNavigation(flies ? SceneView::Navigation::Fly : SceneView::Navigation::Orbit);
    if (const Json* camera = kept.find("camera"))
        view.remember([camera = *camera](OrbitCamera& c) {
            c.restore(cameraOf(camera, c.state()));
            if (!Kept(camera).find("pivot")) c.frame({c.pivot(), c.sceneRadius()});
        });
}

} // namespace ochre::ui
