// SPDX-License-Identifier: GPL-3.0-or-later
// The first byte chooses the reader: P a camera path, T transforms.json, B and C COLMAP's two files, binary and text (the second
// and third byte say where the first file ends). What is read survives a round trip; the rest gives an Error.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/base/Error.h"
#include "core/scene/cameras/ColmapCameras.h"

using namespace ochre;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

void checkPath(const CameraPath& path) {
    check(cameraPathFromJson(parseJson(dumpJson(cameraPathToJson(path)), "round trip"), "round trip").keys.size() == path.keys.size());
    if (path.keys.empty()) return;
    for (const double share : {0.0, 0.3, 0.7, 1.0}) {
        const CameraKey key = path.at(share * path.duration);
        for (const double v : key.position) check(std::isfinite(v));
        for (const double v : key.rotation) check(std::isfinite(v));
        check(key.fov >= 1 && key.fov <= 170);
    }
}

void checkSet(const CameraSet& set) {
    const ColmapFiles text = colmapText(set), bytes = colmapBin(set);
    const bool plain = std::ranges::all_of(set.cameras, [](const PhotoCamera& p) {
        return std::ranges::none_of(p.picture, [](unsigned char c) { return c < 32; }) && !p.picture.starts_with(' ');
    });
    const auto span = [](const std::string& s) { return std::as_bytes(std::span(s)); };
    if (plain) check(parseColmapText(text.cameras, text.images).cameras.size() == set.cameras.size());
    if (plain) check(parseColmapBin(span(bytes.cameras), span(bytes.images)).cameras.size() == set.cameras.size());
    check(transformsFromJson(parseJson(dumpJson(transformsToJson(set)), "round trip"), "round trip").cameras.size() == set.cameras.size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string_view both = text.substr(2);
    const std::size_t cut = std::min<std::size_t>(data[1] + 256u * data[2], both.size());
    const auto span = [](std::string_view s) { return std::as_bytes(std::span(s)); };
    try {
        if (data[0] == 'P') checkPath(cameraPathFromJson(parseJson(text, "input"), "input"));
        if (data[0] == 'T') checkSet(transformsFromJson(parseJson(text, "input"), "input"));
        if (data[0] == 'B') checkSet(parseColmapBin(span(both.substr(0, cut)), span(both.substr(cut))));
        if (data[0] == 'C') checkSet(parseColmapText(both.substr(0, cut), both.substr(cut)));
    } catch (const Error& e) {
        if (e.message().starts_with("round trip")) throw;
    }
    return 0;
}
