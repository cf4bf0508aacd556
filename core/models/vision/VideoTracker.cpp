// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/VideoTracker.h"

#include <algorithm>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/image/Filter.h"
#include "core/models/vision/Pictures.h"
#include "core/models/vision/Sam2Video.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr int kSide = Sam2::kSide;

/// Box first, then points, as the published predictor joins them.
SamPrompt tensorsOf(const SegmentPrompt& prompt, const Image& image) {
    std::vector<float> places, labels;
    const auto add = [&](float x, float y, float label) {
        places.push_back(x * static_cast<float>(kSide) / static_cast<float>(image.width()));
        places.push_back(y * static_cast<float>(kSide) / static_cast<float>(image.height()));
        labels.push_back(label);
    };
    if (const auto& box = prompt.box) {
        add(box->left, box->top, 2);
        add(box->right, box->bottom, 3);
    }
    for (const SegmentPoint& point : prompt.points) add(point.x, point.y, point.belongs ? 1.0f : 0.0f);
    const auto count = static_cast<std::int64_t>(labels.size());
    return {.points = nn::fromValues(places, {1, count, 2}), .labels = nn::fromValues(labels, {1, count}).to(at::kLong)};
}

nn::Tensor seen(const Image& image, const Cancel& cancel) {
    return normalisedTensor(resize(seenByNetwork(image), kSide, kSide, ResizeFilter::Bilinear, cancel));
}

TrackPrompt promptOfLine(const std::string& line) {
    const std::size_t colon = line.find(':');
    TrackPrompt out;
    try {
        std::size_t read = 0;
        out.frame = std::stoi(line, &read);
        if (colon == std::string::npos || line.find_first_not_of(" \t", read) != colon || out.frame < 0) throw std::invalid_argument("");
    } catch (const std::logic_error&) {
        throw Error(fmt::format("\"{}\" does not begin with the number of a frame", line), "write 0: x,y x,y,0 [left,top,right,bottom]");
    }
    std::string rest = line.substr(colon + 1);
    if (const std::size_t open = rest.find('['); open != std::string::npos) {
        const std::size_t close = rest.find(']', open);
        if (close == std::string::npos) throw Error(fmt::format("\"{}\": a box without its end", line), "write [left,top,right,bottom]");
        out.prompt.box = parseBox(rest.substr(open + 1, close - open - 1));
        rest.erase(open, close - open + 1);
    }
    out.prompt.points = parsePoints(rest);
    return out;
}

} // namespace

std::vector<TrackPrompt> parseTrackPrompts(const std::string& text) {
    std::vector<TrackPrompt> prompts;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.find_first_not_of(" \t\r") != std::string::npos) prompts.push_back(promptOfLine(line));
    return prompts;
}

std::string trackPromptsText(const std::vector<TrackPrompt>& prompts) {
    std::string text;
    for (const TrackPrompt& one : prompts) {
        text += fmt::format("{}:", one.frame);
        for (const SegmentPoint& point : one.prompt.points) text += fmt::format(" {},{}{}", point.x, point.y, point.belongs ? "" : ",0");
        if (const auto& box = one.prompt.box) text += fmt::format(" [{},{},{},{}]", box->left, box->top, box->right, box->bottom);
        text += "\n";
    }
    return text;
}

void checkTrack(const TrackJob& job) {
    if (job.frames < 1) throw Error("there is no video to look at", "link one");
    if (job.prompts.empty()) throw Error("nothing says what is to be followed", "give a point on the object in one frame, or a box around it");
    if (!job.forward && !job.backward) throw Error("neither forward nor backward is to be followed", "choose one");
    std::set<int> known;
    for (const TrackPrompt& one : job.prompts) {
        if (one.frame < 0 || one.frame >= job.frames)
            throw Error(fmt::format("there is no frame {}", one.frame), fmt::format("the video has frames 0 to {}", job.frames - 1));
        if (!known.insert(one.frame).second) throw Error(fmt::format("frame {} has two prompts", one.frame), "join them in one line");
    }
}

struct VideoTracker::State {
    std::optional<Sam2Video> network;

    nn::Tensor maskTensor(const TrackPrompt& one, const Image& image) const {
        if (one.mask.width() != image.width() || one.mask.height() != image.height() || one.mask.channels() != 1)
            throw Error(fmt::format("the mask is {}×{}, the video {}×{}", one.mask.width(), one.mask.height(), image.width(), image.height()),
                        "give one of the frame's size");
        return tensor::toTensor(resize(one.mask, kSide, kSide, ResizeFilter::Bilinear)).ge(0.5).to(at::kFloat).contiguous();
    }
};

VideoTracker VideoTracker::open(const std::filesystem::path& path) {
    auto state = std::make_shared<State>();
    tensor::run({}, [&] {
        const tensor::Weights file = tensor::Weights::open(path);
        for (const tensor::Weights& view : file.unwrapped()) {
            const auto config = Sam2::Config::fromWeights(view);
            if (!config || !config->whole()) continue;
            state->network.emplace(view.finiteOnly(), *config);
            auto unused = view.unused();
            std::erase(unused, "no_mem_pos_enc"); // of a choice that no release makes
            if (!unused.empty())
                log::warning("{}: {} tensors are not used by sam2 (\"{}\", …)", path.string(), unused.size(), unused.front());
            return;
        }
        const auto names = file.names();
        throw Error(fmt::format("{}: no network that follows objects is known with these {} tensors (\"{}\", …)", path.string(),
                                names.size(), names.empty() ? std::string() : names.front()),
                    "choose weights of SAM 2; SAM and MobileSAM know single pictures only", ErrorKind::NotMine);
    });
    VideoTracker tracker;
    tracker.m_state = std::move(state);
    return tracker;
}

void VideoTracker::track(const TrackJob& job, const TrackSink& sink, const Progress& progress, const Cancel& cancel) const {
    checkTrack(job);
    std::vector<TrackPrompt> prompts = job.prompts;
    std::ranges::sort(prompts, {}, &TrackPrompt::frame);
    const int first = prompts.front().frame, from = job.forward ? first : prompts.back().frame;
    const auto total = static_cast<std::uint64_t>(prompts.size()) + static_cast<std::uint64_t>(job.forward ? job.frames - first : 1) +
                       static_cast<std::uint64_t>(job.backward ? from : 0);
    std::uint64_t done = 0;
    tensor::useThreads();
    tensor::run(cancel, [&] {
        Sam2Track track(*m_state->network, job.frames);
        int width = 0, height = 0;
        const auto load = [&](int index) {
            cancel.check();
            progress.report(done++, total, fmt::format("Frame {} of {}", index, job.frames - 1));
            const Image image = job.frame(index);
            width = image.width();
            height = image.height();
            return image;
        };
        for (const TrackPrompt& one : prompts) {
            const Image image = load(one.frame);
            if (!one.mask.empty()) {
                track.take(one.frame, seen(image, cancel), m_state->maskTensor(one, image));
                continue;
            }
            checkPrompt(one.prompt, image);
            track.ask(one.frame, seen(image, cancel), tensorsOf(one.prompt, image));
        }
        const auto step = [&](int index, bool backward) {
            const Image image = load(index);
            const Sam2Video::Answer& answer =
                track.isAsked(index) ? track.asked(index) : track.step(index, seen(image, cancel), backward);
            const nn::Tensor mask = nn::resizeBilinear(answer.mask, height, width).gt(0).to(at::kFloat);
            sink(index, tensor::toImage(mask, ColorSpace::Raw), answer.score.item<float>());
        };
        for (int i = from; i < (job.forward ? job.frames : from + 1); ++i) step(i, false);
        if (job.backward)
            for (int i = from; i-- > 0;) step(i, true);
    });
}

} // namespace ochre::models
