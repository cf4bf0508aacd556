// SPDX-License-Identifier: GPL-3.0-or-later
// The small languages of picture metadata: EXIF, IPTC-IIM and XMP, to and from plain text.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/image/Codec.h"

namespace ochre::codec {

/// "Exif:Make", "Exif:ExposureTime" = "1/200", … from a TIFF block (IFD0, Exif and GPS folders); several
/// values are joined by spaces. Whatever is damaged is left out. Maker notes and thumbnails are not kept.
void readExif(ByteView tiff, Metadata& metadata);
/// The TIFF block of the "Exif:…" entries; empty when there are none. Orientation is written as 1.
Bytes writeExif(const Metadata& metadata);
/// 1…8; 1 where the entry is missing or nonsense.
int orientationOf(const Metadata& metadata);

/// "IPTC:Caption", "IPTC:Keywords" (joined by "; "), … from IIM records.
void readIptc(ByteView records, Metadata& metadata);
Bytes writeIptc(const Metadata& metadata);

/// Keeps the packet under "XMP" and takes out the digital source type and the texts that Ochre wrote.
void readXmp(std::string_view packet, Metadata& metadata);
/// A packet made from `base` (may be empty), without what Ochre put there before, with the source type,
/// program and texts.
std::string writeXmp(std::string_view base, const std::string& sourceType, const Metadata& text);

/// The name and version that goes into files: "Ochre 0.1.0".
std::string programName();

std::string latin1ToUtf8(std::string_view text);
/// Bytes as UTF-8 text: taken as Latin-1 where they are not, without NULs at the end.
std::string cleanText(std::string_view text);

} // namespace ochre::codec
