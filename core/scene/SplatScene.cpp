// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/SplatScene.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/scene/SplatFilter.h"
#include "core/scene/field/PlacedField.h"

namespace ochre {
namespace {

constexpr double kMost = 1e9;
constexpr std::size_t kMostLayers = 10000;

/// Each splat's opacity times `factor`.
SplatCloud faded(const SplatCloud& cloud, double factor) {
    if (factor == 1) return cloud;
    SplatData data = cloud.data();
    for (float& logit : data.opacities) {
        const double opacity = factor / (1 + std::exp(-static_cast<double>(logit)));
        logit = static_cast<float>(std::log(opacity / (1 - opacity)));
    }
    return SplatCloud(std::move(data), cloud.name()).withFieldsOf(cloud);
}

class Entry {
public:
    Entry(const Json& json, std::string subject) : m_json(json), m_subject(std::move(subject)) {
        if (!json.is_object()) throw broken(m_subject + ": no object", R"(such as {"input": "scene_1", "move": [0, 0, 1]})");
        static const std::set<std::string> kKeys{"input", "name", "visible", "opacity", "move", "turn", "scale"};
        for (const auto& [key, value] : json.items())
            if (!kKeys.contains(key))
                throw broken(fmt::format("{}: {}: not a key that is known", m_subject, key), "input, name, visible, opacity, move, turn, scale");
    }

    LayerSettings read() const {
        LayerSettings s;
        s.input = text("input");
        if (s.input.empty()) throw broken(m_subject + ": input is missing", "\"scene_1\" is the first scene");
        s.name = text("name");
        if (const Json* value = find("visible")) {
            if (!value->is_boolean()) throw broken(fmt::format("{}: visible: {}: neither true nor false", m_subject, dumpJson(*value)));
            s.visible = value->get<bool>();
        }
        if (const Json* value = find("opacity")) s.opacity = number(*value, "opacity", 0, 1);
        s.move = numbers("move");
        s.turn = numbers("turn");
        if (const Json* value = find("scale")) s.scale = number(*value, "scale", 1 / kMost, kMost);
        return s;
    }

private:
    const Json* find(const char* key) const {
        const auto found = m_json.find(key);
        return found == m_json.end() ? nullptr : &*found;
    }
    std::string text(const char* key) const {
        const Json* value = find(key);
        if (!value) return {};
        if (!value->is_string()) throw broken(fmt::format("{}: {}: {} is no text", m_subject, key, dumpJson(*value)));
        return value->get<std::string>();
    }
    double number(const Json& value, const char* key, double min, double max) const {
        const double v = value.is_number() ? value.get<double>() : NAN;
        if (!(v >= min && v <= max))
            throw broken(fmt::format("{}: {}: {} is not a number from {:g} to {:g}", m_subject, key, dumpJson(value), min, max));
        return v;
    }
    std::array<double, 3> numbers(const char* key) const {
        std::array<double, 3> all{};
        const Json* value = find(key);
        if (!value) return all;
        if (!value->is_array() || value->size() != 3) throw broken(fmt::format("{}: {}: not three numbers", m_subject, key));
        for (std::size_t k = 0; k < 3; ++k) all[k] = number((*value)[k], key, -kMost, kMost);
        return all;
    }

    const Json& m_json;
    std::string m_subject;
};

} // namespace

SplatScene::SplatScene(SplatCloud cloud) {
    std::string name = cloud.name();
    layers.push_back({.name = std::move(name), .cloud = std::move(cloud)});
}

std::size_t SplatScene::count() const {
    std::size_t all = 0;
    for (const SplatLayer& layer : layers)
        if (layer.visible) all += layer.cloud.count();
    return all;
}

std::size_t SplatScene::bytes() const {
    std::size_t all = 0;
    for (const SplatLayer& layer : layers) all += layer.cloud.bytes();
    return all;
}

Focus SplatScene::focus() const {
    std::optional<Focus> all;
    for (const SplatLayer& layer : layers) {
        if (!layer.visible || layer.cloud.empty()) continue;
        const Focus one = placed(layer.cloud.focus(), similarityMatrix(layer.place));
        all = all ? enclosing(*all, one) : one;
    }
    return all.value_or(Focus{});
}

Hash128 SplatScene::hash() const {
    Hasher hasher;
    for (const SplatLayer& layer : layers) {
        if (!layer.visible) continue;
        hasher.add(layer.cloud.hash()).add(layer.opacity).add(layer.place.scale);
        for (const double v : layer.place.rotation) hasher.add(v);
        for (const double v : layer.place.translation) hasher.add(v);
    }
    return hasher.finish();
}

SplatCloud SplatScene::merged() const {
    std::vector<SplatCloud> clouds;
    for (const SplatLayer& layer : layers)
        if (layer.visible) clouds.push_back(faded(transform(layer.cloud, layer.place), layer.opacity));
    if (clouds.empty()) return SplatCloud();
    return clouds.size() == 1 ? clouds.front() : merge(clouds);
}

std::optional<std::pair<Camera, double>> ownView(const SplatScene& scene, int width, int height) {
    return scene.layers.size() == 1 ? ownView(scene.layers.front().cloud, width, height) : std::nullopt;
}

Focus enclosing(const Focus& a, const Focus& b) {
    std::array<double, 3> way;
    double square = 0;
    for (std::size_t k = 0; k < 3; ++k) {
        way[k] = b.center[k] - a.center[k];
        square += way[k] * way[k];
    }
    const double apart = std::sqrt(square);
    if (apart + b.radius <= a.radius) return a;
    if (apart + a.radius <= b.radius) return b;
    Focus both{.center = a.center, .radius = (apart + a.radius + b.radius) / 2};
    for (std::size_t k = 0; k < 3; ++k) both.center[k] += way[k] * (both.radius - a.radius) / apart;
    return both;
}

Focus placed(const Focus& focus, const std::array<double, 16>& toWorld) {
    const double scale = std::sqrt(toWorld[0] * toWorld[0] + toWorld[4] * toWorld[4] + toWorld[8] * toWorld[8]);
    return {.center = transformed(toWorld, focus.center), .radius = focus.radius * scale};
}

Similarity LayerSettings::place() const {
    return {.rotation = rotationOfDegrees(turn), .scale = scale, .translation = move};
}

void LayerSettings::setPlace(const Similarity& place) {
    move = place.translation;
    turn = degreesOf(place.rotation);
    scale = place.scale;
}

std::vector<LayerSettings> layersFromJson(const Json& json, std::string_view subject) {
    if (!json.is_array()) throw broken(fmt::format("{}: no list of layers", subject), R"(such as [{"input": "scene_1"}])");
    if (json.size() > kMostLayers) throw broken(fmt::format("{}: {} layers: {} are the most", subject, json.size(), kMostLayers));
    std::vector<LayerSettings> layers;
    std::set<std::string> seen;
    for (const Json& entry : json) {
        const std::string name = fmt::format("{}: layer {}", subject, layers.size() + 1);
        layers.push_back(Entry(entry, name).read());
        if (!seen.insert(layers.back().input).second)
            throw broken(fmt::format("{}: input {} stands twice", name, layers.back().input), "each scene is one layer");
    }
    return layers;
}

Json layersToJson(std::span<const LayerSettings> layers) {
    const LayerSettings usual;
    Json json = Json::array();
    for (const LayerSettings& layer : layers) {
        Json entry{{"input", layer.input}};
        if (!layer.name.empty()) entry["name"] = layer.name;
        if (!layer.visible) entry["visible"] = false;
        if (layer.opacity != usual.opacity) entry["opacity"] = layer.opacity;
        if (layer.move != usual.move) entry["move"] = layer.move;
        if (layer.turn != usual.turn) entry["turn"] = layer.turn;
        if (layer.scale != usual.scale) entry["scale"] = layer.scale;
        json.push_back(std::move(entry));
    }
    return json;
}

SplatScene combined(std::span<const std::pair<std::string, SplatScene>> scenes, std::span<const LayerSettings> settings) {
    SplatScene all;
    const auto add = [&](const SplatScene& scene, const LayerSettings& s) {
        const Similarity place = s.place();
        for (const SplatLayer& layer : scene.layers) {
            SplatLayer one = layer;
            if (!s.name.empty() && scene.layers.size() == 1) one.name = s.name;
            one.place = layer.place.then(place);
            one.visible = layer.visible && s.visible;
            one.opacity = layer.opacity * s.opacity;
            all.layers.push_back(std::move(one));
        }
    };
    for (const LayerSettings& s : settings)
        for (const auto& [input, scene] : scenes)
            if (input == s.input) add(scene, s);
    for (const auto& [input, scene] : scenes)
        if (std::ranges::find(settings, input, &LayerSettings::input) == settings.end()) add(scene, {});
    return all;
}

} // namespace ochre
