// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/Export.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/image/ImageIo.h"
#include "core/models/field/FieldFile.h"
#include "core/nodes/ClipFiles.h"
#include "core/scene/SceneIo.h"
#include "core/scene/SplatScene.h"
#include "core/scene/field/PlacedField.h"

namespace ochre::session {
namespace {

void exportScene(const SplatCloud& scene, const std::filesystem::path& path) {
    const auto& fields = scene.fields();
    const std::string name = path.filename().string();
    const bool asField = name.ends_with(".field.safetensors");
    if (asField && fields.size() != 1)
        throw Error(fmt::format("{}: the scene has {} fields, and such a file holds one", name, fields.size()), "choose a node that gives one field");
    if (!asField && scene.count() == 0 && !fields.empty())
        throw Error(name + ": the scene is a field and has no splats", "save it as .field.safetensors");
    if (asField ? scene.count() > 0 : !fields.empty()) log::warning("{}: {} of the scene are left out", name, asField ? "splats" : "fields");
    if (asField) models::writeField(*fields.front().field, path, scene.name());
    else writeSplats(scene, path);
}

} // namespace

bool canExport(const graph::Value& value) {
    return value.tryAs<Image>() || value.tryAs<SplatCloud>() || value.tryAs<SplatScene>() || value.tryAs<ClipPtr>();
}

void exportValue(const graph::Value& value, const std::filesystem::path& path, const std::string& graphText,
                 const std::map<std::string, std::string>& pictureTexts, int bitDepth) {
    if (const Image* image = value.tryAs<Image>()) {
        WriteOptions options;
        options.text = pictureTexts;
        options.bitDepth = bitDepth;
        if (!graphText.empty()) options.text["ochre:graph"] = graphText;
        writeImage(*image, path, options);
        return;
    }
    if (const SplatCloud* cloud = value.tryAs<SplatCloud>()) {
        exportScene(*cloud, path);
        return;
    }
    if (const SplatScene* scene = value.tryAs<SplatScene>()) {
        exportScene(scene->merged(), path);
        return;
    }
    if (const auto* clip = value.tryAs<ClipPtr>()) return nodes::writeClip(**clip, path);
    throw Error(path.filename().string() + ": a result of type \"" + value.type() + "\" cannot be written to a file",
                "choose a node that gives a picture, a scene or a video");
}

} // namespace ochre::session
