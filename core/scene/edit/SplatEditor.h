// SPDX-License-Identifier: GPL-3.0-or-later
// A cloud while it is edited: applies steps, takes them back, gives the result. The cloud itself is never copied: selecting, hiding and
// deleting set bits, what else is done to splats is written down (SplatChanges) and only places, sizes, opacities and base colours
// follow at once, since questions are asked of them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/scene/edit/SplatChanges.h"

namespace ochre {

/// Splats of an editor that are the cloud's own, or the copies that one step made, one a splat of the cloud at most.
struct SplatBlock {
    std::size_t first = 0, count = 0;                             ///< among the editor's
    std::shared_ptr<const std::vector<std::uint32_t>> origins{}; ///< in the cloud, rising; null: the same numbers

    std::size_t originOf(std::size_t splat) const { return origins ? (*origins)[splat - first] : splat - first; }
    /// The splat that is a copy of this one.
    std::optional<std::size_t> copyOf(std::size_t origin) const;
};

class SplatEditor {
public:
    explicit SplatEditor(const SplatCloud& cloud);

    /// As answer() of SplatQuery.h; `state` names the numbers that `data` holds and is never 0.
    using Asker = std::function<SplatMask(const SplatQuery& query, const SplatData& data, std::uint64_t state, const Cancel& cancel)>;
    void askThrough(Asker asker) { m_asker = std::move(asker); } ///< who answers questions; null: answer()
    std::uint64_t dataState() const { return now().stamp + 1; }

    /// Throws Error and changes nothing where the step makes no sense.
    void apply(const SplatEdit& edit, const Cancel& cancel = {});
    bool canUndo() const { return !m_done.empty(); }
    bool canRedo() const { return !m_undone.empty(); }
    void undo();
    void redo();
    /// The steps that count, in order.
    std::vector<SplatEdit> steps() const;

    const SplatCloud& source() const { return m_cloud; }
    /// With those that are deleted or hidden; not in the cloud's order once something was duplicated. Without rotations and harmonics,
    /// which are made by whole().
    const SplatData& data() const { return m_data; }
    std::size_t count() const { return m_data.opacities.size(); }
    const SplatMask& selected() const { return m_state.selected; }
    const SplatMask& hidden() const { return m_state.hidden; }
    const SplatMask& locked() const { return m_state.locked; }
    const SplatMask& deleted() const { return m_state.deleted; }
    const SplatChanges& changes() const { return m_changes; }
    const std::vector<SplatBlock>& blocks() const { return m_blocks; } ///< the first is the cloud's own
    std::optional<Bounds> selectionBounds() const;                     ///< of the centres

    /// A state of the splats that can be recognised: while since() holds, all that was done to them by then still is. Selecting,
    /// hiding and deleting do nothing to them.
    struct Moment {
        std::size_t steps = 0;   ///< up to the last that did something; 0: none
        std::uint64_t stamp = 0; ///< of that one
    };
    Moment now() const;
    bool since(const Moment& moment) const;

    /// All splats, those that are deleted or hidden too, as they are now.
    SplatData whole(const Cancel& cancel = {}) const;
    /// What is not deleted, and was not moved or graded out of what a float can hold. The cloud itself where nothing was changed.
    SplatCloud result() const;
    /// What is selected, as a cloud of its own.
    SplatCloud selection() const;

private:
    struct State {
        SplatMask selected, hidden, locked, deleted;
    };
    /// Numbers of the selected splats as they were, of those arrays that a step changes.
    struct Before {
        std::vector<float> positions, logScales, opacities, sh0;
        bool changed = false;
    };
    struct Step {
        SplatEdit edit;
        State state; ///< before it
        Before before;
        std::size_t count = 0, blocks = 0; ///< before it
        std::uint64_t stamp = 0;
    };
    class Applying;

    SplatMask selectable() const;
    SplatData make(const SplatMask& splats, const Cancel& cancel) const;
    SplatCloud usable(const SplatMask& splats) const;

    SplatCloud m_cloud;
    SplatData m_data;
    SplatChanges m_changes;
    std::vector<SplatBlock> m_blocks;
    State m_state;
    std::vector<Step> m_done;
    std::vector<SplatEdit> m_undone;
    std::uint64_t m_stamp = 0;
    Asker m_asker;
};

/// All steps of a list applied. Throws Error with `subject` and the number of the step.
SplatCloud edited(const SplatCloud& cloud, const Json& steps, std::string_view subject, const Cancel& cancel = {});

} // namespace ochre
