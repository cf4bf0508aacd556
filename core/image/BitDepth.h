// SPDX-License-Identifier: GPL-3.0-or-later
// How finely a picture was stored where it came from, for where it goes.
#pragma once

namespace ochre {

/// Metadata key of pictures that were read with more than 8 bits a channel: "16" or "32" (float). It travels with an Image, is
/// written to no file, and says what writeImage() writes where no depth is asked for.
inline constexpr const char* kBitDepthKey = "File:BitDepth";

} // namespace ochre
