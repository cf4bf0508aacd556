// SPDX-License-Identifier: GPL-3.0-or-later
// What is read of TIFF and OpenEXR files before (and besides) OpenImageIO: sizes to check, and TIFF's XMP
// tag.
#pragma once

#include <filesystem>
#include <string>

#include "core/image/Codec.h"

namespace ochre::codec {

/// Throws what readImage promises for deep, oversized or cut-off headers, so that the library never sees
/// them.
void checkExrHeader(const Source& source);
/// The same for TIFF: the first folder and every strip or tile must lie in the file.
void checkTiffHeader(const Source& source);

/// The XMP packet of the first folder; empty where there is none or it does not lie in the file.
std::string tiffXmp(ByteView file);
/// Puts `packet` into the first folder of a well-formed TIFF, in place.
void setTiffXmp(const std::filesystem::path& path, const std::string& packet);

} // namespace ochre::codec
