// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/Segmenter.h"

#include <algorithm>
#include <cmath>
#include <list>
#include <mutex>
#include <numeric>
#include <span>
#include <sstream>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Hash.h"
#include "core/base/Log.h"
#include "core/image/Filter.h"
#include "core/models/vision/CloserLook.h"
#include "core/models/vision/EdgeCut.h"
#include "core/models/vision/GrabCut.h"
#include "core/models/vision/Pictures.h"
#include "core/models/vision/Sam.h"
#include "core/models/vision/Sam2.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr std::size_t kKept = 3; // pictures; each takes some 20 MB
constexpr int kFewPixels = 512;  // of the side that a network sees, below which edges are those of the picture
constexpr double kAgreed = 0.4;  // overlap of what a network thought and of its mask with edges, below which it was mistaken

/// The numbers of "1,2.5,3". Throws Error.
std::vector<float> numbersOf(const std::string& text, const char* what) {
    std::vector<float> numbers;
    const char* at = text.c_str();
    while (true) {
        char* end = nullptr;
        const float value = std::strtof(at, &end);
        if (end == at || !std::isfinite(value) || (*end != ',' && *end != '\0'))
            throw Error(fmt::format("\"{}\" is no {}", text, what), "write numbers apart by commas: 120,80");
        numbers.push_back(value);
        if (*end == '\0') return numbers;
        at = end + 1;
    }
}

Hash128 contentOf(const Image& image) {
    Hasher hasher;
    hasher.add(image.width()).add(image.height()).add(image.channels()).add(image.colorSpace());
    return hasher.bytes(image.values().data(), image.bytes()).finish();
}

/// Of logits [1, 1, h, w]: 1 where they are above 0.
Image chosen(const nn::Tensor& logits) {
    Image mask(static_cast<int>(logits.size(3)), static_cast<int>(logits.size(2)), 1, ColorSpace::Raw);
    const nn::Tensor rows = logits.to(at::kFloat).contiguous();
    std::ranges::transform(std::span(rows.const_data_ptr<float>(), mask.valueCount()), mask.edit().begin(),
                           [](float v) { return v > 0 ? 1.0f : 0.0f; });
    return mask;
}

/// Intersection over union of a mask and of what was likelier than not, in the pixels of the latter.
double overlapOf(const Image& mask, const Image& likely) {
    const Image small = resize(mask, likely.width(), likely.height(), ResizeFilter::Area);
    std::size_t common = 0, all = 0;
    for (std::size_t i = 0; i < likely.valueCount(); ++i) {
        const bool chosen = small.values()[i] > 0.5f, thought = likely.values()[i] > 0.5f;
        common += chosen && thought;
        all += chosen || thought;
    }
    return static_cast<double>(common) / static_cast<double>(std::max<std::size_t>(all, 1));
}

/// What a small network thought, at the edges of the picture. Where colours and edges speak against it, they decide alone.
Image atEdges(const Image& image, const Image& likely, const SegmentPrompt& prompt, bool best, const Cancel& cancel) {
    Image mask = cutAtEdges(image, likely, prompt, cancel);
    return best && overlapOf(mask, likely) < kAgreed ? grabCut(image, prompt, {}, cancel) : mask;
}

} // namespace

std::vector<SegmentPoint> parsePoints(const std::string& text) {
    std::string spaced = text;
    std::ranges::replace(spaced, ';', ' ');
    std::istringstream words(spaced);
    std::vector<SegmentPoint> points;
    for (std::string word; words >> word;) {
        const std::vector<float> numbers = numbersOf(word, "point");
        if (numbers.size() < 2 || numbers.size() > 3 || (numbers.size() == 3 && numbers[2] != 0 && numbers[2] != 1))
            throw Error(fmt::format("\"{}\" is no point", word), "write x,y or, for what does not belong to the object, x,y,0");
        points.push_back({numbers[0], numbers[1], numbers.size() == 2 || numbers[2] == 1});
    }
    return points;
}

std::optional<SegmentBox> parseBox(const std::string& text) {
    if (text.find_first_not_of(" \t\n") == std::string::npos) return std::nullopt;
    const std::vector<float> numbers = numbersOf(text, "box");
    if (numbers.size() != 4) throw Error(fmt::format("\"{}\" is no box", text), "write left,top,right,bottom");
    return SegmentBox{numbers[0], numbers[1], numbers[2], numbers[3]};
}

void checkPrompt(const SegmentPrompt& prompt, const Image& image) {
    if (image.empty()) throw Error("there is no picture to look at", "link one");
    if (prompt.points.empty() && !prompt.box)
        throw Error("nothing says what is to be selected", "give a point on the object, or a box around it");
    const auto inside = [](float v, int side) { return v >= 0 && v <= static_cast<float>(side); };
    for (const SegmentPoint& point : prompt.points)
        if (!inside(point.x, image.width()) || !inside(point.y, image.height()))
            throw Error(fmt::format("the point {},{} lies outside the picture of {}×{}", point.x, point.y, image.width(), image.height()),
                        "points are given in pixels from the top left");
    if (const auto& box = prompt.box; box && !(box->right > box->left && box->bottom > box->top))
        throw Error(fmt::format("the box {},{},{},{} has no area", box->left, box->top, box->right, box->bottom),
                    "give left, top, right and bottom in pixels");
}

struct Segmenter::State {
    std::string architecture;
    std::optional<Sam> first;
    std::optional<Sam2> second;

    const SamDecoder& decoder() const { return first ? first->decoder() : second->decoder(); }

    struct Seen {
        Hash128 content;
        int usedWidth = 0, usedHeight = 0; ///< of the padded picture
        SamDecoder::Picture picture;
        std::optional<BothSides> closer; ///< where the network sees few pixels
    };
    std::mutex mutex;
    std::list<Seen> seen; ///< the last one first
    int encodings = 0;
    Image last; ///< asked about, whose content need not be looked at again
    Hash128 lastContent;

    bool isLast(const Image& image) const {
        return image.values().data() == last.values().data() && image.width() == last.width() && image.height() == last.height() &&
               image.channels() == last.channels() && image.colorSpace() == last.colorSpace();
    }

    Seen look(const Image& image, const Cancel& cancel) {
        const std::lock_guard lock(mutex);
        if (!isLast(image)) {
            lastContent = contentOf(image);
            last = image;
        }
        const Hash128 content = lastContent;
        const auto known = std::ranges::find(seen, content, &Seen::content);
        if (known != seen.end()) {
            seen.splice(seen.begin(), seen, known);
            return seen.front();
        }
        seen.push_front(encode(image, content, cancel));
        if (seen.size() > kKept) seen.pop_back();
        ++encodings;
        return seen.front();
    }

    /// The first SAM keeps the picture's shape and fills up a square, the second stretches it to one.
    Seen encode(const Image& image, const Hash128& content, const Cancel& cancel) const {
        if (seesLittle()) {
            const BothSides both = lookAtBothSides(*first, image, true, cancel);
            return {content, both.usedWidth, both.usedHeight, both.straight, both};
        }
        const int side = first ? first->config().side() : Sam2::kSide;
        const double scale = static_cast<double>(side) / std::max(image.width(), image.height());
        const auto scaled = [&](int length) { return first ? std::max(1, static_cast<int>(length * scale + 0.5)) : side; };
        const int width = scaled(image.width()), height = scaled(image.height());
        const Image small = resize(seenByNetwork(image), width, height, ResizeFilter::Bilinear, cancel);
        if (second) return {content, width, height, second->encode(normalisedTensor(small)), {}};
        const nn::Tensor features = first->encode(Sam::prepare(tensor::toTensor(small).mul_(255).round_(), side));
        return {content, width, height, first->decoder().prepare(features, side, side), {}};
    }

    nn::Tensor finish(const nn::Tensor& masks, const Seen& look, const Image& image) const {
        if (second) return nn::resizeBilinear(masks, image.height(), image.width());
        return Sam::finish(masks, first->config().side(), look.usedHeight, look.usedWidth, image.height(), image.width());
    }

    /// Whether it sees too few pixels to tell where an edge is.
    bool seesLittle() const { return first && first->config().tiny && first->config().side() < kFewPixels; }

    /// Of the answer at `place`; what the network answers several times and sees from several sides comes in place of the best.
    Image likelihood(const nn::Tensor& masks, std::int64_t place, bool best, const Seen& look, const Image& image, const SegmentPrompt& prompt,
                     const Cancel& cancel) const {
        if (best)
            return likelihoodOf(*first, image, *look.closer, prompt, masks.size(1) > 1, cancel);
        const nn::Tensor one = masks.narrow(1, place, 1);
        return tensor::toImage(Sam::finish(one, first->config().side(), look.usedHeight, look.usedWidth, look.usedHeight, look.usedWidth).sigmoid(), ColorSpace::Raw);
    }

    /// Whether these are the weights of a whole model, which is built.
    bool read(const tensor::Weights& weights) {
        if (const auto config = Sam::Config::fromWeights(weights); config && config->whole()) {
            architecture = config->vit ? "sam" : "mobile_sam";
            first.emplace(weights.finiteOnly(), *config);
        } else if (const auto other = Sam2::Config::fromWeights(weights); other && other->whole()) {
            architecture = "sam2";
            second.emplace(weights.finiteOnly(), *other);
        }
        return first || second;
    }
};

Segmenter Segmenter::open(const std::filesystem::path& path) {
    auto state = std::make_shared<State>();
    tensor::run({}, [&] {
        const tensor::Weights file = tensor::Weights::open(path);
        for (const tensor::Weights& view : file.unwrapped()) {
            if (!state->read(view)) continue;
            auto unused = view.unused();
            std::erase_if(unused, state->first ? Sam::Config::isBeside : Sam2::Config::isOfVideo);
            if (!unused.empty())
                log::warning("{}: {} tensors are not used by {} (\"{}\", …)", path.string(), unused.size(), state->architecture,
                             unused.front());
            return;
        }
        const auto names = file.names();
        throw Error(fmt::format("{}: no network that cuts out objects is known with these {} tensors (\"{}\", …)", path.string(),
                                names.size(), names.empty() ? std::string() : names.front()),
                    "choose weights of SAM, MobileSAM or SAM 2", ErrorKind::NotMine);
    });
    Segmenter segmenter;
    segmenter.m_state = std::move(state);
    return segmenter;
}

const std::string& Segmenter::architecture() const {
    return m_state->architecture;
}

int Segmenter::encodings() const {
    const std::lock_guard lock(m_state->mutex);
    return m_state->encodings;
}

void Segmenter::look(const Image& image, const Progress& progress, const Cancel& cancel) const {
    if (image.empty()) throw Error("there is no picture to look at", "link one");
    tensor::useThreads();
    tensor::run(cancel, [&] {
        progress.report(0, 10, "Looking at the picture");
        m_state->look(image, cancel);
    });
}

std::vector<SegmentAnswer> Segmenter::answers(const Image& image, const SegmentPrompt& prompt, bool three, std::optional<std::size_t> place,
                                              const Progress& progress, const Cancel& cancel) const {
    checkPrompt(prompt, image);
    std::vector<SegmentAnswer> answers;
    tensor::useThreads();
    tensor::run(cancel, [&] {
        progress.report(0, 10, "Looking at the picture");
        const State::Seen seen = m_state->look(image, cancel);
        progress.report(9, 10, "Selecting");
        const SeenPart all{.across = static_cast<double>(seen.usedWidth) / image.width(), .down = static_cast<double>(seen.usedHeight) / image.height()};
        const SamDecoder::Output output = m_state->decoder().decode(seen.picture, promptFor(prompt, all), three);
        const std::vector<float> scores = nn::toValues(output.scores.to(at::kFloat));
        std::vector<std::size_t> order(scores.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return scores[i]; });
        const std::size_t best = order.front();
        if (place) order = {order[std::min(*place, order.size() - 1)]};
        for (const std::size_t i : order) {
            const auto at = static_cast<std::int64_t>(i);
            Image mask = m_state->seesLittle()
                             ? atEdges(image, m_state->likelihood(output.masks, at, i == best, seen, image, prompt, cancel), prompt, i == best, cancel)
                             : chosen(m_state->finish(output.masks.narrow(1, at, 1), seen, image));
            answers.push_back({std::move(mask), scores[i]});
        }
    });
    return answers;
}

std::vector<SegmentAnswer> Segmenter::segment(const Image& image, const SegmentPrompt& prompt, bool three, const Progress& progress,
                                              const Cancel& cancel) const {
    return answers(image, prompt, three, std::nullopt, progress, cancel);
}

SegmentAnswer Segmenter::select(const Image& image, const SegmentPrompt& prompt, bool three, std::size_t place, const Progress& progress,
                                const Cancel& cancel) const {
    return answers(image, prompt, three, place, progress, cancel).front();
}

std::vector<FoundMask> Segmenter::everything(const Image& image, const EverythingOptions& options, const Progress& progress,
                                             const Cancel& cancel) const {
    std::vector<FoundMask> found;
    const AskPoints ask = [&](const Image& picture, std::span<const std::array<float, 2>> points) {
        const State::Seen seen = m_state->look(picture, cancel);
        const double across = static_cast<double>(seen.usedWidth) / picture.width(), down = static_cast<double>(seen.usedHeight) / picture.height();
        std::vector<float> places;
        for (const auto& [x, y] : points) {
            places.push_back(static_cast<float>(x * across));
            places.push_back(static_cast<float>(y * down));
        }
        const auto count = static_cast<std::int64_t>(points.size());
        const SamPrompt prompt{.points = nn::fromValues(places, {count, 1, 2}), .labels = nn::zeros({count, 1}, at::kLong).add(1)};
        const SamDecoder::Output out = m_state->decoder().decode(seen.picture, prompt, true);
        std::vector<std::vector<PointAnswer>> answers(points.size());
        for (std::int64_t n = 0; n < count; ++n)
            for (std::int64_t m = 0; m < out.masks.size(1); ++m)
                answers[static_cast<std::size_t>(n)].push_back(
                    {out.scores[n][m].item<float>(), [this, &picture, seen, mask = out.masks.narrow(0, n, 1).narrow(1, m, 1)] {
                         return tensor::toImage(m_state->finish(mask, seen, picture), ColorSpace::Raw);
                     }});
        return answers;
    };
    tensor::useThreads();
    tensor::run(cancel, [&] { found = findMasks(image, options, ask, progress, cancel); });
    return found;
}

} // namespace ochre::models
