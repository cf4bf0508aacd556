// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/edit/SplatEdit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/scene/Directions.h"
#include "core/scene/edit/JsonReader.h"

namespace ochre {
namespace {

using namespace edits;

constexpr std::array<const char*, 4> kCombines{"replace", "add", "subtract", "intersect"};
constexpr Vec3 kLuminance{0.2126, 0.7152, 0.0722}; // of Rec. 709

/// The steps that are a word and nothing else.
template <typename Step>
struct Word {
    const char *name, *label;
};
template <typename Visit>
bool anyWord(const Visit& visit) {
    return visit(Word<Invert>{"invert", "Invert selection"}) || visit(Word<Hide>{"hide", "Hide"}) || visit(Word<ShowAll>{"show_all", "Show all"}) ||
           visit(Word<Lock>{"lock", "Lock"}) || visit(Word<UnlockAll>{"unlock_all", "Unlock all"}) || visit(Word<Delete>{"delete", "Delete"}) ||
           visit(Word<Keep>{"keep", "Keep selection"}) || visit(Word<Duplicate>{"duplicate", "Duplicate"});
}
template <typename Step>
Word<Step> wordOf() {
    Word<Step> found{};
    anyWord([&](auto word) {
        if constexpr (std::is_same_v<decltype(word), Word<Step>>) found = word;
        return found.name != nullptr;
    });
    return found;
}

struct Labeller {
    std::string operator()(const Select& s) const {
        static constexpr std::array<const char*, 10> kBy{"all",        "",        "by sphere",    "by box",   "by colour",
                                                          "by opacity", "by size", "by luminance", "floaters", "splats"};
        static_assert(kBy.size() == std::variant_size_v<SplatQuery>);
        const auto* region = std::get_if<ScreenRegion>(&s.query);
        static constexpr std::array<const char*, 3> kShapes{"by rectangle", "by lasso", "by brush"};
        return fmt::format("Select {}", region ? kShapes[static_cast<std::size_t>(region->shape)] : kBy[s.query.index()]);
    }
    std::string operator()(const Grow&) const { return "Grow selection"; }
    std::string operator()(const Shrink&) const { return "Shrink selection"; }
    std::string operator()(const Move&) const { return "Move"; }
    std::string operator()(const Grade&) const { return "Change colours"; }
    std::string operator()(const Opacity&) const { return "Change opacity"; }
    std::string operator()(const Size&) const { return "Change size"; }
    template <typename Step>
    std::string operator()(const Step&) const {
        return wordOf<Step>().label;
    }
};

struct Writer {
    Json operator()(const Select& s) const {
        return {{"step", "select"}, {"combine", kCombines[static_cast<std::size_t>(s.combine)]}, {"query", toJson(s.query)}};
    }
    Json operator()(const Grow& g) const { return {{"step", "grow"}, {"distance", g.distance}}; }
    Json operator()(const Shrink& s) const { return {{"step", "shrink"}, {"distance", s.distance}}; }
    Json operator()(const Move& m) const {
        return {{"step", "move"}, {"rotation", m.similarity.rotation}, {"scale", m.similarity.scale},
                {"translation", m.similarity.translation}, {"pivot", m.pivot}};
    }
    Json operator()(const Grade& g) const {
        return {{"step", "grade"}, {"black", g.black}, {"white", g.white}, {"contrast", g.contrast}, {"brightness", g.brightness},
                {"temperature", g.temperature}, {"saturation", g.saturation}, {"tint", g.tint}};
    }
    Json operator()(const Opacity& o) const { return {{"step", "opacity"}, {"factor", o.factor}}; }
    Json operator()(const Size& s) const { return {{"step", "size"}, {"factor", s.factor}}; }
    template <typename Step>
    Json operator()(const Step&) const {
        return {{"step", wordOf<Step>().name}};
    }
};

Select selectFromJson(const JsonReader& read, std::size_t count) {
    const std::string combine = read.text("combine");
    const auto found = std::find(kCombines.begin(), kCombines.end(), combine);
    if (found == kCombines.end())
        throw broken(fmt::format("{}: combine: \"{}\"", read.subject, combine), "it is replace, add, subtract or intersect");
    return {queryFromJson(read.object("query"), count, read.subject), static_cast<Combine>(found - kCombines.begin())};
}

// Three-by-three matrices and directions.

/// The normal of the plane that fits points with this symmetric matrix of squares best: the direction of its least value, by
/// turning pairs of axes until all else is zero (Jacobi). Nothing where the points lie on a line.
std::optional<Vec3> normalOf(Mat3 m) {
    Mat3 axes{1, 0, 0, 0, 1, 0, 0, 0, 1}; // columns
    constexpr std::array<std::array<std::size_t, 2>, 3> kPairs{{{0, 1}, {0, 2}, {1, 2}}};
    for (int sweep = 0; sweep < 32; ++sweep)
        for (const auto& [p, q] : kPairs) {
            if (m[3 * p + q] == 0) continue;
            const double theta = (m[4 * q] - m[4 * p]) / (2 * m[3 * p + q]);
            const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1)), c = 1 / std::sqrt(t * t + 1), s = t * c;
            for (std::size_t k = 0; k < 3; ++k) {
                const double a = m[3 * k + p], b = m[3 * k + q];
                m[3 * k + p] = c * a - s * b;
                m[3 * k + q] = s * a + c * b;
            }
            for (std::size_t k = 0; k < 3; ++k) {
                const double a = m[3 * p + k], b = m[3 * q + k], x = axes[3 * k + p], y = axes[3 * k + q];
                m[3 * p + k] = c * a - s * b;
                m[3 * q + k] = s * a + c * b;
                axes[3 * k + p] = c * x - s * y;
                axes[3 * k + q] = s * x + c * y;
            }
        }
    std::array<std::size_t, 3> order{0, 1, 2};
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return m[4 * a] < m[4 * b]; });
    if (!(m[4 * order[1]] > 1e-9 * m[4 * order[2]])) return std::nullopt;
    return Vec3{axes[order[0]], axes[3 + order[0]], axes[6 + order[0]]};
}

/// The shortest turn that brings one unit direction to another.
std::array<double, 4> turnBetween(const Vec3& from, const Vec3& to) {
    const double cosine = dot(from, to);
    if (cosine < -1 + 1e-12) { // any half turn about a direction across
        const Vec3 across = unit(std::abs(from[0]) < 0.9 ? cross(from, {1, 0, 0}) : cross(from, {0, 1, 0}));
        return {0, across[0], across[1], across[2]};
    }
    const Vec3 axis = cross(from, to);
    const double w = 1 + cosine, length = std::sqrt(w * w + dot(axis, axis));
    return {w / length, axis[0] / length, axis[1] / length, axis[2] / length};
}

Vec3 meanOf(const SplatData& data, const std::vector<std::uint32_t>& splats) {
    Vec3 mean{};
    for (const std::size_t i : splats)
        for (std::size_t k = 0; k < 3; ++k) mean[k] += data.positions[3 * i + k] / static_cast<double>(splats.size());
    return mean;
}

} // namespace

std::string labelOf(const SplatEdit& edit) {
    return std::visit(Labeller{}, edit);
}

Json toJson(const SplatEdit& edit) {
    return std::visit(Writer{}, edit);
}

SplatEdit editFromJson(const Json& json, std::size_t count, std::string_view subject) {
    const JsonReader read{json, subject};
    const std::string step = read.text("step");
    if (step == "select") return selectFromJson(read, count);
    if (step == "grow") return Grow{read.number("distance")};
    if (step == "shrink") return Shrink{read.number("distance")};
    if (step == "move")
        return Move{{read.numbers<4>("rotation"), read.number("scale"), read.numbers<3>("translation")}, read.numbers<3>("pivot")};
    if (step == "grade")
        return Grade{read.number("black"), read.number("white"), read.number("contrast"), read.number("brightness"),
                     read.number("temperature"), read.number("saturation"), read.numbers<3>("tint")};
    if (step == "opacity") return Opacity{read.number("factor")};
    if (step == "size") return Size{read.number("factor")};
    std::optional<SplatEdit> word;
    anyWord([&]<typename Step>(Word<Step> known) {
        if (step == known.name) word = Step{};
        return word.has_value();
    });
    if (word) return *word;
    throw broken(fmt::format("{}: \"{}\" is no step of editing splats", subject, step), "made by a newer Ochre?");
}

ColorMap colorMapOf(const Grade& g) {
    if (!(g.black < g.white)) throw Error(fmt::format("black at {} and white at {}", g.black, g.white), "black must be below white");
    if (!(std::abs(g.temperature) <= 1)) throw Error(fmt::format("a temperature of {}", g.temperature), "it goes from -1 to 1");
    const double levels = g.contrast / (g.white - g.black);
    const double offset = -g.black * levels + 0.5 * (1 - g.contrast) + g.brightness;
    const Vec3 warm{1 + 0.5 * g.temperature, 1, 1 - 0.5 * g.temperature};
    ColorMap map{};
    for (std::size_t row = 0; row < 3; ++row) {
        double sum = 0; // of the row, for what is the same in all channels
        for (std::size_t column = 0; column < 3; ++column) {
            const double mixed = (row == column ? g.saturation : 0) + (1 - g.saturation) * kLuminance[column];
            map.matrix[3 * row + column] = g.tint[row] * mixed * warm[column] * levels;
            sum += mixed * warm[column];
        }
        map.offset[row] = g.tint[row] * sum * offset;
    }
    return map;
}

Similarity levelling(const SplatData& data, const SplatMask& floor) {
    const std::vector<std::uint32_t> splats = floor.indices();
    const Vec3 mean = meanOf(data, splats);
    Mat3 squares{};
    for (const std::size_t i : splats)
        for (std::size_t row = 0; row < 3; ++row)
            for (std::size_t column = 0; column < 3; ++column)
                squares[3 * row + column] += (data.positions[3 * i + row] - mean[row]) * (data.positions[3 * i + column] - mean[column]);
    const std::optional<Vec3> found = splats.size() >= 3 ? normalOf(squares) : std::nullopt;
    if (!found)
        throw Error(fmt::format("{} splats that lie on a line show no floor", splats.size()), "select a patch of the floor");
    // Most of the cloud lies above, which is where −y points.
    std::size_t ahead = 0;
    for (std::size_t i = 0; i < data.opacities.size(); ++i) {
        const Vec3 from{data.positions[3 * i] - mean[0], data.positions[3 * i + 1] - mean[1], data.positions[3 * i + 2] - mean[2]};
        if (dot(from, *found) > 0) ++ahead;
    }
    const double sign = 2 * ahead >= data.opacities.size() ? 1 : -1;
    Similarity step{.rotation = turnBetween({sign * (*found)[0], sign * (*found)[1], sign * (*found)[2]}, {0, -1, 0})};
    step = step.about(mean);
    step.translation[1] -= mean[1];
    return step;
}

} // namespace ochre
