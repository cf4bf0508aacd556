// SPDX-License-Identifier: GPL-3.0-or-later
// What was done to each splat of a cloud since it was read, without touching its arrays: a tree of changes, in which splats that were
// changed alike share a place. So a change costs no more than a number a splat, is taken back without a trace, and whoever draws or
// writes the splats follows the way from the root.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "core/scene/edit/SplatEdit.h"

namespace ochre {

/// The steps that change splats themselves.
using SplatChange = std::variant<edits::Move, edits::Grade, edits::Opacity, edits::Size>;

/// The step as a change, where it is one.
std::optional<SplatChange> changeOf(const SplatEdit& edit);

/// Several changes in one, for showing them: exact but for the rounding of each.
struct SplatLook {
    Similarity similarity;
    ColorMap colors{{1, 0, 0, 0, 1, 0, 0, 0, 1}, {}}; ///< of what is seen from any direction
    double opacity = 1, mostOpacity = 1;              ///< min(mostOpacity, opacity times the splat's)
    double size = 1;                                  ///< times that of each splat, in place

    /// Throws Error where the change's numbers make no sense.
    void add(const SplatChange& change);
};

/// A change made ready to be done to many splats. Throws Error where its numbers make no sense.
class ReadyChange {
public:
    explicit ReadyChange(const SplatChange& change);
    const SplatChange& change() const { return m_change; }
    // What it changes.
    bool places() const { return m_mover.has_value(); }
    bool sizes() const;
    bool colors() const { return m_map.has_value(); }
    bool opacities() const { return std::holds_alternative<edits::Opacity>(m_change); }
    /// To the numbers of one splat, as SplatData holds them; those that it does not change are not touched.
    void apply(float* position, float* logScales, float* sh0, float* opacity) const;
    void applyRest(float* rotation, float* shRest, int shDegree) const;

private:
    SplatChange m_change;
    std::optional<SplatMover> m_mover;
    std::optional<ColorMap> m_map;
    float m_larger = 0;
};

class SplatChanges {
public:
    using Place = std::uint32_t; ///< in the tree; 0: unchanged
    explicit SplatChanges(std::size_t splats) : m_places(splats, 0) {}

    /// To those in the set. `stamp` rises from one to the next.
    void add(const SplatMask& splats, std::shared_ptr<const ReadyChange> change, std::uint64_t stamp);
    void takeBack(const SplatMask& splats); ///< the last that was added, to this set
    void copy(std::span<const std::uint32_t> splats); ///< copies behind the others
    void resize(std::size_t splats);                  ///< to fewer

    bool none() const { return m_nodes.size() == 1; }
    std::size_t nodes() const { return m_nodes.size(); }
    std::span<const Place> places() const { return m_places; }
    /// What was done on the way to a place after the change of this stamp, the first first.
    std::vector<const ReadyChange*> way(Place place, std::uint64_t after = 0) const;

private:
    struct Node {
        Place before = 0;
        std::uint64_t stamp = 0;
        std::shared_ptr<const ReadyChange> change;
    };
    std::vector<Node> m_nodes{Node{}};
    std::vector<Place> m_places; ///< of each splat
};

} // namespace ochre
