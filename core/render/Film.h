// SPDX-License-Identifier: GPL-3.0-or-later
// A scene seen by one camera after the other: a sequence of pictures, or a video.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/Hash.h"
#include "core/render/Projection.h"

namespace ochre {

struct Film {
    std::filesystem::path output; ///< a video (.mp4, .mov), or pictures: "frames/%04d.exr", "frames/####.png"; "a.png" becomes "a-0001.png"
    std::vector<Camera> cameras;  ///< a frame each; in a video all of one size
    int first = 1;                ///< number of the first frame
    double fps = 30;
    SplatOptions splats;                   ///< its background does not count
    std::optional<Backdrop> backdrop = {}; ///< none: transparent
    Projection projection = Projection::Camera;
    double eyeDistance = 0; ///< in the scene's units; 0: a thirtieth of the distance of the scene's middle
    bool still = false;     ///< one picture, under its own name, in every case drawn anew
    int bitDepth = 0;   ///< of pictures: 8, 16 or 32 where the format has it; 0: 8, of EXR 32
    bool resume = true; ///< keep frames that are there, whole and of the same scene, camera and settings
};

struct FilmState {
    std::size_t done = 0, total = 0;
    std::size_t kept = 0;    ///< of those done, which were there already
    double secondsLeft = -1; ///< below 0: not known yet
};
using FilmListener = std::function<void(const FilmState&)>;

struct FilmResult {
    std::vector<std::filesystem::path> files; ///< the video, or a picture a frame
    std::size_t drawn = 0, kept = 0;
};

bool isFilm(const std::filesystem::path& output);
/// The file of frame `number`.
std::filesystem::path frameFile(const std::filesystem::path& output, int number);
/// Where the frames of a video stand until it is finished, so that it can go on after a break.
std::filesystem::path framesFolder(const std::filesystem::path& video);

/// Throws Error on what renderFilm could not write, before anything is drawn.
void checkFilm(const Film& film);

/// Colours are those of Renderer::renderSplats. EXR holds them premultiplied without any display transform, with depth (Plane::Depth;
/// 0 where nothing is hit; of Projection::Camera alone) as 32-bit "Z" in the same file; other pictures have straight alpha. A file
/// appears when it is whole: a stop leaves finished pictures, of a video its folder of frames, from which a later call goes on and
/// which goes when the video is there. The renderer's scene is set here. Throws Error, Cancelled when stopped.
FilmResult renderFilm(Renderer& renderer, std::span<const SceneItem> scene, const Film& film, const FilmListener& listener = {},
                      const Cancel& cancel = {});

/// A frame as its file holds it, `text` beside it; a depth only goes into EXR.
void writeFrame(const Image& color, const Image* depth, const std::filesystem::path& file, bool opaque, int bitDepth,
                const std::map<std::string, std::string>& text = {});
/// The renderer's premultiplied numbers as a picture in display sRGB with straight alpha.
Image straightened(const Image& premultiplied);

} // namespace ochre
