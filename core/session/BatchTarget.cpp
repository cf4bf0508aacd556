// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/BatchTarget.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/image/ImageIo.h"
#include "core/video/JoinVideos.h"
#include "core/video/VideoFrames.h"
#include "core/video/VideoWriter.h"

namespace ochre::session {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kPartFrames = 48; // of a part of a video: as many are kept as pictures at most

constexpr const char *kWholeVideo = "the video", *kPart = "part-";

std::uint64_t sizeOf(const fs::path& file) {
    std::error_code error;
    const std::uint64_t size = fs::file_size(file, error);
    return error ? 0 : size;
}

/// As many bits as were asked for, as far as the format has them.
int depthFor(const fs::path& file, int asked) {
    switch (imageFormatFromPath(file)) {
    case ImageFormat::Png: return std::min(asked, 16);
    case ImageFormat::Tiff: return asked;
    case ImageFormat::Exr: return asked == 8 ? 0 : asked;
    default: return 0;
    }
}

class Pictures : public BatchTarget {
public:
    Pictures(const BatchPlan& plan, const BatchOptions& options, const std::vector<Hash128>& keys, BatchRecord& record)
        : m_plan(plan), m_options(options), m_keys(keys), m_record(record) {}

    bool has(std::size_t index) const override {
        const auto done = stored(index);
        return done && done->key == m_keys[index];
    }
    bool hasOther(std::size_t index) const override {
        const auto done = stored(index);
        return done && done->key != m_keys[index];
    }
    void write(std::size_t index, const Image& image, const std::string& text) override {
        const fs::path file = fileOf(index);
        fs::create_directories(file.parent_path());
        WriteOptions options{.bitDepth = depthFor(file, m_options.bitDepth)};
        if (!text.empty()) options.text["ochre:graph"] = text;
        writeImage(image, file, options);
        m_record.add(m_plan.items[index].result, m_keys[index], sizeOf(file));
    }
    void finish(bool, const Cancel&) override {}

private:
    fs::path fileOf(std::size_t index) const { return m_plan.folder / m_plan.items[index].result; }
    std::optional<BatchRecord::Done> stored(std::size_t index) const {
        const auto done = m_record.find(m_plan.items[index].result);
        return done && done->bytes > 0 && sizeOf(fileOf(index)) == done->bytes ? done : std::nullopt;
    }

    const BatchPlan& m_plan;
    const BatchOptions& m_options;
    const std::vector<Hash128>& m_keys;
    BatchRecord& m_record;
};

/// Frames lie as pictures of 16 bits until a part is whole; then it is encoded and they go.
class Video : public BatchTarget {
public:
    Video(const BatchPlan& plan, const BatchOptions& options, const std::vector<Hash128>& keys, BatchRecord& record)
        : m_plan(plan), m_options(options), m_keys(keys), m_record(record),
          m_mayHaveAlpha(options.target.extension() == ".mov" || options.target.extension() == ".MOV") {
        Hasher all;
        for (const Hash128& key : keys) all.add(key);
        m_whole = all.add(options.sound).finish();
        m_finished = isStored(wholeName(), options.target, m_whole);
        for (std::size_t part = 0; part * kPartFrames < keys.size(); ++part)
            m_parts.push_back(isStored(partName(part), partFile(part), partKey(part)));
        fs::create_directories(plan.folder);
    }

    bool has(std::size_t index) const override {
        return m_finished || m_parts[index / kPartFrames] || isStored(frameName(index), frameFile(index), m_keys[index]);
    }
    bool hasOther(std::size_t index) const override {
        return !has(index) && (m_record.find(wholeName()) || m_record.find(partName(index / kPartFrames)) || m_record.find(frameName(index)));
    }
    void write(std::size_t index, const Image& image, const std::string&) override {
        const Image frame = frameOf(image);
        writeImage(frame, frameFile(index), {.keepMetadata = false, .bitDepth = 16, .compression = Compression::Fast});
        m_record.add(frameName(index), m_keys[index], sizeOf(frameFile(index)));
        encodeIfWhole(index / kPartFrames);
    }
    void finish(bool all, const Cancel& cancel) override {
        for (std::size_t part = 0; part < m_parts.size() && !m_finished; ++part) encodeIfWhole(part);
        if (!all) return;
        if (!m_finished) {
            std::vector<fs::path> parts;
            for (std::size_t part = 0; part < m_parts.size(); ++part) parts.push_back(partFile(part));
            JoinOptions options{.times = m_plan.times, .pixelAspect = m_plan.pixelAspect};
            if (m_plan.ofVideo && m_options.sound && !VideoFrames(m_options.source).info().sound.empty()) options.sound = m_options.source;
            joinVideos(parts, m_options.target, options, cancel);
            m_record.add(wholeName(), m_whole, sizeOf(m_options.target));
        }
        std::error_code error;
        fs::remove_all(m_plan.folder, error);
    }

private:
    static std::string wholeName() { return kWholeVideo; }
    static std::string partName(std::size_t part) { return fmt::format("{}{:05}", kPart, part); }
    static std::string frameName(std::size_t index) { return fmt::format("frame-{:08}", index); }
    fs::path partFile(std::size_t part) const { return m_plan.folder / (partName(part) + m_options.target.extension().string()); }
    fs::path frameFile(std::size_t index) const { return m_plan.folder / (frameName(index) + ".png"); }
    std::size_t endOf(std::size_t part) const { return std::min(m_keys.size(), (part + 1) * kPartFrames); }

    Hash128 partKey(std::size_t part) const {
        Hasher hasher;
        for (std::size_t i = part * kPartFrames; i < endOf(part); ++i) hasher.add(m_keys[i]);
        return hasher.finish();
    }
    bool isStored(const std::string& name, const fs::path& file, Hash128 key) const {
        const auto done = m_record.find(name);
        return done && done->key == key && done->bytes > 0 && sizeOf(file) == done->bytes;
    }

    /// What a video can hold: sRGB of even sides, the same for all.
    Image frameOf(const Image& image) {
        Image frame = toColorSpace(image, ColorSpace::Srgb);
        const bool alpha = frame.hasAlpha() && m_mayHaveAlpha;
        if (frame.hasAlpha() && !alpha) frame = composite(Image(frame.width(), frame.height(), 3), frame);
        frame = withChannels(frame, alpha ? 4 : 3);
        if (frame.width() % 2 != 0 || frame.height() % 2 != 0) {
            if (!m_first) log::info("batch: a row or column is repeated: a video has even sides");
            frame = pad(frame, 0, 0, frame.width() % 2, frame.height() % 2, PadMode::Edge);
        }
        if (!m_first) {
            m_first = {frame.width(), frame.height(), frame.channels()};
            checkVideo(m_options.target, videoOptions());
        }
        if (frame.width() != m_first->width || frame.height() != m_first->height || frame.channels() != m_first->channels)
            throw Error(fmt::format("is {}×{} with {} channels, and the first {}×{} with {}: a video has one size", frame.width(), frame.height(),
                                    frame.channels(), m_first->width, m_first->height, m_first->channels),
                        "write pictures into a folder, or add a node that brings all to one size");
        return frame;
    }

    VideoOptions videoOptions() const {
        return {.width = m_first->width, .height = m_first->height, .fps = m_plan.fps, .alpha = m_first->channels == 4, .quality = m_options.quality};
    }

    void encodeIfWhole(std::size_t part) {
        if (m_parts[part]) return;
        const std::size_t begin = part * kPartFrames, end = endOf(part);
        for (std::size_t i = begin; i < end; ++i)
            if (!isStored(frameName(i), frameFile(i), m_keys[i])) return;
        std::optional<VideoWriter> writer;
        for (std::size_t i = begin; i < end; ++i) {
            const Image frame = readImage(frameFile(i));
            if (!m_first) m_first = {frame.width(), frame.height(), frame.channels()};
            if (!writer) writer.emplace(partFile(part), videoOptions());
            writer->add(frame);
        }
        writer->finish();
        m_record.add(partName(part), partKey(part), sizeOf(partFile(part)));
        m_parts[part] = true;
        for (std::size_t i = begin; i < end; ++i) {
            m_record.remove(frameName(i));
            std::error_code error;
            fs::remove(frameFile(i), error);
        }
    }

    struct Shape {
        int width, height, channels;
    };
    const BatchPlan& m_plan;
    const BatchOptions& m_options;
    const std::vector<Hash128>& m_keys;
    BatchRecord& m_record;
    bool m_mayHaveAlpha, m_finished = false;
    Hash128 m_whole;
    std::vector<bool> m_parts; ///< whether each is whole
    std::optional<Shape> m_first;
};

} // namespace

std::size_t BatchTarget::countIn(const BatchRecord::Content& content) {
    if (content.done.contains(kWholeVideo)) return content.total;
    std::size_t count = 0;
    for (const auto& [name, done] : content.done) count += name.starts_with(kPart) ? kPartFrames : 1;
    return std::min(count, content.total);
}

std::unique_ptr<BatchTarget> BatchTarget::make(const BatchPlan& plan, const BatchOptions& options, const std::vector<Hash128>& keys,
                                               BatchRecord& record) {
    if (plan.toVideo) return std::make_unique<Video>(plan, options, keys, record);
    return std::make_unique<Pictures>(plan, options, keys, record);
}

} // namespace ochre::session
