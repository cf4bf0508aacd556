// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/video/VideoFrames.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <utility>

extern "C" {
#include <libavutil/display.h>
#include <libavutil/pixdesc.h>
}

#include "core/base/Error.h"
#include "core/image/BitDepth.h"
#include "core/image/Filter.h"
#include "core/video/Libav.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;
constexpr const char* kPatterns = "*.mp4 *.mov *.mkv *.webm *.avi *.m4v *.mpg *.mpeg *.ts *.mts *.wmv *.flv *.ogv *.3gp *.gif";
constexpr int kHdHeight = 720; // from here on a video that does not say it is Rec. 709, below Rec. 601
constexpr std::size_t kRowAlignment = 64;

/// A picture of the stream, where it begins and whether decoding may begin there.
struct Entry {
    std::int64_t time;
    bool key;
};

} // namespace

bool isVideo(const fs::path& file) {
    std::string extension = file.extension().string();
    std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return !extension.empty() && (std::string(kPatterns) + " ").find("*" + extension + " ") != std::string::npos;
}

const char* videoPatterns() {
    return kPatterns;
}

struct VideoFrames::State {
    explicit State(const fs::path& path) : name(path.filename().string()) {
        av_log_set_level(AV_LOG_QUIET); // what goes wrong is told by us
        if (std::error_code error; !fs::is_regular_file(path, error)) throw Error(name + ": is no file that can be read", "check its name");
        AVFormatContext* context = avformat_alloc_context();
        context->flags |= AVFMT_FLAG_GENPTS;
        const int opened = avformat_open_input(&context, path.c_str(), nullptr, nullptr); // frees it where it fails
        if (opened < 0) throw notVideo(libav::errorText(opened));
        format.reset(context);
        if (avformat_find_stream_info(context, nullptr) < 0) throw notVideo("what it holds cannot be told");
        const AVCodec* decoder = nullptr;
        stream = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
        if (stream < 0 || !decoder) throw notVideo(stream < 0 ? "it has no pictures" : "there is no decoder for it");
        for (unsigned i = 0; i < context->nb_streams; ++i)
            if (static_cast<int>(i) != stream) context->streams[i]->discard = AVDISCARD_ALL;
        codec.reset(avcodec_alloc_context3(decoder));
        libav::must(avcodec_parameters_to_context(codec.get(), track()->codecpar), name, "described");
        codec->thread_count = 0;
        codec->pkt_timebase = track()->time_base;
        libav::must(avcodec_open2(codec.get(), decoder, nullptr), name, "decoded");
        packet.reset(av_packet_alloc());
        held.reset(av_frame_alloc());
        describe();
    }

    Error notVideo(const std::string& why) const {
        return Error(fmt::format("{}: is no video that can be read: {}", name, why), "choose another file", ErrorKind::NotMine);
    }

    AVStream* track() const { return format->streams[stream]; }

    void describe() {
        const AVCodecParameters& p = *track()->codecpar;
        if (const auto* matrix = reinterpret_cast<const std::int32_t*>(av_stream_get_side_data(track(), AV_PKT_DATA_DISPLAYMATRIX, nullptr)))
            if (const double degrees = av_display_rotation_get(matrix); !std::isnan(degrees)) // counter-clockwise
                turns = (4 - static_cast<int>(std::lround(degrees / 90)) % 4) % 4;
        const AVRational rate = av_guess_frame_rate(format.get(), track(), nullptr);
        const AVRational aspect = av_guess_sample_aspect_ratio(format.get(), track(), nullptr);
        const AVPixFmtDescriptor* pixels = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(p.format));
        info.width = turns % 2 == 0 ? p.width : p.height;
        info.height = turns % 2 == 0 ? p.height : p.width;
        info.fps = rate.num > 0 ? av_q2d(rate) : 0;
        info.alpha = pixels && (pixels->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
        info.codec = avcodec_get_name(p.codec_id);
        if (aspect.num > 0 && aspect.den > 0) info.pixelAspect = turns % 2 == 0 ? av_q2d(aspect) : 1 / av_q2d(aspect);
        const int sound = av_find_best_stream(format.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
        if (sound >= 0) info.sound = avcodec_get_name(format->streams[sound]->codecpar->codec_id);
        if (info.width < 1 || info.height < 1) throw broken(name + ": its pictures have no size");
    }

    /// Whether there was another one.
    bool readPacket() {
        for (;;) {
            av_packet_unref(packet.get());
            if (av_read_frame(format.get(), packet.get()) < 0) return false;
            if (packet->stream_index == stream) return true;
        }
    }

    void readTimes(const Cancel& cancel) {
        seek(0);
        while (readPacket()) {
            cancel.check();
            const std::int64_t time = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
            if (time != AV_NOPTS_VALUE && (packet->flags & AV_PKT_FLAG_DISCARD) == 0)
                entries.push_back({time, (packet->flags & AV_PKT_FLAG_KEY) != 0});
        }
        std::ranges::stable_sort(entries, {}, &Entry::time);
        const auto same = std::ranges::unique(entries, {}, &Entry::time); // the two fields of a picture
        entries.erase(same.begin(), same.end());
        if (entries.empty()) throw broken(name + ": has no pictures that say when they are shown");
        for (const Entry& entry : entries) times.push_back(static_cast<double>(entry.time) * av_q2d(track()->time_base));
        seek(0);
    }

    /// To the key frame at or before the entry, or to the beginning.
    void seek(std::size_t index) {
        std::size_t key = std::min(index, entries.size());
        while (key > 0 && (key == entries.size() || !entries[key].key)) --key;
        const std::int64_t time = entries.empty() || key == 0 ? INT64_MIN : entries[key].time;
        if (time == INT64_MIN || av_seek_frame(format.get(), stream, time, AVSEEK_FLAG_BACKWARD) < 0)
            libav::must(avformat_seek_file(format.get(), stream, INT64_MIN, track()->start_time != AV_NOPTS_VALUE ? track()->start_time : 0,
                                           INT64_MAX, 0),
                        name, "read again");
        avcodec_flush_buffers(codec.get());
        av_frame_unref(held.get());
        ended = false;
    }

    /// The next picture into `held`; false at the end. Damaged data are passed over.
    bool decode(const Cancel& cancel) {
        for (;;) {
            cancel.check();
            av_frame_unref(held.get());
            const int got = avcodec_receive_frame(codec.get(), held.get());
            if (got == 0) return true;
            if (got == AVERROR_EOF || (got != AVERROR(EAGAIN) && ended)) return false;
            if (readPacket())
                avcodec_send_packet(codec.get(), packet.get());
            else if (!std::exchange(ended, true))
                avcodec_send_packet(codec.get(), nullptr);
        }
    }

    std::int64_t heldTime() const { return held->data[0] ? held->best_effort_timestamp : AV_NOPTS_VALUE; }

    /// Decodes on until `held` is the picture of that time or a later one; whether it is that one.
    bool advance(std::int64_t time, const Cancel& cancel) {
        while (heldTime() == AV_NOPTS_VALUE || heldTime() < time)
            if (!decode(cancel)) return false;
        return heldTime() == time;
    }

    bool find(std::size_t index, const Cancel& cancel) {
        const std::int64_t time = entries[index].time, now = heldTime();
        if (now == time) return true;
        std::size_t key = index;
        while (key > 0 && !entries[key].key) --key;
        const bool ahead = now != AV_NOPTS_VALUE && now < time && entries[key].time <= now;
        const bool next = now != AV_NOPTS_VALUE && index > 0 && entries[index - 1].time == now;
        if ((ahead || next) && advance(time, cancel)) return true;
        seek(index);
        const bool before = decode(cancel) && heldTime() <= time;
        if (advance(time, cancel)) return true;
        if (before) return false; // it is damaged
        seek(0);                  // where key frames are not what they seem
        return advance(time, cancel);
    }

    Image picture() {
        const AVFrame& f = *held;
        const auto format = static_cast<AVPixelFormat>(f.format);
        const AVPixFmtDescriptor* pixels = av_pix_fmt_desc_get(format);
        const bool alpha = pixels && (pixels->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
        scaler.reset(sws_getCachedContext(scaler.release(), f.width, f.height, format, f.width, f.height, AV_PIX_FMT_RGBA64LE,
                                          SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT, nullptr,
                                          nullptr, nullptr));
        if (!scaler) throw Error(name + ": no conversion of its colours on this system", "install FFmpeg's libswscale");
        const int space = f.colorspace != AVCOL_SPC_UNSPECIFIED ? static_cast<int>(f.colorspace) : f.height >= kHdHeight ? SWS_CS_ITU709 : SWS_CS_ITU601;
        const int* rec709 = sws_getCoefficients(SWS_CS_ITU709);
        sws_setColorspaceDetails(scaler.get(), sws_getCoefficients(space), f.color_range == AVCOL_RANGE_JPEG, rec709, 1, 0, 1 << 16, 1 << 16);
        const std::size_t width = static_cast<std::size_t>(f.width), height = static_cast<std::size_t>(f.height);
        const std::size_t stride = (width * 8 + kRowAlignment - 1) / kRowAlignment * kRowAlignment;
        rows.resize(stride / 2 * height);
        std::uint8_t* target[] = {reinterpret_cast<std::uint8_t*>(rows.data())};
        const int strides[] = {static_cast<int>(stride)};
        sws_scale(scaler.get(), f.data, f.linesize, 0, f.height, target, strides);
        Image image(f.width, f.height, alpha ? 4 : 3);
        const std::size_t channels = alpha ? 4 : 3;
        float* to = image.edit().data();
        for (std::size_t y = 0; y < height; ++y)
            for (std::size_t x = 0; x < width; ++x, to += channels)
                for (std::size_t c = 0; c < channels; ++c) to[c] = static_cast<float>(rows[y * stride / 2 + 4 * x + c]) / 65535.0f;
        if (pixels && pixels->comp[0].depth > 8) image.setMetadata(kBitDepthKey, "16");
        return turns == 0 ? image : rotated(image, turns);
    }

    std::string name;
    libav::InputFormat format;
    libav::Codec codec;
    libav::Packet packet;
    libav::Frame held; ///< decoded last
    libav::Scaler scaler;
    int stream = -1, turns = 0; ///< quarter turns clockwise that make it upright
    bool ended = false;         ///< the decoder was told that no more comes
    VideoInfo info;
    std::vector<Entry> entries;
    std::vector<double> times;
    std::vector<std::uint16_t> rows;
};

VideoFrames::VideoFrames(const fs::path& file) : m_state(std::make_unique<State>(file)) {}
VideoFrames::~VideoFrames() = default;

const VideoInfo& VideoFrames::info() const {
    return m_state->info;
}

const std::vector<double>& VideoFrames::times(const Cancel& cancel) {
    if (m_state->times.empty()) m_state->readTimes(cancel);
    return m_state->times;
}

Image VideoFrames::frame(std::size_t index, const Cancel& cancel) {
    State& s = *m_state;
    if (index >= times(cancel).size())
        throw Error(fmt::format("{}: has no frame {}", s.name, index), fmt::format("it has {}, the first is 0", s.times.size()));
    if (!s.find(index, cancel)) throw broken(fmt::format("{}: frame {} cannot be decoded", s.name, index));
    return s.picture();
}

} // namespace ochre
