// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/PictureFolder.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/TaskPool.h"
#include "core/base/Text.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/image/ImageIo.h"
#include "core/training/data/Draw.h"

namespace ochre::training {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kCaptionLimit = 1 << 16;

/// Its lines joined by a blank.
std::string captionIn(const fs::path& path) {
    std::string text = readTextFile(path, kCaptionLimit);
    if (!isUtf8(text)) throw Error(path.string() + ": is not UTF-8 text", "save the caption as UTF-8");
    std::string caption;
    for (const char c : text) {
        const bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
        if (!blank)
            caption += c;
        else if (!caption.empty() && caption.back() != ' ')
            caption += ' ';
    }
    if (!caption.empty() && caption.back() == ' ') caption.pop_back();
    return caption;
}

Image shaped(const Image& image, int width, int height, const Cancel& cancel) {
    const double scale =
        std::min(static_cast<double>(image.width()) / width, static_cast<double>(image.height()) / height);
    const int w = std::clamp(static_cast<int>(std::lround(width * scale)), 1, image.width());
    const int h = std::clamp(static_cast<int>(std::lround(height * scale)), 1, image.height());
    return resize(crop(image, (image.width() - w) / 2, (image.height() - h) / 2, w, h), width, height,
                  ResizeFilter::Lanczos, cancel);
}

} // namespace

std::vector<fs::path> picturesBelow(const fs::path& folder, const Cancel& cancel) {
    std::error_code problem;
    fs::recursive_directory_iterator walk(folder, fs::directory_options::skip_permission_denied, problem);
    if (problem)
        throw Error(fmt::format("{}: cannot be listed: {}", folder.string(), problem.message()),
                    "choose a folder");
    std::vector<fs::path> found;
    for (const fs::directory_entry& entry : walk) {
        cancel.check();
        if (!entry.is_regular_file(problem)) continue;
        try {
            imageFormatFromPath(entry.path());
            found.push_back(entry.path());
        } catch (const Error&) {
            // Not the name of a picture: captions, notes, whatever lies there.
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

PictureFolder::PictureFolder(const fs::path& folder, const PictureFolderOptions& options,
                             const Cancel& cancel, const Progress& progress)
    : m_options(options) {
    if (options.width < 1 || options.height < 1 || options.width > 8192 || options.height > 8192)
        throw Error(
            fmt::format("{}: pictures cannot be made {}×{}", folder.string(), options.width, options.height),
            "sides go from 1 to 8192");
    const std::vector<fs::path> paths = picturesBelow(folder, cancel);
    if (paths.empty()) throw Error(fmt::format("{}: holds no picture", folder.string()), imageFilePatterns());
    const std::size_t bytes =
        3 * static_cast<std::size_t>(options.width) * static_cast<std::size_t>(options.height);
    const bool keep = paths.size() <= options.memory / bytes;
    std::vector<Entry> all(paths.size());
    std::atomic<std::size_t> done{0};
    TaskPool::shared().parallelFor(
        all.size(), 1,
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                all[i].path = paths[i];
                read(all[i], keep, cancel);
                progress.report(++done, all.size(), "reading pictures");
            }
        },
        cancel);
    for (Entry& entry : all) {
        if (!entry.problem.empty()) {
            m_skipped.push_back({entry.path, entry.problem});
            continue;
        }
        if (!entry.captioned) ++m_withoutCaption;
        m_entries.push_back(std::move(entry));
    }
    if (m_entries.empty())
        throw Error(fmt::format("{}: none of its {} pictures can be read; the first: {}", folder.string(),
                                paths.size(), m_skipped.front().reason));
}

void PictureFolder::read(Entry& entry, bool keep, const Cancel& cancel) const {
    try {
        fs::path text = entry.path;
        text.replace_extension(".txt");
        std::error_code ignored;
        entry.captioned = fs::exists(text, ignored);
        entry.caption = entry.captioned ? captionIn(text) : m_options.caption;
        const Image image =
            shaped(readImage(entry.path, {}, cancel), m_options.width, m_options.height, cancel);
        if (keep) entry.pixels = toRgb8(image, {1, 1, 1});
    } catch (const Error& error) {
        if (error.cancelled()) throw;
        entry.problem = error.full();
    }
}

std::vector<std::uint8_t> PictureFolder::picture(std::size_t index) const {
    const Entry& entry = m_entries[index];
    if (!entry.pixels.empty()) return entry.pixels;
    return toRgb8(shaped(readImage(entry.path), m_options.width, m_options.height, {}), {1, 1, 1});
}

Example PictureFolder::example(std::size_t index, std::uint64_t drawNumber) const {
    if (index >= size()) throw Error(fmt::format("pictures: there is no picture {} of {}", index, size()));
    Example example{m_options.width, m_options.height, 3, picture(index), caption(index)};
    Draw draw(0, index, drawNumber);
    if (!m_options.flip || !draw.chance(0.5)) return example;
    const auto row = static_cast<std::size_t>(m_options.width) * 3;
    for (std::size_t begin = 0; begin < example.pixels.size(); begin += row)
        for (std::size_t left = 0, right = row - 3; left < right; left += 3, right -= 3)
            std::swap_ranges(&example.pixels[begin + left], &example.pixels[begin + left] + 3,
                             &example.pixels[begin + right]);
    return example;
}

} // namespace ochre::training
