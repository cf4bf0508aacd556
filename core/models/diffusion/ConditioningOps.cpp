// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/ConditioningOps.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/text/Prompt.h"

namespace ochre::models {
namespace {

using nn::Tensor;

void requireSameFamily(const Conditioning& a, const Conditioning& b) {
    if (a.family != b.family)
        throw Error(
            fmt::format("conditioning: one is for {}, the other for {}", title(a.family), title(b.family)),
            "encode both prompts with the text encoder of one model");
}

const ConditioningEntry& firstOf(const Conditioning& conditioning) {
    if (conditioning.entries.empty())
        throw Error("conditioning: it holds no prompt", "link one that was encoded from a text");
    return conditioning.entries.front();
}

void requireSameWidth(const Tensor& a, const Tensor& b) {
    if (a.size(2) != b.size(2))
        throw Error(fmt::format("conditioning: states are {} and {} wide", a.size(2), b.size(2)),
                    "encode both prompts with the same text encoder");
}

/// [1, T, width] with `tokens` of them: cut, or filled up with zeros.
Tensor withTokens(const Tensor& states, std::int64_t tokens) {
    if (states.size(1) >= tokens) return states.narrow(1, 0, tokens);
    return nn::cat({states, states.new_zeros({states.size(0), tokens - states.size(1), states.size(2)})}, 1);
}

Tensor mixed(const Tensor& a, double shareA, const Tensor& b, double shareB) {
    return a.mul(shareA).add(b.mul(shareB));
}

/// Two texts as AUTOMATIC1111 would write the one of both.
std::string joined(const std::string& a, const char* between, const std::string& b) {
    return a.empty() || b.empty() ? a + b : a + between + b;
}

/// Averaged prompts in A1111's grammar, which sums them: as halves. One that has parts of its own is left as it is.
std::string halves(const std::string& a, const std::string& b) {
    const auto isOne = [](const std::string& text) {
        return !text.empty() && text.size() <= kLongestPrompt && splitAnd(text).size() == 1;
    };
    if (!isOne(a) || !isOne(b)) return joined(a, " AND ", b);
    return a + " :0.5 AND " + b + " :0.5";
}

template <typename Change>
Conditioning changed(const Conditioning& conditioning, Change change) {
    Conditioning result = conditioning;
    for (ConditioningEntry& entry : result.entries) change(entry);
    return result;
}

} // namespace

Conditioning combined(const Conditioning& a, const Conditioning& b) {
    requireSameFamily(a, b);
    Conditioning result = a;
    result.text = halves(a.text, b.text);
    result.entries.insert(result.entries.end(), b.entries.begin(), b.entries.end());
    return result;
}

Conditioning concatenated(const Conditioning& to, const Conditioning& from) {
    requireSameFamily(to, from);
    const Tensor& behind = firstOf(from).states;
    Conditioning result = changed(to, [&](ConditioningEntry& entry) {
        requireSameWidth(entry.states, behind);
        entry.states = nn::cat({entry.states, behind}, 1);
    });
    result.text = joined(to.text, " BREAK ", from.text);
    return result;
}

Conditioning averaged(const Conditioning& to, const Conditioning& from, double strength) {
    requireSameFamily(to, from);
    const ConditioningEntry& other = firstOf(from);
    return changed(to, [&](ConditioningEntry& entry) {
        requireSameWidth(entry.states, other.states);
        const Tensor states = withTokens(other.states, entry.states.size(1));
        entry.states = mixed(entry.states, strength, states, 1 - strength);
        if (!other.pooled.defined()) return;
        entry.pooled =
            mixed(entry.pooled.defined() ? entry.pooled : other.pooled, strength, other.pooled, 1 - strength);
    });
}

Conditioning zeroed(const Conditioning& conditioning) {
    Conditioning result = changed(conditioning, [](ConditioningEntry& entry) {
        entry.states = entry.states.new_zeros(entry.states.sizes());
        if (entry.pooled.defined()) entry.pooled = entry.pooled.new_zeros(entry.pooled.sizes());
    });
    result.text.clear();
    return result;
}

Conditioning withArea(const Conditioning& conditioning, const ConditioningArea& areaInLatent,
                      double strength) {
    const ConditioningArea& area = areaInLatent;
    if (!(area.x >= 0 && area.y >= 0 && area.width > 0 && area.height > 0))
        throw Error(fmt::format("area: {}×{} at {}, {}", area.width, area.height, area.x, area.y),
                    "give a width and a height above 0 and a place of 0 or more");
    if (area.share && std::max({area.x, area.y, area.width, area.height}) > 1)
        throw Error(
            fmt::format("area: {}×{} at {}, {} are no shares", area.width, area.height, area.x, area.y),
            "shares are 0 to 1; choose pixels as the unit for more");
    return changed(conditioning, [&](ConditioningEntry& entry) {
        entry.area = area;
        entry.strength = strength;
        entry.maskBounds = false;
    });
}

Conditioning withMask(const Conditioning& conditioning, const Tensor& mask, double strength, bool bounds) {
    if (mask.dim() != 3 || mask.numel() == 0)
        throw Error(fmt::format("conditioning: a mask of {} sides and {} values", mask.dim(), mask.numel()),
                    "link a mask that is not empty");
    return changed(conditioning, [&](ConditioningEntry& entry) {
        entry.mask = mask;
        entry.maskStrength = strength;
        entry.maskBounds = bounds;
    });
}

Conditioning withRange(const Conditioning& conditioning, double start, double end) {
    if (!(start >= 0 && start <= 1 && end >= 0 && end <= 1))
        throw Error(fmt::format("range: {} to {}", start, end), "both are shares of the way, 0 to 1");
    return changed(conditioning, [&](ConditioningEntry& entry) {
        entry.start = start;
        entry.end = end;
    });
}

std::vector<Conditioning> walk(const Conditioning& a, const Conditioning& b, int count) {
    if (count < 2) throw Error(fmt::format("walk: {} steps", count), "give 2 or more, both ends counted");
    requireSameFamily(a, b);
    const ConditioningEntry &first = firstOf(a), &last = firstOf(b);
    requireSameWidth(first.states, last.states);
    const std::int64_t tokens = std::max(first.states.size(1), last.states.size(1));
    const Tensor from = withTokens(first.states, tokens), to = withTokens(last.states, tokens);
    std::vector<Conditioning> steps;
    for (int i = 0; i < count; ++i) {
        const double share = static_cast<double>(i) / (count - 1);
        Conditioning step = a;
        step.entries.resize(1);
        step.entries.front().parts = 1;
        step.entries.front().partWeight = 1;
        step.entries.front().states = mixed(from, 1 - share, to, share);
        if (first.pooled.defined() && last.pooled.defined())
            step.entries.front().pooled = mixed(first.pooled, 1 - share, last.pooled, share);
        steps.push_back(std::move(step));
    }
    return steps;
}

} // namespace ochre::models
