// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/video/VideoWriter.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

extern "C" {
#include <libavutil/opt.h>
#include <libavutil/spherical.h>
#include <libavutil/stereo3d.h>
}

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/video/Libav.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;
constexpr int kLeastSide = 16, kMostSide = 8192;
constexpr double kLeastFps = 0.1, kMostFps = 240;

bool hasExtension(const fs::path& file, const char* wanted) {
    std::string extension = file.extension().string();
    std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension == wanted;
}

bool isMov(const fs::path& file) {
    return hasExtension(file, ".mov");
}

const AVCodec* encoderOf(const fs::path& file) {
    if (isMov(file)) return avcodec_find_encoder_by_name("prores_ks");
    const AVCodec* x264 = avcodec_find_encoder_by_name("libx264");
    return x264 ? x264 : avcodec_find_encoder(AV_CODEC_ID_H264);
}

/// 29.97 is 30000/1001, as television has it.
AVRational rateOf(double fps) {
    const double whole = std::round(fps * 1.001);
    if (std::abs(whole / 1.001 - fps) < 0.005 && std::abs(std::round(fps) - fps) > 1e-6) return {static_cast<int>(whole) * 1000, 1001};
    return av_d2q(fps, 1000);
}

} // namespace

struct VideoWriter::State {
    State(const fs::path& target, const VideoOptions& o) : name(target.filename().string()), options(o), file(target) {
        av_log_set_level(AV_LOG_QUIET); // what goes wrong is told by us
        AVFormatContext* context = nullptr;
        must(avformat_alloc_output_context2(&context, nullptr, isMov(target) ? "mov" : "mp4", file.temporary().c_str()), "opened");
        format.reset(context);
        openEncoder(target);
        AVStream* stream = avformat_new_stream(format.get(), nullptr);
        if (!stream) throw Error(name + ": no memory for the video", {}, ErrorKind::Memory);
        must(avcodec_parameters_from_context(stream->codecpar, encoder.get()), "described");
        label(stream);
        stream->time_base = encoder->time_base;
        stream->avg_frame_rate = encoder->framerate;
        must(avio_open(&format->pb, file.temporary().c_str(), AVIO_FLAG_WRITE), "opened");
        AVDictionary* settings = nullptr;
        av_dict_set(&settings, "movflags", "+faststart", 0); // what players need first stands first
        av_dict_set(&settings, "fflags", "+bitexact", 0);
        if (options.kind != VideoKind::Flat) av_dict_set(&settings, "strict", "unofficial", 0); // the boxes are no part of the standard
        const int begun = avformat_write_header(format.get(), &settings);
        av_dict_free(&settings);
        must(begun, "begun");
        picture.reset(av_frame_alloc());
        picture->format = encoder->pix_fmt;
        picture->width = options.width;
        picture->height = options.height;
        picture->color_primaries = encoder->color_primaries; // ProRes labels what the frames say
        picture->color_trc = encoder->color_trc;
        picture->colorspace = encoder->colorspace;
        picture->color_range = encoder->color_range;
        must(av_frame_get_buffer(picture.get(), 0), "given memory");
        packet.reset(av_packet_alloc());
        openScaler();
    }

    void label(AVStream* stream) const {
        std::size_t size = 0;
        if (options.kind == VideoKind::Panorama) {
            AVSphericalMapping* mapping = av_spherical_alloc(&size);
            if (!mapping) throw Error(name + ": no memory for the video", {}, ErrorKind::Memory);
            mapping->projection = AV_SPHERICAL_EQUIRECTANGULAR;
            attach(stream, AV_PKT_DATA_SPHERICAL, mapping, size);
        } else if (options.kind == VideoKind::SideBySide) {
            AVStereo3D* stereo = av_stereo3d_alloc();
            if (!stereo) throw Error(name + ": no memory for the video", {}, ErrorKind::Memory);
            stereo->type = AV_STEREO3D_SIDEBYSIDE;
            attach(stream, AV_PKT_DATA_STEREO3D, stereo, sizeof *stereo);
        }
    }

    void attach(AVStream* stream, AVPacketSideDataType type, void* data, std::size_t size) const {
        const int attached = av_stream_add_side_data(stream, type, static_cast<std::uint8_t*>(data), size);
        if (attached < 0) av_free(data);
        must(attached, "labelled");
    }

    void must(int result, const char* what) const { libav::must(result, name, what); }

    void openEncoder(const fs::path& target) {
        const bool mov = isMov(target);
        const AVCodec* codec = encoderOf(target);
        encoder.reset(avcodec_alloc_context3(codec));
        encoder->width = options.width;
        encoder->height = options.height;
        encoder->framerate = rateOf(options.fps);
        encoder->time_base = av_inv_q(encoder->framerate);
        encoder->pix_fmt = !mov ? AV_PIX_FMT_YUV420P : options.alpha ? AV_PIX_FMT_YUVA444P10LE : AV_PIX_FMT_YUV422P10LE;
        encoder->color_primaries = AVCOL_PRI_BT709;
        encoder->color_trc = AVCOL_TRC_BT709;
        encoder->colorspace = AVCOL_SPC_BT709;
        encoder->color_range = AVCOL_RANGE_MPEG;
        encoder->flags |= AV_CODEC_FLAG_BITEXACT;
        if (format->oformat->flags & AVFMT_GLOBALHEADER) encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
        if (mov) {
            av_opt_set(encoder->priv_data, "profile", options.alpha ? "4444" : "hq", 0);
            av_opt_set(encoder->priv_data, "vendor", "apl0", 0); // some editors open no other
        } else {
            av_opt_set(encoder->priv_data, "preset", "medium", 0);
            av_opt_set_double(encoder->priv_data, "crf", options.quality, 0);
#if defined(__x86_64__)
            // In an AVX-512 kernel of its look-ahead libx264 (164) uses memory that it never wrote: the same frames then gave other bytes.
            if (__builtin_cpu_supports("avx512f")) av_opt_set(encoder->priv_data, "x264-params", "asm=avx2", 0);
#endif
        }
        must(avcodec_open2(encoder.get(), codec, nullptr), "encoded");
    }

    void openScaler() {
        const int w = options.width, h = options.height;
        scaler.reset(sws_getContext(w, h, AV_PIX_FMT_RGBA64LE, w, h, encoder->pix_fmt,
                                    SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT, nullptr, nullptr,
                                    nullptr));
        if (!scaler) throw Error(name + ": no conversion of its colours on this system", "install FFmpeg's libswscale");
        const int* rec709 = sws_getCoefficients(SWS_CS_ITU709);
        sws_setColorspaceDetails(scaler.get(), rec709, 1, rec709, 0, 0, 1 << 16, 1 << 16);
    }

    /// Null: what the encoder still holds.
    void send(const AVFrame* frame) {
        must(avcodec_send_frame(encoder.get(), frame), "encoded");
        for (;;) {
            const int got = avcodec_receive_packet(encoder.get(), packet.get());
            if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
            must(got, "encoded");
            packet->duration = 1;
            av_packet_rescale_ts(packet.get(), encoder->time_base, format->streams[0]->time_base);
            must(av_interleaved_write_frame(format.get(), packet.get()), "written");
        }
    }

    std::string name;
    VideoOptions options;
    AtomicFile file;
    libav::OutputFormat format;
    libav::Codec encoder;
    libav::Frame picture;
    libav::Packet packet;
    libav::Scaler scaler;
    std::vector<std::uint16_t> rgba;
    std::size_t count = 0;
};

void checkVideo(const fs::path& file, const VideoOptions& o) {
    const std::string name = file.filename().string();
    const bool mov = isMov(file);
    if (!mov && !hasExtension(file, ".mp4")) throw Error(name + ": no video that can be written", "end the name with .mp4 (H.264) or .mov (ProRes)");
    if (std::min(o.width, o.height) < kLeastSide || std::max(o.width, o.height) > kMostSide)
        throw Error(fmt::format("{}: {}×{}: a video has sides of {} to {}", name, o.width, o.height, kLeastSide, kMostSide),
                    "choose another size, or a sequence of pictures");
    if (!mov && (o.width % 2 != 0 || o.height % 2 != 0))
        throw Error(fmt::format("{}: {}×{}: H.264 wants even sides", name, o.width, o.height),
                    fmt::format("{}×{} is the next", o.width + o.width % 2, o.height + o.height % 2));
    if (mov && o.width % 2 != 0) throw Error(fmt::format("{}: {} wide: ProRes wants an even width", name, o.width), "add one pixel");
    if (o.alpha && !mov)
        throw Error(name + ": H.264 holds no transparency", "set a background, or end the name with .mov for ProRes 4444");
    if (!(o.fps >= kLeastFps && o.fps <= kMostFps))
        throw Error(fmt::format("{}: {} frames a second: {} to {} are possible", name, o.fps, kLeastFps, kMostFps));
    if (o.quality < 0 || o.quality > 51) throw Error(fmt::format("{}: quality {}: 0 to 51 are known", name, o.quality), "18 looks like the source");
    if (!encoderOf(file))
        throw Error(fmt::format("{}: this system's FFmpeg has no encoder for {}", name, mov ? "ProRes" : "H.264"),
                    "install FFmpeg's libavcodec with it, or write a sequence of pictures");
}

VideoWriter::VideoWriter(const fs::path& file, const VideoOptions& options) {
    checkVideo(file, options);
    m_state = std::make_unique<State>(file, options);
}

VideoWriter::~VideoWriter() = default;

void VideoWriter::add(const Image& frame) {
    State& s = *m_state;
    if (frame.width() != s.options.width || frame.height() != s.options.height || (frame.channels() != 3 && frame.channels() != 4))
        throw Error(fmt::format("{}: a frame of {}×{} with {} channels does not fit into {}×{}", s.name, frame.width(), frame.height(),
                                frame.channels(), s.options.width, s.options.height));
    const auto channels = static_cast<std::size_t>(frame.channels());
    const std::span<const float> from = frame.values();
    s.rgba.resize(4 * frame.pixelCount());
    for (std::size_t i = 0; i < frame.pixelCount(); ++i)
        for (std::size_t k = 0; k < 4; ++k) {
            const float v = k < channels ? from[i * channels + k] : 1;
            s.rgba[4 * i + k] = static_cast<std::uint16_t>(std::clamp(std::isnan(v) ? 0 : v, 0.0f, 1.0f) * 65535 + 0.5f);
        }
    s.must(av_frame_make_writable(s.picture.get()), "given memory");
    const std::uint8_t* source[] = {reinterpret_cast<const std::uint8_t*>(s.rgba.data())};
    const int stride[] = {frame.width() * 8};
    sws_scale(s.scaler.get(), source, stride, 0, frame.height(), s.picture->data, s.picture->linesize);
    s.picture->pts = static_cast<std::int64_t>(s.count++);
    s.send(s.picture.get());
}

std::size_t VideoWriter::frames() const {
    return m_state->count;
}

void VideoWriter::finish() {
    State& s = *m_state;
    if (s.count == 0) throw Error(s.name + ": a video needs one frame at least");
    s.send(nullptr);
    s.must(av_write_trailer(s.format.get()), "finished");
    s.must(avio_closep(&s.format->pb), "finished");
    s.file.commit();
}

} // namespace ochre
