// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/video/JoinVideos.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/video/Libav.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;
constexpr AVRational kOwnTimes{1, 90000}; // of pictures with times of their own
constexpr double kEven = 0.002;           // seconds off that still count as even: Matroska counts in milliseconds

std::string nameOf(const fs::path& file) {
    return file.filename().string();
}

const char* containerOf(const fs::path& file) {
    std::string extension = file.extension().string();
    std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension == ".mov" ? "mov" : "mp4";
}

libav::InputFormat opened(const fs::path& file) {
    av_log_set_level(AV_LOG_QUIET);
    AVFormatContext* context = nullptr;
    libav::must(avformat_open_input(&context, file.c_str(), nullptr, nullptr), nameOf(file), "read");
    libav::InputFormat format(context);
    libav::must(avformat_find_stream_info(context, nullptr), nameOf(file), "read");
    return format;
}

bool isSound(const AVStream* stream) {
    return stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
}

bool sameCodec(const AVCodecParameters& a, const AVCodecParameters& b) {
    return a.codec_id == b.codec_id && a.width == b.width && a.height == b.height && a.format == b.format &&
           a.extradata_size == b.extradata_size &&
           (a.extradata_size == 0 || std::memcmp(a.extradata, b.extradata, static_cast<std::size_t>(a.extradata_size)) == 0);
}

/// The sound of a file, packet by packet, in the time of the pictures.
class Sound {
public:
    Sound(const fs::path& file, AVFormatContext* output, double start) : m_name(nameOf(file)), m_format(opened(file)), m_output(output) {
        m_packet.reset(av_packet_alloc());
        m_targets.assign(m_format->nb_streams, -1);
        for (unsigned i = 0; i < m_format->nb_streams; ++i) {
            AVStream* source = m_format->streams[i];
            if (!isSound(source)) {
                source->discard = AVDISCARD_ALL;
                continue;
            }
            AVStream* stream = avformat_new_stream(output, nullptr);
            libav::must(stream ? avcodec_parameters_copy(stream->codecpar, source->codecpar) : AVERROR(ENOMEM), m_name, "copied");
            stream->codecpar->codec_tag = 0; // the container has its own
            stream->time_base = source->time_base;
            av_dict_copy(&stream->metadata, source->metadata, 0);
            m_targets[i] = stream->index;
        }
        m_start = start;
        next();
    }

    /// Writes what is heard until that moment, in seconds.
    void until(double seconds) {
        while (m_more && m_seconds <= seconds) {
            const AVStream* source = m_format->streams[m_packet->stream_index];
            const int target = m_targets[static_cast<std::size_t>(m_packet->stream_index)];
            const std::int64_t shift = static_cast<std::int64_t>(std::llround(m_start / av_q2d(source->time_base)));
            if (m_packet->pts != AV_NOPTS_VALUE) m_packet->pts -= shift;
            if (m_packet->dts != AV_NOPTS_VALUE) m_packet->dts -= shift;
            av_packet_rescale_ts(m_packet.get(), source->time_base, m_output->streams[target]->time_base);
            m_packet->stream_index = target;
            m_packet->pos = -1;
            libav::must(av_interleaved_write_frame(m_output, m_packet.get()), m_name, "written with its sound");
            next();
        }
    }

private:
    void next() {
        do {
            av_packet_unref(m_packet.get());
            m_more = av_read_frame(m_format.get(), m_packet.get()) >= 0;
        } while (m_more && m_targets[static_cast<std::size_t>(m_packet->stream_index)] < 0);
        if (!m_more) return;
        const std::int64_t time = m_packet->pts != AV_NOPTS_VALUE ? m_packet->pts : m_packet->dts;
        if (time != AV_NOPTS_VALUE)
            m_seconds = static_cast<double>(time) * av_q2d(m_format->streams[m_packet->stream_index]->time_base) - m_start;
    }

    std::string m_name;
    libav::InputFormat m_format;
    AVFormatContext* m_output;
    libav::Packet m_packet;
    std::vector<int> m_targets; ///< of each track of the file, or −1
    double m_start = 0, m_seconds = 0;
    bool m_more = false;
};

/// Evenly spaced at `rate`, within what containers round.
bool isEven(const std::vector<double>& times, double rate) {
    for (std::size_t i = 0; i < times.size(); ++i)
        if (std::abs(times[i] - times[0] - static_cast<double>(i) / rate) > kEven) return false;
    return true;
}

/// From places in the order of pictures, fractions of none, to the time of the joined video.
class Clock {
public:
    Clock(const std::vector<double>& times, AVRational rate) : m_times(times), m_rate(rate), m_even(isEven(times, av_q2d(rate))) {}

    AVRational base() const { return m_even ? av_inv_q(m_rate) : kOwnTimes; }
    /// Decoders are given pictures before they are shown: places before 0 and behind the last go on evenly.
    std::int64_t at(std::int64_t place) const {
        if (m_even) return place;
        const auto last = static_cast<std::int64_t>(m_times.size()) - 1, within = std::clamp<std::int64_t>(place, 0, last);
        const double seconds = m_times[static_cast<std::size_t>(within)] - m_times[0] + static_cast<double>(place - within) / av_q2d(m_rate);
        return static_cast<std::int64_t>(std::llround(seconds / av_q2d(kOwnTimes)));
    }

private:
    const std::vector<double>& m_times;
    AVRational m_rate;
    bool m_even;
};

/// Writes all pictures of a part behind the `done` that are there; how many there are now.
std::int64_t append(const fs::path& part, AVFormatContext* output, const Clock& clock, std::int64_t done, Sound* sound, const Cancel& cancel) {
    const libav::InputFormat format = opened(part);
    const AVStream* source = format->streams[0];
    AVStream* target = output->streams[0];
    if (!sameCodec(*source->codecpar, *target->codecpar))
        throw Error(nameOf(part) + ": is not of the same kind as the first part", "remove the folder of the parts and begin again");
    const AVRational frame = av_inv_q(source->avg_frame_rate);
    libav::Packet packet(av_packet_alloc());
    std::int64_t count = 0;
    while (av_read_frame(format.get(), packet.get()) >= 0) {
        cancel.check();
        const auto place = [&](std::int64_t time) { return done + av_rescale_q(time, source->time_base, frame); };
        const std::int64_t shown = place(packet->pts), given = place(packet->dts);
        packet->pts = clock.at(shown);
        packet->dts = clock.at(given);
        packet->duration = clock.at(shown + 1) - packet->pts;
        if (sound) sound->until(static_cast<double>(packet->dts) * av_q2d(clock.base()));
        av_packet_rescale_ts(packet.get(), clock.base(), target->time_base);
        packet->stream_index = 0;
        packet->pos = -1;
        libav::must(av_interleaved_write_frame(output, packet.get()), nameOf(part), "joined");
        ++count;
    }
    return done + count;
}

} // namespace

void checkSound(const fs::path& source, const fs::path& target) {
    const AVOutputFormat* container = av_guess_format(containerOf(target), nullptr, nullptr);
    const libav::InputFormat format = opened(source);
    for (unsigned i = 0; i < format->nb_streams; ++i) {
        const AVStream* stream = format->streams[i];
        if (isSound(stream) && avformat_query_codec(container, stream->codecpar->codec_id, FF_COMPLIANCE_NORMAL) != 1)
            throw Error(fmt::format("{}: its sound ({}) does not go into {}", nameOf(source), avcodec_get_name(stream->codecpar->codec_id),
                                    target.extension().string()),
                        std::string(containerOf(target)) == "mp4" ? "end the name with .mov, or leave the sound out"
                                                                  : "end the name with .mp4, or leave the sound out");
    }
}

void joinVideos(const std::vector<fs::path>& parts, const fs::path& target, const JoinOptions& options, const Cancel& cancel) {
    if (parts.empty()) throw Error(nameOf(target) + ": has no parts to be joined of");
    AtomicFile file(target);
    AVFormatContext* context = nullptr;
    libav::must(avformat_alloc_output_context2(&context, nullptr, containerOf(target), file.temporary().c_str()), nameOf(target), "opened");
    const libav::OutputFormat output(context);
    AVRational rate;
    AVStream* pictures = avformat_new_stream(context, nullptr);
    {
        const libav::InputFormat first = opened(parts.front());
        const AVStream* stream = first->streams[0];
        libav::must(pictures ? avcodec_parameters_copy(pictures->codecpar, stream->codecpar) : AVERROR(ENOMEM), nameOf(target), "described");
        rate = stream->avg_frame_rate;
    }
    const Clock clock(options.times, rate);
    pictures->time_base = clock.base();
    pictures->avg_frame_rate = rate;
    pictures->sample_aspect_ratio = pictures->codecpar->sample_aspect_ratio = av_d2q(options.pixelAspect, 1000);
    std::unique_ptr<Sound> sound;
    if (!options.sound.empty())
        sound = std::make_unique<Sound>(options.sound, context, options.times.empty() ? 0 : options.times.front());
    libav::must(avio_open(&context->pb, file.temporary().c_str(), AVIO_FLAG_WRITE), nameOf(target), "opened");
    AVDictionary* settings = nullptr;
    av_dict_set(&settings, "movflags", "+faststart", 0);
    av_dict_set(&settings, "fflags", "+bitexact", 0);
    const int begun = avformat_write_header(context, &settings);
    av_dict_free(&settings);
    libav::must(begun, nameOf(target), "begun");
    std::int64_t done = 0;
    for (const fs::path& part : parts) done = append(part, context, clock, done, sound.get(), cancel);
    if (!options.times.empty() && done != static_cast<std::int64_t>(options.times.size()))
        throw Error(fmt::format("{}: {} pictures, but {} times", nameOf(target), done, options.times.size()),
                    "remove the folder of the parts and begin again");
    if (sound) sound->until(std::numeric_limits<double>::infinity());
    libav::must(av_write_trailer(context), nameOf(target), "finished");
    libav::must(avio_closep(&context->pb), nameOf(target), "finished");
    file.commit();
}

} // namespace ochre
