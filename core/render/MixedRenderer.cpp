// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/MixedRenderer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "core/base/Error.h"
#include "core/render/ItemView.h"
#include "core/render/Picture.h"
#include "core/scene/Directions.h"

namespace ochre {
namespace {

constexpr int kSlices = 4; // of a box along z, where splats are in it
constexpr double kForwardSteps = 0.5; // share of the steps through device coordinates: all of them gain 0.4 dB
constexpr double kFullSide = 400; // pixels of the smaller side of a picture whose rays take all steps

/// A part of the scene as a layer, with what its light ends at.
struct Part {
    FieldLayer layer;
    Image median, normals;
    std::vector<SplatId> ids;
};

/// A field in the scene.
struct Shown {
    std::shared_ptr<const HashField> field;
    FieldRenderer* renderer;
    std::array<double, 16> toWorld;
    double opacity;
    std::uint32_t item;
};

struct Reach {
    double near, far; ///< z in the camera
};

/// Between which z something in a box, whose corners go through `toCamera`, can be.
Reach reachOf(const Bounds& box, const std::array<double, 16>& toCamera) {
    Reach reach{INFINITY, -INFINITY};
    for (int corner = 0; corner < 8; ++corner) {
        Vec3 place;
        for (std::size_t k = 0; k < 3; ++k) place[k] = corner >> k & 1 ? box.max[k] : box.min[k];
        const double z = transformed(toCamera, place)[2];
        reach = {std::min(reach.near, z), std::max(reach.far, z)};
    }
    return reach;
}

Reach reachOf(const Shown& shown, const Camera& camera) {
    const HashField& field = *shown.field;
    if (field.config.forwardFacing()) return {camera.near, INFINITY};
    Bounds box = field.occupied();
    for (std::size_t k = 0; k < 3; ++k)
        for (double* v : {&box.min[k], &box.max[k]}) *v = field.config.box.min[k] + *v * field.side();
    return reachOf(box, multiplied(camera.worldToCamera, shown.toWorld));
}

/// Small pictures, such as those of a camera that moves, need no steps that are much shorter than their pixels.
int stepsOf(const HashField& field, const Camera& camera) {
    const double side = std::min(camera.width, camera.height), share = field.config.forwardFacing() ? kForwardSteps : 1;
    return static_cast<int>(FieldOptions().steps * share * std::clamp(std::sqrt(side / kFullSide), 0.25, 1.0));
}

/// Turned to the camera, of the surface of the medians.
void addNormals(const Image& median, const Camera& camera, const std::vector<std::size_t>& pixels, Image& normals) {
    const auto to = normals.edit();
    const int width = camera.width, height = camera.height;
    const auto place = [&](int x, int y) {
        const CameraRay ray = camera.ray(x, y);
        const double z = double{*median.pixel(x, y)};
        return Vec3{ray.origin[0] + z * ray.direction[0], ray.origin[1] + z * ray.direction[1], ray.origin[2] + z * ray.direction[2]};
    };
    // Along an axis, to the neighbour whose depth is the nearer one.
    const auto along = [&](int x, int y, int dx, int dy) {
        const float here = *median.pixel(x, y);
        Vec3 best{};
        float least = INFINITY;
        for (const int sign : {1, -1}) {
            const int i = x + sign * dx, j = y + sign * dy;
            if (i < 0 || j < 0 || i >= width || j >= height) continue;
            const float there = *median.pixel(i, j);
            if (!(there > 0) || std::abs(there - here) >= least) continue;
            least = std::abs(there - here);
            const Vec3 a = place(x, y), b = place(i, j);
            for (std::size_t k = 0; k < 3; ++k) best[k] = sign * (b[k] - a[k]);
        }
        return best;
    };
    for (const std::size_t pixel : pixels) {
        const int x = static_cast<int>(pixel) % width, y = static_cast<int>(pixel) / width;
        Vec3 normal = cross(along(x, y, 0, 1), along(x, y, 1, 0)); // y is down: to the camera
        const double length = std::sqrt(dot(normal, normal));
        for (std::size_t k = 0; k < 3; ++k) to[3 * pixel + k] = length > 0 ? static_cast<float>(normal[k] / length) : 0;
    }
}

class MixedRenderer : public Renderer {
public:
    MixedRenderer(std::unique_ptr<Renderer> splats, FieldRendererMaker make) : m_splats(std::move(splats)), m_make(std::move(make)) {}

    std::string name() const override { return m_splats->name(); }
    std::string trouble() const override { return m_splats->trouble(); }
    void setScene(std::span<const SceneItem> items) override;
    std::size_t bytesUploaded() const override { return m_splats->bytesUploaded(); }
    Image renderSplats(const Camera& camera, const SplatOptions& options, const Cancel& cancel) override;
    void renderSplats8(const Camera& camera, const SplatOptions& options, std::span<std::uint8_t> pixels, const Cancel& cancel) override;
    Planes renderPlanes(const Camera& camera, const SplatOptions& options, std::span<const Plane> wanted, const Cancel& cancel) override;
    void setPicture(const Image& image) override { m_splats->setPicture(image); }
    void renderPicture8(const PictureView& view, int width, int height, std::span<std::uint8_t> pixels) override {
        m_mixed = false;
        m_splats->renderPicture8(view, width, height, pixels);
    }
    std::vector<StageTime> lastTimes() const override { return m_mixed ? m_times : m_splats->lastTimes(); }
    FrameCounts lastCounts() const override { return m_splats->lastCounts(); }
    std::size_t validationMessages() const override { return m_splats->validationMessages(); }

private:
    struct Kept {
        std::shared_ptr<const HashField> field;
        std::unique_ptr<FieldRenderer> renderer;
    };
    /// Splats of an item, and where they are.
    struct Cloud {
        SplatCloud splats;
        std::optional<Bounds> bounds; ///< where there are fields
        std::array<double, 16> toWorld;
        std::uint32_t item;
        bool visible;
    };
    bool mixes(const SplatOptions& options);
    SplatOptions optionsOfParts(const Camera& camera, SplatOptions options) const;
    void restoreItems(std::vector<SplatId>& ids) const;
    Part compose(const Camera& camera, const SplatOptions& options, bool surfaces, const Cancel& cancel);
    bool anySplats(const Camera& camera, const Reach& reach) const;
    void addSplats(std::vector<Part>& parts, Camera camera, const Reach& reach, const SplatOptions& options, bool surfaces, const Cancel& cancel);
    Part drawField(const Shown& shown, std::vector<Part> behind, const Camera& camera, const SplatOptions& options, bool surfaces,
                   const Cancel& cancel);
    void count(const char* stage, std::chrono::steady_clock::time_point since);

    std::unique_ptr<Renderer> m_splats; ///< goes last: the fields' may use what is its own
    FieldRendererMaker m_make;
    std::vector<Kept> m_kept;
    std::vector<Shown> m_fields;
    std::vector<Cloud> m_clouds;
    std::vector<SceneItem> m_items;
    std::vector<StageTime> m_times;
    bool m_mixed = false; ///< the last frame
};

void MixedRenderer::setScene(std::span<const SceneItem> items) {
    checkScene(items);
    std::vector<SceneItem> splats;
    std::vector<Cloud> clouds;
    std::vector<Kept> kept;
    m_fields.clear();
    for (std::uint32_t i = 0; i < items.size(); ++i) {
        const SceneItem& item = items[i];
        for (const PlacedField& placed : item.cloud.fields()) {
            if (!item.visible || item.opacity == 0) continue;
            auto known = std::ranges::find(kept, placed.field, &Kept::field);
            if (known == kept.end()) {
                const auto before = std::ranges::find(m_kept, placed.field, &Kept::field);
                if (before != m_kept.end()) kept.push_back(std::move(*before));
                else kept.push_back({placed.field, m_make(placed.field)});
                known = kept.end() - 1;
            }
            m_fields.push_back({placed.field, known->renderer.get(), multiplied(item.toWorld, placed.toWorld), item.opacity, i});
        }
        if (item.cloud.count() == 0) continue;
        splats.push_back(item);
        splats.back().cloud = item.cloud.withFieldsOf({});
        clouds.push_back({splats.back().cloud, {}, item.toWorld, i, item.visible});
    }
    for (Cloud& cloud : clouds) {
        const auto same = [&](const Cloud& other) { return &other.splats.data() == &cloud.splats.data(); };
        const auto before = std::ranges::find_if(m_clouds, same);
        if (before != m_clouds.end()) cloud.bounds = before->bounds;
        if (!m_fields.empty() && !cloud.bounds) cloud.bounds = cloud.splats.bounds();
    }
    m_kept = std::move(kept);
    m_clouds = std::move(clouds);
    m_items.assign(items.begin(), items.end());
    if (m_fields.empty()) m_splats->setScene(items);
    else if (!splats.empty()) m_splats->setScene(splats);
}

bool MixedRenderer::mixes(const SplatOptions& options) {
    m_mixed = !m_fields.empty() && (options.mode != SplatMode::Overdraw || m_clouds.empty());
    m_times.clear();
    return m_mixed;
}

void MixedRenderer::count(const char* stage, std::chrono::steady_clock::time_point since) {
    const double took = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - since).count();
    const auto known = std::ranges::find(m_times, stage, &StageTime::stage);
    if (known == m_times.end()) m_times.push_back({stage, took});
    else known->milliseconds += took;
}

bool MixedRenderer::anySplats(const Camera& camera, const Reach& reach) const {
    return std::ranges::any_of(m_clouds, [&](const Cloud& cloud) {
        const Reach own = reachOf(*cloud.bounds, multiplied(camera.worldToCamera, cloud.toWorld));
        return cloud.visible && own.near <= reach.far && own.far >= reach.near;
    });
}

/// Those from reach.near to reach.far, where there are any.
void MixedRenderer::addSplats(std::vector<Part>& parts, Camera camera, const Reach& reach, const SplatOptions& options, bool surfaces,
                              const Cancel& cancel) {
    camera.near = std::max(camera.near, reach.near);
    camera.far = std::min(camera.far, reach.far);
    if (!(camera.near < camera.far) || !anySplats(camera, {camera.near, camera.far})) return;
    const auto start = std::chrono::steady_clock::now();
    std::vector<Plane> wanted{Plane::Color, Plane::Depth};
    if (surfaces) wanted.insert(wanted.end(), {Plane::MedianDepth, Plane::Normals, Plane::Id});
    Planes planes = m_splats->renderPlanes(camera, options, wanted, cancel);
    restoreItems(planes.ids);
    parts.push_back({{std::move(planes.color), std::move(planes.depth)}, std::move(planes.medianDepth), std::move(planes.normals), std::move(planes.ids)});
    count("splats", start);
}

Part MixedRenderer::drawField(const Shown& shown, std::vector<Part> behind, const Camera& camera, const SplatOptions& options, bool surfaces,
                              const Cancel& cancel) {
    std::vector<FieldLayer> layers;
    for (Part& part : behind) layers.push_back(std::move(part.layer));
    const auto start = std::chrono::steady_clock::now();
    FieldFrame frame = shown.renderer->render(
        camera, {.steps = stepsOf(*shown.field, camera), .layers = layers, .toWorld = shown.toWorld, .opacity = shown.opacity,
                 .depthRange = options.mode == SplatMode::Depth ? options.depthRange : std::nullopt}, cancel);
    count("fields", start);
    Part part{{std::move(frame.color), std::move(frame.depth)}, std::move(frame.median), {}, {}};
    if (!surfaces) return part;
    const std::size_t pixels = part.median.pixelCount();
    part.normals = Image(camera.width, camera.height, 3, ColorSpace::Raw);
    part.ids.resize(pixels);
    std::vector<std::size_t> own;
    const auto median = part.median.edit(), normals = part.normals.edit();
    for (std::size_t i = 0; i < pixels; ++i) {
        const float stops = frame.stops.values()[i];
        if (stops == FieldFrame::kField) {
            own.push_back(i);
            part.ids[i] = {shown.item, SplatId::kField};
        } else if (stops >= 0) {
            const Part& from = behind[static_cast<std::size_t>(stops)];
            if (from.median.values()[i] > 0) median[i] = from.median.values()[i];
            for (std::size_t k = 0; k < 3; ++k) normals[3 * i + k] = from.normals.values()[3 * i + k];
            part.ids[i] = from.ids[i];
        }
    }
    addNormals(part.median, camera, own, part.normals);
    return part;
}

/// Fields from the furthest on; each with the splats from where it begins to where the one behind it does.
Part MixedRenderer::compose(const Camera& camera, const SplatOptions& options, bool surfaces, const Cancel& cancel) {
    std::vector<std::pair<Reach, const Shown*>> order;
    for (const Shown& shown : m_fields) order.emplace_back(reachOf(shown, camera), &shown);
    std::ranges::sort(order, [](const auto& a, const auto& b) { return a.first.near > b.first.near; });
    std::optional<Part> behind;
    double end = INFINITY;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const double begin = std::max(order[i].first.near, camera.near), leaves = std::clamp(order[i].first.far, begin, std::max(begin, end));
        std::vector<Part> parts;
        const auto add = [&](double from, double to) { addSplats(parts, camera, {from, to}, options, surfaces, cancel); };
        if (i + 1 == order.size()) add(-INFINITY, begin);
        for (int k = 0; k < kSlices; ++k) { // of what has no end, even in 1 / z
            const auto at = [&](int slice) {
                const double share = static_cast<double>(slice) / kSlices;
                return std::isinf(leaves) ? begin / (1 - share) : begin + share * (leaves - begin);
            };
            add(at(k), k + 1 < kSlices ? at(k + 1) : leaves);
        }
        add(leaves, end);
        if (behind) parts.push_back(std::move(*behind));
        behind = drawField(*order[i].second, std::move(parts), camera, options, surfaces, cancel);
        end = begin;
    }
    return std::move(*behind);
}

/// The items of splats as they were numbered in the whole scene.
void MixedRenderer::restoreItems(std::vector<SplatId>& ids) const {
    for (SplatId& id : ids)
        if (id.item != SplatId::kNone && !m_fields.empty()) id.item = m_clouds[id.item].item;
}

/// What all parts share.
SplatOptions MixedRenderer::optionsOfParts(const Camera& camera, SplatOptions options) const {
    options.background.reset();
    if (options.mode == SplatMode::Depth) options.depthRange = viewsOf(m_items, camera, options).front().depthRange;
    return options;
}

Planes MixedRenderer::renderPlanes(const Camera& camera, const SplatOptions& options, std::span<const Plane> wanted, const Cancel& cancel) {
    if (!mixes(options)) {
        Planes planes = m_splats->renderPlanes(camera, options, wanted, cancel);
        restoreItems(planes.ids);
        return planes;
    }
    const auto wants = [wanted](Plane plane) { return std::ranges::find(wanted, plane) != wanted.end(); };
    const bool surfaces = wants(Plane::MedianDepth) || wants(Plane::Normals) || wants(Plane::Id);
    Part all = compose(camera, optionsOfParts(camera, options), surfaces, cancel);
    Planes planes;
    if (wants(Plane::Alpha)) {
        planes.alpha = Image(camera.width, camera.height, 1, ColorSpace::Raw);
        const auto to = planes.alpha.edit();
        for (std::size_t i = 0; i < to.size(); ++i) to[i] = all.layer.color.values()[4 * i + 3];
    }
    if (options.background) layOver(*options.background, all.layer.color);
    if (wants(Plane::Color)) planes.color = std::move(all.layer.color);
    if (wants(Plane::Depth)) planes.depth = std::move(all.layer.depth);
    if (wants(Plane::MedianDepth)) planes.medianDepth = std::move(all.median);
    if (wants(Plane::Normals)) planes.normals = std::move(all.normals);
    if (wants(Plane::Id)) planes.ids = std::move(all.ids);
    return planes;
}

Image MixedRenderer::renderSplats(const Camera& camera, const SplatOptions& options, const Cancel& cancel) {
    if (!mixes(options)) return m_splats->renderSplats(camera, options, cancel);
    constexpr Plane kWanted[] = {Plane::Color};
    return renderPlanes(camera, options, kWanted, cancel).color;
}

void MixedRenderer::renderSplats8(const Camera& camera, const SplatOptions& options, std::span<std::uint8_t> pixels, const Cancel& cancel) {
    if (!mixes(options)) return m_splats->renderSplats8(camera, options, pixels, cancel);
    if (pixels.size() != std::size_t{4} * static_cast<std::size_t>(camera.width) * static_cast<std::size_t>(camera.height))
        throw Error("the frame's memory does not fit the camera's size");
    packRgba8(renderSplats(camera, options, cancel), pixels);
}

} // namespace

std::unique_ptr<Renderer> makeMixedRenderer(std::unique_ptr<Renderer> splats, FieldRendererMaker fields) {
    return std::make_unique<MixedRenderer>(std::move(splats), std::move(fields));
}

} // namespace ochre
