// SPDX-License-Identifier: GPL-3.0-or-later
// SAM 2 and 2.1 as they follow one object through a video: what a frame is asked, what is kept of it, and which of that is
// shown to the next.
// Paper: arXiv 2408.00714. Source: facebookresearch/sam2 sam2/modeling/sam2_base.py, sam2_video_predictor.py.
#pragma once

#include <map>

#include "core/models/vision/Sam2.h"

namespace ochre::models {

class Sam2Video {
public:
    /// Throws Error where the file is no whole model.
    Sam2Video(const tensor::Weights& weights, const Sam2::Config& config);

    struct Frame {
        int height, width;            ///< pixels
        nn::Tensor features;          ///< [1, channels, h, w], without any memory
        std::vector<nn::Tensor> fine; ///< of finer levels, for the decoder
    };
    /// image [1, 3, S, S], normalised by ImageNet's mean and deviation; S is 1024 for released weights.
    Frame look(const nn::Tensor& image) const;

    struct Answer {
        nn::Tensor mask;    ///< [1, 1, 4·h, 4·w], logits; −1024 all over where the object is gone
        nn::Tensor score;   ///< [1], how much of it is right, 0…1
        nn::Tensor there;   ///< [1, 1], above 0 where the object is in the frame
        nn::Tensor pointer; ///< [1, channels]
        nn::Tensor memory;  ///< bfloat16 [1, h·w, memory channels]
    };
    /// A frame by itself. Points with labels 2 and 3 are a box's corners; no other part of the prompt is read.
    Answer ask(const Frame& frame, const SamPrompt& prompt) const;
    /// A frame whose mask is given: [1, 1, S, S], 0 or 1.
    Answer take(const Frame& frame, const nn::Tensor& mask) const;

    /// An earlier answer, in the order of frames.
    struct Past {
        int steps;         ///< frames from there to here
        bool asked;        ///< by a prompt, whose memory counts at any distance
        bool points;       ///< its pointer counts, too
        const Answer* answer;
    };
    /// A frame as the continuation of others; `pointers` is the most that a video of its length has.
    Answer follow(const Frame& frame, const std::vector<Past>& past, int pointers) const;

    int memories() const { return m_memories; } ///< frames that are remembered, the prompted one counted in

private:
    Answer decode(const Frame& frame, const nn::Tensor& features, const SamPrompt& prompt, bool three) const;
    nn::Tensor pointerOf(const nn::Tensor& token, const nn::Tensor& present) const;
    nn::Tensor remembered(const Frame& frame, const nn::Tensor& mask, const nn::Tensor& present, bool sure) const;
    nn::Tensor ages(const std::vector<double>& steps, int pointers) const;

    Sam2ImageEncoder m_encoder;
    SamDecoder m_decoder;
    Sam2MemoryAttention m_attention;
    Sam2MemoryEncoder m_memory;
    nn::Tensor m_noMemory;     ///< [1, channels, 1, 1]
    nn::Tensor m_distances;    ///< [memories, 1, memory channels], the prompted one last
    nn::Tensor m_noPointer;    ///< [1, channels], of an object that is gone
    nn::Tensor m_goneMemory;   ///< [1, 1, memory channels], 2.1: added to memories of frames without the object
    nn::Conv2d m_maskDown;
    std::vector<nn::Linear> m_pointer;
    nn::Linear m_age; ///< 2.1: of how old a pointer is
    int m_memories, m_channels, m_memoryChannels;
    bool m_second;
};

/// One video and one object: which answers are kept, for as long as a later frame may be shown them.
class Sam2Track {
public:
    Sam2Track(const Sam2Video& network, int frames) : m_network(network), m_frames(frames) {}

    const Sam2Video::Answer& ask(int index, const nn::Tensor& image, const SamPrompt& prompt);
    const Sam2Video::Answer& take(int index, const nn::Tensor& image, const nn::Tensor& mask);
    /// The frame after (backward: before) those that were answered already. A prompted frame keeps its answer.
    const Sam2Video::Answer& step(int index, const nn::Tensor& image, bool backward);
    bool isAsked(int index) const { return m_asked.contains(index); }
    const Sam2Video::Answer& asked(int index) const { return m_asked.at(index); }
    std::size_t kept() const { return m_asked.size() + m_followed.size(); }

private:
    std::vector<Sam2Video::Past> pastOf(int index, bool backward) const;
    void forget(int index, bool backward);

    const Sam2Video& m_network;
    int m_frames;
    std::map<int, Sam2Video::Answer> m_asked, m_followed;
};

} // namespace ochre::models
