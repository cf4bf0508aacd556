// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/video/VideoReader.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <fmt/format.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
}

#include "core/base/Error.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;
constexpr const char* kEndings[] = {".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi"};
constexpr std::size_t kKeptBytes = 256u << 20; ///< of decoded frames
constexpr int kAhead = 32;                     ///< frames that are rather decoded than jumped over
constexpr int kStandardHeight = 576;           ///< up to it, colours that say nothing are Rec. 601

template <auto Free>
struct Deleter {
    template <typename T>
    void operator()(T* p) const {
        Free(&p);
    }
};

struct FreeScaler {
    void operator()(SwsContext* p) const { sws_freeContext(p); }
};

} // namespace

bool isVideoFile(const fs::path& path) {
    std::string ending = path.extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::ranges::find(kEndings, ending) != std::end(kEndings);
}

const char* videoFilePatterns() {
    return "*.mp4 *.mov *.m4v *.mkv *.webm *.avi";
}

struct VideoReader::State {
    explicit State(const fs::path& file) : name(file.filename().string()) {
        av_log_set_level(AV_LOG_QUIET); // what goes wrong is told by us
        AVFormatContext* context = nullptr;
        must(avformat_open_input(&context, file.c_str(), nullptr, nullptr), "opened");
        format.reset(context);
        must(avformat_find_stream_info(context, nullptr), "understood");
        const AVCodec* codec = nullptr;
        stream = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
        if (stream == AVERROR_DECODER_NOT_FOUND)
            throw Error(name + ": this system's FFmpeg cannot decode this video", "convert it to H.264");
        must(stream, "understood");
        decoder.reset(avcodec_alloc_context3(codec));
        must(avcodec_parameters_to_context(decoder.get(), parameters()), "understood");
        decoder->pkt_timebase = format->streams[stream]->time_base;
        must(avcodec_open2(decoder.get(), codec, nullptr), "decoded");
        packet.reset(av_packet_alloc());
        picture.reset(av_frame_alloc());
        readTimes();
    }

    AVCodecParameters* parameters() const { return format->streams[stream]->codecpar; }

    void must(int result, const char* what) const {
        if (result >= 0) return;
        char text[AV_ERROR_MAX_STRING_SIZE] = {};
        av_strerror(result, text, sizeof text);
        throw Error(fmt::format("{}: the video cannot be {}: {}", name, what, text), "see whether a player opens it");
    }

    bool readPacket() {
        av_packet_unref(packet.get());
        while (av_read_frame(format.get(), packet.get()) >= 0) {
            if (packet->stream_index == stream) return true;
            av_packet_unref(packet.get());
        }
        return false;
    }

    static std::int64_t timeOf(const AVPacket& p) { return p.pts == AV_NOPTS_VALUE ? p.dts : p.pts; }

    void readTimes() {
        while (readPacket())
            if (!(packet->flags & AV_PKT_FLAG_DISCARD)) times.push_back(timeOf(*packet));
        std::ranges::sort(times);
        if (times.empty()) throw Error(name + ": there are no frames in this video");
        jump(0);
    }

    void jump(std::size_t index) {
        must(av_seek_frame(format.get(), stream, times[index], AVSEEK_FLAG_BACKWARD), "searched");
        avcodec_flush_buffers(decoder.get());
        ended = false;
        next = -1;
    }

    /// The next decoded frame in `picture`, and its number; false at the end. Damaged packets are passed over.
    bool decode() {
        for (;;) {
            const int got = avcodec_receive_frame(decoder.get(), picture.get());
            if (got == 0) break;
            if (got == AVERROR_EOF || ended) return false;
            if (readPacket()) {
                avcodec_send_packet(decoder.get(), packet.get());
            } else {
                ended = true;
                avcodec_send_packet(decoder.get(), nullptr);
            }
        }
        const auto at = std::ranges::upper_bound(times, picture->best_effort_timestamp);
        number = std::max(0, static_cast<int>(at - times.begin()) - 1);
        next = number + 1;
        return true;
    }

    /// Display sRGB of 16 bits a channel.
    std::vector<std::uint16_t> converted() {
        const int w = parameters()->width, h = parameters()->height;
        scaler.reset(sws_getCachedContext(scaler.release(), picture->width, picture->height, static_cast<AVPixelFormat>(picture->format), w,
                                          h, AV_PIX_FMT_RGB48LE,
                                          SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT,
                                          nullptr, nullptr, nullptr));
        if (!scaler) throw Error(name + ": no conversion of its colours on this system", "install FFmpeg's libswscale");
        const auto said = picture->colorspace == AVCOL_SPC_UNSPECIFIED ? parameters()->color_space : picture->colorspace;
        const bool unsaid = said == AVCOL_SPC_UNSPECIFIED || said == AVCOL_SPC_RGB;
        const int* matrix = sws_getCoefficients(unsaid ? (h > kStandardHeight ? SWS_CS_ITU709 : SWS_CS_ITU601) : said);
        sws_setColorspaceDetails(scaler.get(), matrix, picture->color_range == AVCOL_RANGE_JPEG, matrix, 1, 0, 1 << 16, 1 << 16);
        std::vector<std::uint16_t> rgb(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * 3);
        std::uint8_t* to[] = {reinterpret_cast<std::uint8_t*>(rgb.data())};
        const int stride[] = {w * 6};
        sws_scale(scaler.get(), picture->data, picture->linesize, 0, picture->height, to, stride);
        return rgb;
    }

    void keep(int most) {
        kept[number] = converted();
        while (static_cast<int>(kept.size()) > most) { // what lies farthest from here goes
            const auto first = kept.begin(), last = std::prev(kept.end());
            kept.erase(number - first->first > last->first - number ? first : last);
        }
    }

    const std::vector<std::uint16_t>& frame(int index) {
        if (const auto there = kept.find(index); there != kept.end()) return there->second;
        const std::size_t each = static_cast<std::size_t>(parameters()->width) * static_cast<std::size_t>(parameters()->height) * 6;
        const int most = std::clamp(static_cast<int>(kKeptBytes / each), 1, 64);
        for (const bool again : {false, true}) {
            if (again)
                jump(0);
            else if (next < 0 || index < next || index > next + kAhead)
                jump(static_cast<std::size_t>(index));
            while (decode()) {
                if (number > index - most) keep(most);
                if (number >= index) break;
            }
            if (const auto there = kept.find(index); there != kept.end()) return there->second;
        }
        throw Error(fmt::format("{}: frame {} cannot be decoded", name, index), "the file may be cut short or damaged");
    }

    std::string name;
    std::unique_ptr<AVFormatContext, Deleter<avformat_close_input>> format;
    std::unique_ptr<AVCodecContext, Deleter<avcodec_free_context>> decoder;
    std::unique_ptr<AVFrame, Deleter<av_frame_free>> picture;
    std::unique_ptr<AVPacket, Deleter<av_packet_free>> packet;
    std::unique_ptr<SwsContext, FreeScaler> scaler;
    int stream = -1;
    std::vector<std::int64_t> times; ///< of the frames, as they are shown
    int number = 0;                  ///< of `picture`
    int next = -1;                   ///< the frame that is decoded next; -1: not known
    bool ended = false;
    std::map<int, std::vector<std::uint16_t>> kept;
    std::mutex mutex;
};

VideoReader::VideoReader(const fs::path& file) : m_state(std::make_unique<State>(file)) {
    const AVStream* stream = m_state->format->streams[m_state->stream];
    m_width = m_state->parameters()->width;
    m_height = m_state->parameters()->height;
    m_frames = static_cast<int>(m_state->times.size());
    const AVRational rate = stream->avg_frame_rate.num ? stream->avg_frame_rate : stream->r_frame_rate;
    if (rate.num > 0 && rate.den > 0) m_fps = av_q2d(rate);
}

VideoReader::~VideoReader() = default;

Image VideoReader::frame(int index) const {
    if (index < 0 || index >= m_frames)
        throw Error(fmt::format("{}: no frame {}, there are {}", m_state->name, index, m_frames), "frames count from 0");
    Image image(m_width, m_height, 3, ColorSpace::Srgb);
    const std::lock_guard lock(m_state->mutex);
    std::ranges::transform(m_state->frame(index), image.edit().begin(), [](std::uint16_t v) { return static_cast<float>(v) / 65535.0f; });
    return image;
}

} // namespace ochre
