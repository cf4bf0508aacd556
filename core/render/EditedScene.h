// SPDX-License-Identifier: GPL-3.0-or-later
// A cloud under an editor as items to be drawn, without making its splats anew: what was changed alike is an item of the same cloud
// with a transform and a look of its own, in which marks hide all other splats. Where that takes many items, one cloud is made of them.
#pragma once

#include "core/render/Renderer.h"
#include "core/scene/edit/SplatEditor.h"

namespace ochre {

struct EditedItems {
    std::vector<SceneItem> items{{}}; ///< never empty
    std::vector<SplatBlock> blocks{{}}; ///< which splats of the editor those of each item's cloud are

    /// The editor's splat that is drawn as one of an item.
    std::optional<std::size_t> splatOf(std::uint32_t item, std::uint32_t splat) const;
};

class EditedScene {
public:
    /// As it is now; `held`: the selection is shown with these changes too, though they are not done.
    EditedItems items(const SplatEditor& editor, std::span<const SplatChange> held = {});
    /// Makes one cloud of all splats, from which items() goes on.
    void flatten(const SplatEditor& editor, const Cancel& cancel = {});

    static constexpr std::size_t kManyItems = 4;        ///< more are worth flattening: each costs a pass over all splats
    static constexpr std::size_t kFewSplats = 100'000; ///< are flattened at once

private:
    bool usesFlat(const SplatEditor& editor) const { return m_flat.count() > 0 && editor.since(m_moment); }

    SplatCloud m_flat;
    SplatEditor::Moment m_moment; ///< when it was made
};

} // namespace ochre
