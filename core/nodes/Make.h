// SPDX-License-Identifier: GPL-3.0-or-later
// Payloads wrapped as values of the socket types in Types.h, with the bytes that the cache counts.
#pragma once

#include "core/graph/Value.h"
#include "core/image/Detections.h"
#include "core/image/Image.h"
#include "core/image/Region.h"
#include "core/scene/Camera.h"
#include "core/scene/SplatScene.h"
#include "core/scene/cameras/CameraPath.h"

namespace ochre::nodes {

graph::Value makeImageValue(Image image);
/// `mask` has one channel. Throws Error otherwise.
graph::Value makeMaskValue(Image mask);

graph::Value makeSceneValue(SplatCloud cloud);
graph::Value makeLayersValue(SplatScene scene);
SplatScene sceneOf(const graph::Value& value); ///< of either kind
graph::Value makeCameraValue(const Camera& camera);
graph::Value makeCameraPathValue(CameraPath path);
graph::Value makeRegionValue(const WorkRegion& region);
graph::Value makeDetectionsValue(Detections detections);

/// One channel, raw: alpha where the picture has it, else the luminance of its numbers as they stand (Rec.709
/// weights).
Image maskFromImage(const Image& image);
/// Three equal channels, sRGB.
Image imageFromMask(const Image& mask);

} // namespace ochre::nodes
