// SPDX-License-Identifier: GPL-3.0-or-later
// A cloud while it is edited: applies steps, takes them back, gives the result. Deleted splats stay in the arrays until the
// result is made, so that a step costs what it changes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/scene/edit/SplatEdit.h"

namespace ochre {

class SplatEditor {
public:
    explicit SplatEditor(const SplatCloud& cloud);

    /// Throws Error and changes nothing where the step makes no sense.
    void apply(const SplatEdit& edit, const Cancel& cancel = {});
    bool canUndo() const { return !m_done.empty(); }
    bool canRedo() const { return !m_undone.empty(); }
    void undo();
    void redo();
    /// The steps that count, in order.
    std::vector<SplatEdit> steps() const;

    /// With those that are deleted or hidden; not in the cloud's order once something was duplicated.
    const SplatData& data() const { return m_data; }
    std::size_t count() const { return m_data.opacities.size(); }
    const SplatMask& selected() const { return m_state.selected; }
    const SplatMask& hidden() const { return m_state.hidden; }
    const SplatMask& locked() const { return m_state.locked; }
    const SplatMask& deleted() const { return m_state.deleted; }
    /// Rises whenever the numbers of splats change, which selecting, hiding and deleting do not.
    std::size_t dataVersion() const { return m_dataVersion; }

    /// What is not deleted, and was not moved or graded out of what a float can hold. The cloud itself where nothing was changed.
    SplatCloud result() const;
    /// What is selected, as a cloud of its own.
    SplatCloud selection() const;

private:
    struct State {
        SplatMask selected, hidden, locked, deleted;
    };
    /// Arrays of some splats as they were.
    struct Before {
        std::vector<std::uint32_t> splats;
        std::vector<float> positions, logScales, rotations, opacities, sh0, shRest;
    };
    struct Step {
        SplatEdit edit;
        State state; ///< before it
        Before before;
        std::size_t count = 0; ///< before it
    };
    class Applying;

    SplatMask selectable() const;
    void restore(const Before& before);
    SplatCloud usable(SplatData data) const;

    SplatCloud m_cloud;
    SplatData m_data;
    State m_state;
    std::vector<Step> m_done;
    std::vector<SplatEdit> m_undone;
    std::size_t m_dataVersion = 0;
};

/// All steps of a list applied. Throws Error with `subject` and the number of the step.
SplatCloud edited(const SplatCloud& cloud, const Json& steps, std::string_view subject, const Cancel& cancel = {});

} // namespace ochre
