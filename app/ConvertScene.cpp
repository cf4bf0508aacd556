// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ConvertScene.h"

#include <limits>

#include "core/base/File.h"
#include "core/scene/SceneIo.h"
#include "core/scene/SplatFilter.h"
#include "core/scene/SplatTransform.h"
#include "core/scene/edit/SplatEditor.h"

namespace ochre::app {
namespace {

constexpr std::size_t kMostEdits = std::size_t{64} << 20; // bytes

ValueRange rangeOf(const std::optional<double>& min, const std::optional<double>& max) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return {min.value_or(-kInfinity), max.value_or(kInfinity)};
}

SplatCloud readAll(const std::string& input, const SceneOptions& o) {
    const SplatReadOptions options{.spzFrame = o.spzFrame == "ply" ? SpzFrame::AsPly : SpzFrame::Standard};
    std::vector<SplatCloud> clouds{readSplats(input, options, interrupted())};
    for (const std::string& file : o.merge) clouds.push_back(readSplats(file, options, interrupted()));
    return merge(clouds);
}

SplatCloud filter(SplatCloud cloud, const SceneOptions& o) {
    if (!o.edits.empty()) cloud = edited(cloud, parseJson(readTextFile(o.edits, kMostEdits), o.edits), o.edits, interrupted());
    if (const auto& b = o.cropBox; !b.empty())
        cloud = cropBox(cloud, {{b[0], b[1], b[2]}, {b[3], b[4], b[5]}});
    if (const auto& s = o.cropSphere; !s.empty()) cloud = cropSphere(cloud, {s[0], s[1], s[2]}, s[3]);
    if (o.minOpacity || o.maxOpacity) cloud = keepOpacities(cloud, rangeOf(o.minOpacity, o.maxOpacity));
    if (o.minScale || o.maxScale) cloud = keepScales(cloud, rangeOf(o.minScale, o.maxScale));
    if (o.decimate) cloud = decimate(cloud, *o.decimate);
    if (o.shDegree) cloud = withShDegree(cloud, *o.shDegree);
    return cloud;
}

SplatCloud move(const SplatCloud& cloud, const SceneOptions& o) {
    Similarity similarity;
    if (o.scale) similarity.scale = *o.scale;
    if (const auto& r = o.rotate; !r.empty()) similarity.rotation = rotationOfDegrees({r[0], r[1], r[2]});
    if (const auto& t = o.translate; !t.empty()) similarity.translation = {t[0], t[1], t[2]};
    return transform(cloud, similarity);
}

} // namespace

bool SceneOptions::any() const {
    return !merge.empty() || !edits.empty() || !cropBox.empty() || !cropSphere.empty() || minOpacity || maxOpacity ||
           minScale || maxScale || decimate || shDegree || scale || !rotate.empty() || !translate.empty() ||
           spzFrame != "standard" || spzVersion != 3;
}

void addSceneOptions(CLI::App& sub, SceneOptions& o) {
    const auto numbers = [&](const char* name, std::vector<double>& target, int count, const char* help) {
        sub.add_option(name, target, help)->delimiter(',')->expected(count)->group("Scenes");
    };
    const auto add = [&](const char* name, auto& target, const char* help) {
        return sub.add_option(name, target, help)->group("Scenes");
    };
    add("--merge", o.merge, "More scenes to put into the same file")->check(CLI::ExistingPath);
    add("--edits", o.edits, "Edit the splats: a JSON list of steps, such as {\"step\": \"delete\"}; see core/scene/edit/README.md")
        ->check(CLI::ExistingFile);
    numbers("--crop-box", o.cropBox, 6, "Keep the splats in a box: x0,y0,z0,x1,y1,z1");
    numbers("--crop-sphere", o.cropSphere, 4, "Keep the splats in a sphere: x,y,z,radius");
    add("--min-opacity", o.minOpacity, "Keep the splats of at least this opacity, 0 to 1");
    add("--max-opacity", o.maxOpacity, "Keep the splats of at most this opacity, 0 to 1");
    add("--min-scale", o.minScale,
        "Keep the splats whose longest axis is at least so long, in the scene's units");
    add("--max-scale", o.maxScale,
        "Keep the splats whose longest axis is at most so long, in the scene's units");
    add("--decimate", o.decimate,
        "Keep this share of the splats, 0 to 1, the most important ones: opacity times area");
    add("--sh-degree", o.shDegree, "Degree of the harmonics, 0 to 3")->check(CLI::Range(0, 3));
    add("--scale", o.scale, "Make the scene so many times as large");
    numbers("--rotate", o.rotate, 3,
            "Turn the scene: degrees about x, then y, then z (x right, y down, z front)");
    numbers("--translate", o.translate, 3, "Move the scene after that: x,y,z");
    add("--spz-frame", o.spzFrame, "Axes of an .spz that is read: ply for files that were stored unflipped")
        ->check(CLI::IsMember({"standard", "ply"}));
    add("--spz-version", o.spzVersion, "Of an .spz that is written")->check(CLI::IsMember({3, 4}));
}

Json convertScene(const std::string& input, const std::string& output, const SceneOptions& o) {
    const SplatCloud read = readAll(input, o);
    const SplatCloud cloud = move(filter(read, o), o);
    writeSplats(cloud, output, {.spzVersion = o.spzVersion}, interrupted());
    return {{"splats_read", read.count()},
            {"dropped", read.data().dropped},
            {"splats", cloud.count()},
            {"sh_degree", cloud.shDegree()}};
}

} // namespace ochre::app
