// SPDX-License-Identifier: GPL-3.0-or-later
// A renderer of splats that also shows the fields of its scene, each hiding the other where it is nearer.
#pragma once

#include <functional>
#include <memory>

#include "core/render/FieldRenderer.h"
#include "core/render/Renderer.h"

namespace ochre {

using FieldRendererMaker = std::function<std::unique_ptr<FieldRenderer>(const std::shared_ptr<const HashField>& field)>;

/// Scenes without fields are drawn by `splats` alone. In others a field sees the splats as layers, one surface each in a pixel: those
/// before its box, those behind it, and those in it in slices along z, so that the order is right wherever splats are not in a slice
/// with the field's own surface. Of several fields the further ones are a layer of the nearer. Modes are those of
/// splats: fields keep their colours, but turn grey in SplatMode::Depth and are left out where Overdraw counts splats. What a field stops has the id of its item
/// and SplatId::kField, and normals of the surface of its depths. What `fields` makes must work while `splats` lives.
std::unique_ptr<Renderer> makeMixedRenderer(std::unique_ptr<Renderer> splats, FieldRendererMaker fields);

} // namespace ochre
