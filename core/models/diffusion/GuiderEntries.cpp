// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/GuiderEntries.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/models/diffusion/Latent.h"
#include "core/models/diffusion/StarterText.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Fill.h"

namespace ochre::models {
namespace {

constexpr std::int64_t kFade = 8;        ///< latent pixels over which an area fades in
constexpr std::int64_t kLeastBounds = 8; ///< sides of a mask's bounding box
constexpr std::int64_t kSizeWaves = 256;
constexpr double kScore = 6, kNegativeScore = 2.5;
/// The latent of grey, scaled, that an inpainting model is shown where there is no picture.
constexpr float kBlank[] = {0.8223f, -0.6876f, 0.6364f, 0.1380f};

std::int64_t pixel(double share, std::int64_t side) {
    return static_cast<std::int64_t>(std::nearbyint(share * static_cast<double>(side)));
}

LatentRect rectOf(const ConditioningArea& a, std::int64_t h, std::int64_t w) {
    if (a.share)
        return {pixel(a.y, h), pixel(a.x, w), std::max<std::int64_t>(1, pixel(a.height, h)),
                std::max<std::int64_t>(1, pixel(a.width, w))};
    const auto whole = [](double v) { return static_cast<std::int64_t>(v); };
    return {whole(a.y), whole(a.x), whole(a.height), whole(a.width)};
}

/// The smallest box around what is not 0 in any of the masks [N, h, w].
LatentRect boundsOf(const nn::Tensor& mask) {
    const nn::Tensor most = mask.abs().amax(0).contiguous(); // [h, w]
    const std::int64_t h = most.size(0), w = most.size(1);
    const float* values = most.const_data_ptr<float>();
    std::int64_t top = h, left = w, bottom = -1, right = -1;
    for (std::int64_t y = 0; y < h; ++y)
        for (std::int64_t x = 0; x < w; ++x)
            if (values[y * w + x] != 0) {
                top = std::min(top, y), bottom = std::max(bottom, y);
                left = std::min(left, x), right = std::max(right, x);
            }
    if (bottom < 0) return {0, 0, kLeastBounds, kLeastBounds};
    return {top, left, std::max(kLeastBounds, bottom - top + 1), std::max(kLeastBounds, right - left + 1)};
}

void checkFits(const ConditioningEntry& e, DiffusionFamily family, const DiffusionModel& model) {
    const DiffusionCheckpoint& c = *model.checkpoint;
    if (!e.states.defined() || e.states.dim() != 3 || e.states.size(2) != c.contextWidth)
        throw Error(fmt::format("the prompt is encoded for {} ({} wide), the model is {} and takes {}",
                                title(family), e.states.defined() ? e.states.size(-1) : 0, title(c.family),
                                c.contextWidth),
                    "encode the prompt with the text encoder of the same checkpoint");
    for (const ControlUse& use : e.controls)
        if (use.net->family() != c.family)
            throw Error(fmt::format("{}: is a ControlNet for {}, the model is {}",
                                    use.net->path().filename().string(), title(use.net->family()),
                                    title(c.family)),
                        "choose a ControlNet of the model's family");
}

class Builder {
public:
    Builder(const GuiderSetup& setup, const nn::Tensor& x, const sampling::ModelSampling& model)
        : m_setup(setup), m_x(x), m_sampling(model) {}

    std::vector<GuideEntry> build() {
        add(m_setup.positive, GuideSide::Positive);
        if (m_setup.model.perpNeg) add(*m_setup.model.perpNeg->empty, GuideSide::Empty);
        add(m_setup.negative, GuideSide::Negative);
        addTwins();
        passControls(GuideSide::Negative);
        passControls(GuideSide::Empty);
        for (GuideEntry& e : m_entries) {
            e.weight = weightOf(e);
            e.vector = vectorOf(e);
            e.concat = concatOf(e);
        }
        return std::move(m_entries);
    }

private:
    void add(const Conditioning& conditioning, GuideSide side) {
        for (const ConditioningEntry& source : conditioning.entries) {
            checkFits(source, conditioning.family, m_setup.model);
            GuideEntry e;
            e.side = side;
            e.source = source;
            if (source.area) e.area = rectOf(*source.area, m_x.size(2), m_x.size(3));
            if (source.mask.defined()) {
                e.mask = source.mask.to(at::kFloat);
                if (e.mask.size(1) != m_x.size(2) || e.mask.size(2) != m_x.size(3))
                    e.mask = nn::resizeBilinear(e.mask.unsqueeze(1), m_x.size(2), m_x.size(3)).squeeze(1);
                if (source.maskBounds) e.area = boundsOf(e.mask);
            }
            if (source.hasRange()) {
                e.sigmaStart = m_sampling.percentToSigma(source.start);
                e.sigmaEnd = m_sampling.percentToSigma(source.end);
            }
            m_entries.push_back(std::move(e));
        }
    }

    /// Each area of one side gets an entry of the same area on the others, with the text of the smallest that
    /// holds it.
    void addTwins() {
        const bool empty = m_setup.model.perpNeg.has_value(), negative = !m_setup.negative.entries.empty();
        std::vector<GuideSide> sides{GuideSide::Positive};
        if (empty) sides.push_back(GuideSide::Empty);
        if (negative) sides.push_back(GuideSide::Negative);
        for (const GuideSide from : sides)
            for (std::size_t i = 0; i < m_entries.size(); ++i) {
                if (m_entries[i].side != from || !m_entries[i].area) continue;
                for (const GuideSide to : sides)
                    if (to != from) addTwin(m_entries[i], to);
            }
    }

    void addTwin(const GuideEntry& of, GuideSide to) {
        const LatentRect& a = *of.area;
        const GuideEntry* smallest = nullptr;
        for (const GuideEntry& e : m_entries) {
            if (e.side != to) continue;
            if (!e.area) {
                if (!smallest) smallest = &e;
                continue;
            }
            const LatentRect& b = *e.area;
            const bool inside = a.y >= b.y && a.x >= b.x && a.y + a.height <= b.y + b.height &&
                                a.x + a.width <= b.x + b.width;
            if (inside && (!smallest || !smallest->area ||
                           smallest->area->height * smallest->area->width > b.height * b.width))
                smallest = &e;
        }
        if (!smallest || (smallest->area && *smallest->area == a)) return;
        GuideEntry twin = of;
        twin.side = to;
        twin.source.parts = 1; // of several parts the first speaks for the area
        twin.source.partWeight = 1;
        twin.source.states = smallest->source.states;
        twin.source.pooled = smallest->source.pooled;
        twin.source.sizes = smallest->source.sizes;
        twin.source.inpaint = smallest->source.inpaint;
        m_entries.push_back(std::move(twin));
    }

    void passControls(GuideSide to) {
        std::vector<std::vector<ControlUse>> uses;
        std::vector<GuideEntry*> without;
        for (GuideEntry& e : m_entries) {
            if (e.area) continue;
            if (e.side == GuideSide::Positive && !e.source.controls.empty() &&
                e.source.controls.back().alsoNegative)
                uses.push_back(e.source.controls);
            if (e.side != to) continue;
            if (!e.source.controls.empty()) return;
            without.push_back(&e);
        }
        if (without.empty()) return;
        for (std::size_t i = 0; i < uses.size(); ++i) without[i % without.size()]->source.controls = uses[i];
    }

    nn::Tensor weightOf(GuideEntry& e) const {
        if (e.area) { // no farther than the picture
            LatentRect& a = *e.area;
            if (a.x < 0 || a.y < 0 || a.x >= m_x.size(3) || a.y >= m_x.size(2) || a.width < 1 || a.height < 1)
                throw Error(
                    fmt::format("an area of {}×{} px at {}, {} lies outside of the picture of {}×{} px",
                                a.width * kLatentSide, a.height * kLatentSide, a.x * kLatentSide,
                                a.y * kLatentSide, m_x.size(3) * kLatentSide, m_x.size(2) * kLatentSide),
                    "move the area, or make the picture larger");
            a.height = std::min(a.height, m_x.size(2) - a.y);
            a.width = std::min(a.width, m_x.size(3) - a.x);
        }
        const LatentRect rect = e.rect(m_x);
        if (e.mask.defined()) {
            nn::Tensor mask = e.mask.narrow(1, rect.y, rect.height)
                                  .narrow(2, rect.x, rect.width)
                                  .mul(e.source.maskStrength);
            if (mask.size(0) != 1) mask = toBatch(mask, m_x.size(0));
            return mask.unsqueeze(1).mul(e.source.strength / e.source.parts);
        }
        nn::Tensor weight =
            m_x.new_ones({1, 1, rect.height, rect.width}).mul_(e.source.strength / e.source.parts);
        if (e.area) {
            fade(weight, 2, rect.y, rect.height, m_x.size(2));
            fade(weight, 3, rect.x, rect.width, m_x.size(3));
        }
        return weight;
    }

    static void fade(nn::Tensor& weight, int side, std::int64_t from, std::int64_t length,
                     std::int64_t whole) {
        const std::int64_t steps = std::min(kFade, length / 4);
        for (std::int64_t t = 0; t < steps; ++t) {
            const double share = 1.0 / static_cast<double>(steps) * static_cast<double>(t + 1);
            if (from != 0) weight.narrow(side, t, 1).mul_(share);
            if (from + length < whole) weight.narrow(side, length - 1 - t, 1).mul_(share);
        }
    }

    nn::Tensor vectorOf(const GuideEntry& e) const {
        const DiffusionCheckpoint& c = *m_setup.model.checkpoint;
        if (c.vectorWidth == 0) return {};
        if (c.family == DiffusionFamily::Starter) return starterVector(e.source.states);
        const double width = static_cast<double>(m_x.size(3) * kLatentSide),
                     height = static_cast<double>(m_x.size(2) * kLatentSide);
        const SdxlSizes s =
            e.source.sizes.value_or(SdxlSizes{width, height, 0, 0, width, height, std::nullopt});
        std::vector<double> sizes{s.height, s.width, s.cropY, s.cropX};
        if (c.family == DiffusionFamily::SdxlRefiner)
            sizes.push_back(
                s.aestheticScore.value_or(e.side == GuideSide::Positive ? kScore : kNegativeScore));
        else
            sizes.insert(sizes.end(), {s.targetHeight, s.targetWidth});
        const std::vector<float> numbers(sizes.begin(), sizes.end());
        const auto count = static_cast<std::int64_t>(numbers.size());
        const std::int64_t pooled = c.vectorWidth - count * kSizeWaves;
        if (!e.source.pooled.defined() || e.source.pooled.size(-1) != pooled)
            throw Error(fmt::format("the prompt's pooled vector is {} long, the model takes {}",
                                    e.source.pooled.defined() ? e.source.pooled.size(-1) : 0, pooled),
                        "encode the prompt with the text encoders of the same checkpoint");
        const nn::Tensor waves =
            nn::timestepEmbedding(nn::fromValues(numbers, {count}), kSizeWaves).reshape({1, -1});
        return nn::cat({e.source.pooled.to(at::kFloat), waves}, 1);
    }

    /// What stands behind the noisy latent in an inpainting model: mask, latent of the masked picture.
    nn::Tensor concatOf(const GuideEntry& e) const {
        if (!m_setup.model.checkpoint->isInpaint()) return {};
        const std::int64_t n = m_x.size(0), h = m_x.size(2), w = m_x.size(3);
        const auto fitted = [&](const nn::Tensor& t) {
            const bool same = t.size(2) == h && t.size(3) == w;
            return same ? t : nn::resizeBilinear(croppedToProportions(t, w, h), h, w);
        };
        nn::Tensor latent = m_setup.latent, mask = m_setup.mask;
        if (e.source.inpaint) {
            latent = e.source.inpaint->latent.mul(m_setup.model.latentScale());
            mask = e.source.inpaint->mask;
        }
        nn::Tensor all;
        if (mask.defined() && latent.defined()) {
            mask = toBatch(fitted(mask.to(at::kFloat)).round(), n);
            all = nn::cat({mask, toBatch(fitted(latent), n)}, 1);
        } else {
            const nn::Tensor blank = nn::fromValues(kBlank, {1, 4, 1, 1}).expand({n, 4, h, w});
            all = nn::cat({m_x.new_ones({n, 1, h, w}), blank}, 1);
        }
        const LatentRect rect = e.rect(m_x);
        return all.narrow(2, rect.y, rect.height).narrow(3, rect.x, rect.width).contiguous();
    }

    const GuiderSetup& m_setup;
    const nn::Tensor& m_x;
    const sampling::ModelSampling& m_sampling;
    std::vector<GuideEntry> m_entries;
};

} // namespace

std::vector<GuideEntry> guideEntries(const GuiderSetup& setup, const nn::Tensor& x,
                                     const sampling::ModelSampling& model) {
    return Builder(setup, x, model).build();
}

} // namespace ochre::models
