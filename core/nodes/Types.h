// SPDX-License-Identifier: GPL-3.0-or-later
// The socket types of pictures and scenes: their names, payloads, conversions and how they go to disk.
#pragma once

#include "core/graph/NodeRegistry.h"
#include "core/graph/Types.h"

namespace ochre::nodes {

namespace types {
inline const graph::TypeName kImage = "image";   // payload ochre::Image
inline const graph::TypeName kMask = "mask";     // payload ochre::Image, one channel, raw
inline const graph::TypeName kScene = "scene";   // payload ochre::SplatCloud
inline const graph::TypeName kLayers = "scene_layers"; // payload ochre::SplatScene; or that of a scene, its child: see sceneOf
inline const graph::TypeName kCamera = "camera"; // payload ochre::Camera
inline const graph::TypeName kCameraPath = "camera_path"; // payload ochre::CameraPath
inline const graph::TypeName kRegion = "region"; // payload ochre::WorkRegion
inline const graph::TypeName kDetections = "detections"; // payload ochre::Detections; as text: their JSON
} // namespace types

/// Adds them to the TypeRegistry, once; later calls do nothing.
void registerTypes();

/// The nodes that need no LibTorch: pictures, scenes, flow.
void registerNodes(graph::NodeRegistry& registry);

/// Description of the model nodes for NodeRegistry::addCatalogue, made when the program was built.
Json modelNodeCatalogue();

/// A runtime loader for NodeRegistry: opens the library of the model nodes and binds them. Throws Error with
/// what the system's loader said when LibTorch is not there.
void bindModelNodes(graph::NodeRegistry& registry);

} // namespace ochre::nodes
