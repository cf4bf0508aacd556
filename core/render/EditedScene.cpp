// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/EditedScene.h"

#include <algorithm>
#include <atomic>
#include <bit>

#include "core/base/TaskPool.h"
#include "core/scene/edit/MaskLoop.h"

namespace ochre {
namespace {

using Way = std::vector<const ReadyChange*>;

/// Splats of one cloud, and after which change that cloud was made.
struct Group {
    SplatCloud cloud;
    SplatBlock block;
    std::uint64_t after;
};

std::vector<Group> groupsOf(const SplatEditor& editor, const SplatCloud& flat, const SplatEditor::Moment& moment) {
    std::vector<Group> groups;
    if (flat.count() > 0) groups.push_back({flat, {0, std::min(flat.count(), editor.count())}, moment.stamp});
    for (const SplatBlock& block : editor.blocks())
        if (block.first >= flat.count()) groups.push_back({editor.source(), block, 0});
    return groups;
}

/// The items of a group.
class Items {
public:
    Items(const SplatEditor& editor, const Group& group, std::span<const SplatChange> held, const SplatMask& gone)
        : m_editor(editor), m_group(group), m_held(held), m_gone(gone), m_itemOf(2 * editor.changes().nodes(), 0) {}

    void addTo(EditedItems& all) {
        findLooks();
        makeMarks();
        for (std::size_t i = 0; i < m_looks.size(); ++i) {
            SceneItem item{.cloud = m_group.cloud.withFieldsOf({}), .marks = m_marks[i]};
            SplatLook look;
            for (const ReadyChange* change : m_looks[i].way) look.add(change->change());
            for (const SplatChange& change : m_looks[i].held ? m_held : std::span<const SplatChange>()) look.add(change);
            item.toWorld = similarityMatrix(look.similarity);
            item.look = lookOf(look);
            all.items.push_back(std::move(item));
            all.blocks.push_back(m_group.block);
        }
    }

private:
    struct Look {
        Way way;
        bool held;
        bool operator==(const Look&) const = default;
    };

    static std::optional<ItemLook> lookOf(const SplatLook& look) {
        ItemLook to{.opacity = look.opacity, .mostOpacity = look.mostOpacity, .size = look.size};
        for (std::size_t r = 0; r < 3; ++r) {
            for (std::size_t c = 0; c < 3; ++c) to.color[4 * r + c] = look.colors.matrix[3 * r + c];
            to.color[4 * r + 3] = look.colors.offset[r];
        }
        return to == ItemLook{} ? std::nullopt : std::optional(to);
    }

    std::size_t keyOf(std::size_t i) const {
        return 2 * std::size_t{m_editor.changes().places()[i]} + (!m_held.empty() && m_editor.selected()[i] ? 1 : 0);
    }
    /// visit(w, visible) for each word of the masks that holds splats of the group: its bits of those that are seen.
    template <typename Visit>
    void forEachWord(const Visit& visit) const {
        const std::size_t begin = m_group.block.first, end = begin + m_group.block.count;
        const auto gone = m_gone.words();
        TaskPool::shared().parallelFor((end + 63) / 64 - begin / 64, kMaskWords, [&](std::size_t first, std::size_t last) {
            for (std::size_t w = begin / 64 + first; w < begin / 64 + last; ++w) {
                std::uint64_t visible = ~gone[w];
                if (64 * w < begin) visible &= ~std::uint64_t{0} << (begin - 64 * w);
                if (64 * w + 64 > end) visible &= ~std::uint64_t{0} >> (64 * w + 64 - end);
                if (visible != 0) visit(w, visible);
            }
        });
    }

    void findLooks() {
        std::vector<std::atomic<std::uint8_t>> found(m_itemOf.size());
        const auto note = [&](std::size_t key) {
            if (!found[key].load(std::memory_order_relaxed)) found[key].store(1, std::memory_order_relaxed);
        };
        const auto selected = m_editor.selected().words();
        forEachWord([&](std::size_t w, std::uint64_t visible) {
            if (m_editor.changes().none()) {
                const std::uint64_t held = m_held.empty() ? 0 : selected[w];
                if (visible & ~held) note(0);
                if (visible & held) note(1);
                return;
            }
            for (; visible != 0; visible &= visible - 1) note(keyOf(64 * w + static_cast<std::size_t>(std::countr_zero(visible))));
        });
        for (std::size_t key = 0; key < found.size(); ++key) {
            if (!found[key]) continue;
            Look look{m_editor.changes().way(static_cast<SplatChanges::Place>(key / 2), m_group.after), key % 2 != 0};
            const auto known = std::find(m_looks.begin(), m_looks.end(), look);
            m_itemOf[key] = static_cast<std::uint32_t>(known - m_looks.begin());
            if (known == m_looks.end()) m_looks.push_back(std::move(look));
        }
    }

    void makeMarks() {
        m_marks.resize(m_looks.size());
        const bool all = m_looks.size() == 1 && !m_group.block.origins && m_group.block.count == m_group.cloud.count();
        if (all && m_gone.none() && m_editor.selected().none() && m_editor.locked().none()) return;
        std::vector<SplatMark*> to;
        for (auto& marks : m_marks) {
            auto made = std::make_shared<std::vector<SplatMark>>(m_group.cloud.count(), SplatMark::Hidden);
            to.push_back(made->data());
            marks = std::move(made);
        }
        const auto selected = m_editor.selected().words(), locked = m_editor.locked().words();
        forEachWord([&](std::size_t w, std::uint64_t visible) {
            const std::uint64_t ordinary = ~(selected[w] | locked[w]);
            for (std::uint64_t left = visible; left != 0; left &= left - 1) {
                const auto bit = static_cast<unsigned>(std::countr_zero(left));
                const std::size_t i = 64 * w + bit;
                SplatMark* marks = m_looks.size() == 1 ? to[0] : to[m_itemOf[keyOf(i)]];
                marks[m_group.block.originOf(i)] = ordinary >> bit & 1    ? SplatMark::None
                                                   : locked[w] >> bit & 1 ? SplatMark::Locked
                                                                          : SplatMark::Selected;
            }
        });
    }

    const SplatEditor& m_editor;
    const Group& m_group;
    std::span<const SplatChange> m_held;
    const SplatMask& m_gone;
    std::vector<std::uint32_t> m_itemOf; ///< of a place in the tree of changes, twice: not held, and held
    std::vector<Look> m_looks;
    std::vector<std::shared_ptr<const std::vector<SplatMark>>> m_marks;
};

} // namespace

std::optional<std::size_t> EditedItems::splatOf(std::uint32_t item, std::uint32_t splat) const {
    return item < blocks.size() ? blocks[item].copyOf(splat) : std::nullopt;
}

EditedItems EditedScene::items(const SplatEditor& editor, std::span<const SplatChange> held) {
    if (!usesFlat(editor)) m_flat = {};
    const SplatEditor::Moment now = editor.now();
    if (held.empty() && editor.count() <= kFewSplats && now.steps > 0 && (m_flat.count() == 0 || m_moment.stamp != now.stamp)) flatten(editor);
    SplatMask gone = editor.hidden();
    gone |= editor.deleted();
    EditedItems all{{}, {}};
    const std::vector<Group> groups = groupsOf(editor, m_flat, m_moment);
    for (const Group& group : groups) Items(editor, group, held, gone).addTo(all);
    if (all.items.empty()) { // all is hidden or deleted
        all.items.push_back({.cloud = groups.front().cloud.withFieldsOf({}), .visible = false});
        all.blocks.push_back({});
    }
    if (!editor.source().fields().empty()) {
        all.items.push_back({.cloud = SplatCloud(SplatData(), editor.source().name()).withFieldsOf(editor.source())});
        all.blocks.push_back({});
    }
    return all;
}

void EditedScene::flatten(const SplatEditor& editor, const Cancel& cancel) {
    m_flat = SplatCloud(editor.whole(cancel), editor.source().name());
    m_moment = editor.now();
}

} // namespace ochre
