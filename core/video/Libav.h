// SPDX-License-Identifier: GPL-3.0-or-later
// FFmpeg's objects with owners, and its errors as ours. For core/video alone.
#pragma once

#include <memory>
#include <string>

#include <fmt/format.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
}

#include "core/base/Error.h"

namespace ochre::libav {

template <auto Free>
struct Deleter {
    template <typename T>
    void operator()(T* p) const {
        Free(&p);
    }
};

/// Of a format that is written.
struct CloseFormat {
    void operator()(AVFormatContext* p) const {
        if (p->pb) avio_closep(&p->pb);
        avformat_free_context(p);
    }
};

struct FreeScaler {
    void operator()(SwsContext* p) const { sws_freeContext(p); }
};

using OutputFormat = std::unique_ptr<AVFormatContext, CloseFormat>;
using InputFormat = std::unique_ptr<AVFormatContext, Deleter<avformat_close_input>>;
using Codec = std::unique_ptr<AVCodecContext, Deleter<avcodec_free_context>>;
using Frame = std::unique_ptr<AVFrame, Deleter<av_frame_free>>;
using Packet = std::unique_ptr<AVPacket, Deleter<av_packet_free>>;
using Scaler = std::unique_ptr<SwsContext, FreeScaler>;

inline std::string errorText(int result) {
    char text[AV_ERROR_MAX_STRING_SIZE] = {};
    av_strerror(result, text, sizeof text);
    return text;
}

/// Throws Error "NAME: the video cannot be WHAT: …" for a negative result.
inline void must(int result, const std::string& name, const char* what) {
    if (result < 0)
        throw Error(fmt::format("{}: the video cannot be {}: {}", name, what, errorText(result)),
                    "check the file, its folder, the permissions and the free space");
}

} // namespace ochre::libav
