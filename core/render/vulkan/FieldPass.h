// SPDX-License-Identifier: GPL-3.0-or-later
// A hash field on the device and the pass that marches through it.
#pragma once

#include "core/render/FieldRenderer.h"
#include "core/render/vulkan/Commands.h"

namespace ochre::vk {

class FieldPass {
public:
    /// Uploads the field: four buffers, of which the table is the largest.
    FieldPass(Device& device, Commands& commands, const HashField& field);

    FieldFrame render(Commands& commands, const Camera& camera, const FieldOptions& options, const Cancel& cancel);

private:
    Device& m_device;
    HashField m_shape; ///< without its numbers
    Kernel m_kernel;
    Buffer m_table, m_layers, m_levels, m_cells, m_layer, m_frame, m_frameRead;
};

/// Both must outlive it. Throws Error for fields without an occupancy grid.
std::unique_ptr<FieldRenderer> makeFieldRenderer(Device& device, Commands& commands, const HashField& field);

} // namespace ochre::vk
