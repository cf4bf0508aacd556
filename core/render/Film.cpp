// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Film.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/ImageIo.h"
#include "core/video/VideoWriter.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFrameKey = "ochre:frame"; ///< text of a frame's file: what it shows, as a hash

/// Where the number stands in a name, and with how many digits.
struct Pattern {
    std::size_t begin = 0, end = 0;
    int digits = 4;
};

std::optional<Pattern> patternOf(const std::string& name) {
    if (const std::size_t first = name.find('#'); first != std::string::npos) {
        const std::size_t end = std::min(name.find_first_not_of('#', first), name.size());
        return Pattern{first, end, static_cast<int>(end - first)};
    }
    const std::size_t first = name.find('%');
    if (first == std::string::npos) return std::nullopt;
    Pattern pattern{first, first + 1, 1};
    if (pattern.end + 1 < name.size() && name[pattern.end] == '0' && name[pattern.end + 1] >= '1' && name[pattern.end + 1] <= '9') {
        pattern.digits = name[pattern.end + 1] - '0';
        pattern.end += 2;
    }
    if (pattern.end >= name.size() || name[pattern.end] != 'd')
        throw Error(name + ": no place for a frame's number", "such as frames/%04d.png or frames/####.png");
    ++pattern.end;
    return pattern;
}

VideoOptions videoOptions(const Film& film) {
    const Camera& camera = film.cameras.front();
    VideoOptions options{.width = camera.width, .height = camera.height, .fps = film.fps, .alpha = !film.backdrop};
    if (film.projection == Projection::SideBySide) options.width *= 2, options.kind = VideoKind::SideBySide;
    if (film.projection == Projection::Panorama) options.height = camera.width / 2, options.kind = VideoKind::Panorama;
    return options;
}

/// Of the files that frames go to: those of a video's folder are read again, so that they hold as much as the video can.
int bitDepthOf(const Film& film, const fs::path& file) {
    if (isFilm(film.output)) return film.output.extension() == ".mp4" ? 8 : 16;
    if (film.bitDepth != 0) return film.bitDepth;
    return imageFormatFromPath(file) == ImageFormat::Exr ? 32 : 8;
}

/// Of all that frames show of it.
Hash128 hashOf(std::span<const SceneItem> scene) {
    Hasher hasher;
    for (const SceneItem& item : scene) {
        if (!item.visible) continue;
        hasher.add(item.cloud.hash()).add(item.opacity);
        for (const double v : item.toWorld) hasher.add(v);
        if (item.marks) hasher.bytes(std::as_bytes(std::span(*item.marks)));
        hasher.add(item.look.has_value());
        const ItemLook look = item.look.value_or(ItemLook{});
        for (const double v : look.color) hasher.add(v);
        hasher.add(look.opacity).add(look.mostOpacity).add(look.size);
    }
    return hasher.finish();
}

std::string frameText(const Hash128& scene, const Film& film, const Camera& camera, int bitDepth) {
    const SplatOptions& o = film.splats;
    Hasher hasher;
    hasher.add("film frame 2").add(film.projection).add(film.eyeDistance).add(scene).add(dumpJson(cameraToJson(camera))).add(bitDepth);
    hasher.add(o.shDegree).add(o.antialiased).add(o.mode).add(o.pointSize).add(film.backdrop.has_value());
    if (film.backdrop) hasher.add(film.backdrop->hash());
    for (const double v : o.depthRange.value_or(std::array<double, 2>{})) hasher.add(v);
    hasher.add(o.box.has_value());
    const Bounds box = o.box.value_or(Bounds{});
    for (std::size_t k = 0; k < 3; ++k) hasher.add(box.min[k]).add(box.max[k]);
    return hasher.finish().hex();
}

/// The frame of a file that is there, whole and of this text.
std::optional<Image> frameThere(const fs::path& file, const std::string& text, const Cancel& cancel) {
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) return std::nullopt;
    try {
        const auto metadata = probeImage(file).metadata;
        const auto found = metadata.find(kFrameKey);
        if (found == metadata.end() || found->second != text) return std::nullopt;
        return readImage(file, {}, cancel);
    } catch (const Error& e) {
        if (e.cancelled()) throw;
        return std::nullopt; // damaged: drawn again
    }
}

class Clock {
public:
    /// Seconds for what is left, from the frames that were drawn.
    double left(std::size_t drawn, std::size_t more) const {
        if (drawn == 0) return -1;
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - m_begin;
        return spent.count() / static_cast<double>(drawn) * static_cast<double>(more);
    }

private:
    std::chrono::steady_clock::time_point m_begin = std::chrono::steady_clock::now();
};

} // namespace

bool isFilm(const fs::path& output) {
    return output.extension() == ".mp4" || output.extension() == ".mov";
}

fs::path frameFile(const fs::path& output, int number) {
    const std::string name = output.filename().string();
    if (const auto pattern = patternOf(name))
        return output.parent_path() / (name.substr(0, pattern->begin) + fmt::format("{:0{}}", number, pattern->digits) + name.substr(pattern->end));
    return output.parent_path() / fmt::format("{}-{:04}{}", output.stem().string(), number, output.extension().string());
}

fs::path framesFolder(const fs::path& video) {
    return fs::path(video.string() + ".frames");
}

void checkFilm(const Film& film) {
    const std::string name = film.output.filename().string();
    if (film.cameras.empty()) throw Error(name + ": a film without frames", "choose frames that the path has");
    if (film.first < 0) throw Error(fmt::format("{}: frame {}: numbers begin at 0", name, film.first));
    if (film.projection == Projection::Panorama && film.cameras.front().width % 2 != 0)
        throw Error(fmt::format("{}: {} pixels wide: a picture of all directions is twice as wide as high", name, film.cameras.front().width), "choose an even width");
    if (film.still && (isFilm(film.output) || film.cameras.size() != 1)) throw Error(name + ": a still is one picture", "such as view.png");
    if (!isFilm(film.output)) {
        imageFormatFromPath(film.output);
        patternOf(name);
        return;
    }
    for (const Camera& camera : film.cameras)
        if (camera.width != film.cameras.front().width || camera.height != film.cameras.front().height)
            throw Error(fmt::format("{}: its frames have {}×{} and {}×{} pixels", name, film.cameras.front().width, film.cameras.front().height,
                                    camera.width, camera.height),
                        "give one size for all");
    checkVideo(film.output, videoOptions(film));
}

Image straightened(const Image& premultiplied) {
    Image image = premultiplied;
    image.setColorSpace(ColorSpace::Srgb);
    const auto v = image.edit();
    for (std::size_t i = 0; i + 3 < v.size(); i += 4)
        if (v[i + 3] > 0)
            for (std::size_t k = 0; k < 3; ++k) v[i + k] /= v[i + 3];
    return image;
}

void writeFrame(const Image& color, const Image* depth, const fs::path& file, bool opaque, int bitDepth,
                const std::map<std::string, std::string>& text) {
    WriteOptions options{.text = text, .bitDepth = bitDepth};
    if (imageFormatFromPath(file) != ImageFormat::Exr) {
        Image image = color;
        image.setColorSpace(ColorSpace::Srgb);
        return writeImage(opaque ? image : straightened(color), file, options);
    }
    options.colorSpace = ColorSpace::Raw;
    options.premultiplied = true;
    if (!depth) return writeImage(color, file, options);
    options.depth = true;
    Image both(color.width(), color.height(), 5, ColorSpace::Raw);
    const auto to = both.edit();
    for (std::size_t i = 0; i < color.pixelCount(); ++i) {
        std::copy_n(color.values().data() + 4 * i, 4, to.begin() + static_cast<std::ptrdiff_t>(5 * i));
        to[5 * i + 4] = depth->values()[i];
    }
    writeImage(both, file, options);
}

FilmResult renderFilm(Renderer& renderer, std::span<const SceneItem> scene, const Film& film, const FilmListener& listener, const Cancel& cancel) {
    checkFilm(film);
    const bool video = isFilm(film.output);
    const fs::path pattern = video ? framesFolder(film.output) / "%05d.png" : film.output;
    if (pattern.has_parent_path()) fs::create_directories(pattern.parent_path());
    std::optional<VideoWriter> writer;
    if (video) writer.emplace(film.output, videoOptions(film));
    renderer.setScene(scene);
    const Hash128 shown = hashOf(scene);
    const Focus focus = focusOf(scene);
    FilmResult result;
    FilmState state{.total = film.cameras.size()};
    const Clock clock;
    for (const Camera& camera : film.cameras) {
        cancel.check();
        const fs::path file = film.still ? film.output : frameFile(pattern, film.first + static_cast<int>(state.done));
        const bool exr = imageFormatFromPath(file) == ImageFormat::Exr;
        const int bits = bitDepthOf(film, file);
        const std::string text = frameText(shown, film, camera, bits);
        std::optional<Image> there = film.resume && !film.still ? frameThere(file, text, cancel) : std::nullopt;
        result.kept += there.has_value();
        if (!there) {
            const Planes planes = exr && film.projection == Projection::Camera
                                      ? renderWithDepth(film.backdrop, renderer, camera, film.splats, cancel)
                                      : Planes{.color = renderProjected(film.projection, film.backdrop, renderer, camera, film.splats, focus, film.eyeDistance, cancel)};
            writeFrame(planes.color, planes.depth.empty() ? nullptr : &planes.depth, file, film.backdrop.has_value(), bits, {{kFrameKey, text}});
            if (writer) there = readImage(file, {}, cancel); // as after a break
            ++result.drawn;
        }
        if (writer) writer->add(*there);
        result.files.push_back(file);
        state = {++state.done, state.total, result.kept, clock.left(result.drawn, state.total - state.done)};
        if (listener) listener(state);
    }
    if (!writer) return result;
    writer->finish();
    std::error_code ignored; // frames of other numbers, of a part that was drawn before, stay
    for (const fs::path& file : result.files) fs::remove(file, ignored);
    fs::remove(pattern.parent_path(), ignored);
    result.files = {film.output};
    return result;
}

} // namespace ochre
