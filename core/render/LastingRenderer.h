// SPDX-License-Identifier: GPL-3.0-or-later
// A renderer that outlives its device.
#pragma once

#include <functional>
#include <memory>

#include "core/render/Renderer.h"

namespace ochre {

using RendererMaker = std::function<std::unique_ptr<Renderer>()>;

/// Draws with `first`. Where its device is lost, `again` makes another one, which is given what was set before and draws the frame
/// anew; where three of them fail in one frame, one of `last` takes its place for good and trouble() tells.
std::unique_ptr<Renderer> makeLastingRenderer(std::unique_ptr<Renderer> first, RendererMaker again, RendererMaker last);

} // namespace ochre
