// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/edit/SplatEditor.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Memory.h"
#include "core/base/TaskPool.h"
#include "core/scene/SplatFilter.h"
#include "core/scene/SplatValues.h"
#include "core/scene/edit/MaskLoop.h"
#include "core/scene/edit/Neighbours.h"

namespace ochre {
namespace {

constexpr std::size_t kGrain = 1 << 16; // numbers
constexpr std::size_t kMostSplats = 0x7fffffff;

std::vector<float> copyOf(const std::vector<float>& from) {
    std::vector<float> to(from.size());
    TaskPool::shared().parallelFor(from.size(), kGrain, [&](std::size_t first, std::size_t last) {
        std::copy(from.begin() + static_cast<std::ptrdiff_t>(first), from.begin() + static_cast<std::ptrdiff_t>(last),
                  to.begin() + static_cast<std::ptrdiff_t>(first));
    });
    return to;
}

/// Of the splats of a set, `Each` numbers a splat; into room for them at `to`.
template <std::size_t Each>
void take(const std::vector<float>& from, const SplatMask& splats, float* to) {
    forEachRanked(splats, [&](std::size_t rank, std::size_t i) { std::copy_n(&from[i * Each], Each, to + rank * Each); });
}

template <std::size_t Each>
std::vector<float> taken(const std::vector<float>& from, const SplatMask& splats) {
    std::vector<float> to(splats.count() * Each);
    take<Each>(from, splats, to.data());
    return to;
}

template <std::size_t Each>
void putBack(std::vector<float>& to, const SplatMask& splats, const std::vector<float>& from) {
    if (!from.empty()) forEachRanked(splats, [&](std::size_t rank, std::size_t i) { std::copy_n(&from[rank * Each], Each, &to[i * Each]); });
}

template <std::size_t Each>
void append(std::vector<float>& values, const SplatMask& splats, std::size_t more) {
    const std::size_t before = values.size();
    values.resize(before + more * Each);
    take<Each>(values, splats, values.data() + before);
}

} // namespace

std::optional<std::size_t> SplatBlock::copyOf(std::size_t origin) const {
    if (!origins) return origin < count ? std::optional(first + origin) : std::nullopt;
    const auto found = std::lower_bound(origins->begin(), origins->end(), origin);
    if (found == origins->end() || *found != origin) return std::nullopt;
    return first + static_cast<std::size_t>(found - origins->begin());
}

/// One step, done to an editor. What could fail is done before anything is changed.
class SplatEditor::Applying {
public:
    Applying(SplatEditor& editor, Step& step, const Cancel& cancel) : m_editor(editor), m_step(step), m_cancel(cancel) {}

    void operator()(const edits::Select& select) {
        SplatMask found = m_editor.m_asker ? m_editor.m_asker(select.query, m_data, m_editor.dataState(), m_cancel)
                                           : answer(select.query, m_data, m_cancel);
        found &= m_editor.selectable();
        switch (select.combine) {
        case edits::Combine::Replace: m_state.selected = std::move(found); break;
        case edits::Combine::Add: m_state.selected |= found; break;
        case edits::Combine::Subtract: m_state.selected -= found; break;
        case edits::Combine::Intersect: m_state.selected &= found; break;
        }
    }
    void operator()(const edits::Invert&) {
        m_state.selected.invert();
        m_state.selected &= m_editor.selectable();
    }
    void operator()(const edits::Grow& grow) {
        SplatMask near = within(m_data.positions, m_state.selected, grow.distance, m_cancel);
        near &= m_editor.selectable();
        m_state.selected = std::move(near);
    }
    void operator()(const edits::Shrink& shrink) {
        SplatMask others = m_editor.selectable();
        others -= m_state.selected;
        m_state.selected -= within(m_data.positions, others, shrink.distance, m_cancel);
    }
    void operator()(const edits::Hide&) { move(m_state.hidden); }
    void operator()(const edits::ShowAll&) { m_state.hidden = SplatMask(m_editor.count()); }
    void operator()(const edits::Lock&) { move(m_state.locked); }
    void operator()(const edits::UnlockAll&) { m_state.locked = SplatMask(m_editor.count()); }
    void operator()(const edits::Delete&) { move(m_state.deleted); }
    void operator()(const edits::Keep&) {
        requireSelection("keep");
        SplatMask others = m_editor.selectable();
        others -= m_state.selected;
        m_state.deleted |= others;
    }
    void operator()(const edits::Duplicate&) {
        requireSelection("duplicate");
        const SplatMask selected = m_state.selected;
        const std::size_t count = m_editor.count(), more = selected.count();
        if (count + more > kMostSplats) throw Error(fmt::format("{} splats and {} more", count, more), "a cloud holds less than 2147483648");
        requireMemory(more);
        const std::vector<std::uint32_t> splats = selected.indices();
        append<3>(m_data.positions, selected, more);
        append<3>(m_data.logScales, selected, more);
        append<3>(m_data.sh0, selected, more);
        append<1>(m_data.opacities, selected, more);
        m_editor.m_changes.copy(splats);
        addBlock(splats);
        m_state.selected = SplatMask(count);
        for (SplatMask* mask : {&m_state.selected, &m_state.hidden, &m_state.locked, &m_state.deleted}) mask->resize(count + more);
        for (std::size_t i = count; i < count + more; ++i) m_state.selected.set(i);
    }
    void operator()(const edits::Move& move) { change(move, "move"); }
    void operator()(const edits::Grade& grade) { change(grade, "grade"); }
    void operator()(const edits::Opacity& opacity) { change(opacity, "change in opacity"); }
    void operator()(const edits::Size& size) { change(size, "change in size"); }

private:
    void requireSelection(const char* what) const {
        if (m_state.selected.none()) throw Error(fmt::format("there is nothing to {}: no splat is selected", what), "select some first");
    }
    /// For so many more splats: those arrays that are kept, made anew, and the old ones copied.
    void requireMemory(std::size_t more) const {
        const std::size_t bytes = (m_editor.count() + more) * 12 * sizeof(float);
        if (const std::size_t free = availableMemory(); bytes > free)
            throw Error(fmt::format("{} splats more take {} MB of memory, {} MB are free", more, bytes >> 20, free >> 20),
                        "select fewer splats", ErrorKind::Memory);
    }
    /// From the selection into another set.
    void move(SplatMask& to) {
        requireSelection("hide, lock or delete");
        to |= m_state.selected;
        m_state.selected = SplatMask(m_editor.count());
    }
    /// Of copies of these splats, which stand behind all others already.
    void addBlock(const std::vector<std::uint32_t>& splats) {
        std::size_t at = m_editor.count() - splats.size();
        auto from = splats.begin();
        const std::size_t blocks = m_editor.m_blocks.size();
        for (std::size_t l = 0; l < blocks; ++l) {
            const SplatBlock block = m_editor.m_blocks[l];
            const auto to = std::lower_bound(from, splats.end(), block.first + block.count);
            if (from == to) continue;
            std::vector<std::uint32_t> origins(static_cast<std::size_t>(to - from));
            std::transform(from, to, origins.begin(), [&](std::uint32_t i) { return static_cast<std::uint32_t>(block.originOf(i)); });
            m_editor.m_blocks.push_back({at, origins.size(), std::make_shared<const std::vector<std::uint32_t>>(std::move(origins))});
            at += static_cast<std::size_t>(to - from);
            from = to;
        }
    }
    void change(const SplatChange& wanted, const char* what) {
        requireSelection(what);
        const auto ready = std::make_shared<const ReadyChange>(wanted); // may throw
        const SplatMask& selected = m_state.selected;
        Before& before = m_step.before;
        if (ready->places()) before.positions = taken<3>(m_data.positions, selected);
        if (ready->sizes()) before.logScales = taken<3>(m_data.logScales, selected);
        if (ready->colors()) before.sh0 = taken<3>(m_data.sh0, selected);
        if (ready->opacities()) before.opacities = taken<1>(m_data.opacities, selected);
        before.changed = true;
        forEachIn(selected, [&](std::size_t i) {
            ready->apply(&m_data.positions[3 * i], &m_data.logScales[3 * i], &m_data.sh0[3 * i], &m_data.opacities[i]);
        });
        m_editor.m_changes.add(selected, ready, m_step.stamp);
    }

    SplatEditor& m_editor;
    Step& m_step;
    const Cancel& m_cancel;
    SplatData& m_data = m_editor.m_data;
    State& m_state = m_editor.m_state;
};

SplatEditor::SplatEditor(const SplatCloud& cloud)
    : m_cloud(cloud), m_changes(cloud.count()), m_blocks{{0, cloud.count()}},
      m_state{SplatMask(cloud.count()), SplatMask(cloud.count()), SplatMask(cloud.count()), SplatMask(cloud.count())} {
    const SplatData& d = cloud.data();
    m_data.shDegree = d.shDegree;
    m_data.antialiased = d.antialiased;
    m_data.dropped = d.dropped;
    m_data.positions = copyOf(d.positions);
    m_data.logScales = copyOf(d.logScales);
    m_data.opacities = copyOf(d.opacities);
    m_data.sh0 = copyOf(d.sh0);
}

SplatMask SplatEditor::selectable() const {
    SplatMask free(count(), true);
    free -= m_state.hidden;
    free -= m_state.locked;
    free -= m_state.deleted;
    return free;
}

void SplatEditor::apply(const SplatEdit& edit, const Cancel& cancel) {
    Step step{.edit = edit, .state = m_state, .before = {}, .count = count(), .blocks = m_blocks.size(), .stamp = m_stamp + 1};
    std::visit(Applying(*this, step, cancel), edit);
    ++m_stamp;
    m_done.push_back(std::move(step));
    m_undone.clear();
}

void SplatEditor::undo() {
    if (m_done.empty()) return;
    Step step = std::move(m_done.back());
    m_done.pop_back();
    if (step.before.changed) {
        const SplatMask& changed = step.state.selected;
        putBack<3>(m_data.positions, changed, step.before.positions);
        putBack<3>(m_data.logScales, changed, step.before.logScales);
        putBack<3>(m_data.sh0, changed, step.before.sh0);
        putBack<1>(m_data.opacities, changed, step.before.opacities);
        m_changes.takeBack(changed);
    }
    if (step.count != count()) {
        m_data.positions.resize(3 * step.count);
        m_data.logScales.resize(3 * step.count);
        m_data.sh0.resize(3 * step.count);
        m_data.opacities.resize(step.count);
        m_changes.resize(step.count);
        m_blocks.resize(step.blocks);
    }
    m_state = std::move(step.state);
    m_undone.push_back(std::move(step.edit));
}

void SplatEditor::redo() {
    if (m_undone.empty()) return;
    std::vector<SplatEdit> rest = std::move(m_undone);
    const SplatEdit edit = std::move(rest.back());
    rest.pop_back();
    apply(edit);
    m_undone = std::move(rest);
}

std::vector<SplatEdit> SplatEditor::steps() const {
    std::vector<SplatEdit> all;
    for (const Step& step : m_done) all.push_back(step.edit);
    return all;
}

SplatEditor::Moment SplatEditor::now() const {
    for (std::size_t i = m_done.size(); i-- > 0;)
        if (m_done[i].before.changed || m_done[i].count != (i + 1 < m_done.size() ? m_done[i + 1].count : count())) return {i + 1, m_done[i].stamp};
    return {};
}

bool SplatEditor::since(const Moment& moment) const {
    return moment.steps <= m_done.size() && (moment.steps == 0 || m_done[moment.steps - 1].stamp == moment.stamp);
}

std::optional<Bounds> SplatEditor::selectionBounds() const {
    constexpr float kFar = std::numeric_limits<float>::infinity();
    std::array<float, 3> low{kFar, kFar, kFar}, high{-kFar, -kFar, -kFar};
    std::mutex mutex;
    const std::span<const std::uint64_t> words = m_state.selected.words();
    TaskPool::shared().parallelFor(words.size(), kMaskWords, [&](std::size_t first, std::size_t last) {
        std::array<float, 3> least{kFar, kFar, kFar}, most{-kFar, -kFar, -kFar};
        for (std::size_t w = first; w < last; ++w)
            for (std::uint64_t word = words[w]; word != 0; word &= word - 1) {
                const float* p = &m_data.positions[3 * (64 * w + static_cast<std::size_t>(std::countr_zero(word)))];
                for (std::size_t k = 0; k < 3; ++k) least[k] = std::min(least[k], p[k]), most[k] = std::max(most[k], p[k]);
            }
        std::lock_guard lock(mutex);
        for (std::size_t k = 0; k < 3; ++k) low[k] = std::min(low[k], least[k]), high[k] = std::max(high[k], most[k]);
    });
    if (!(low[0] <= high[0])) return std::nullopt;
    return Bounds{{low[0], low[1], low[2]}, {high[0], high[1], high[2]}};
}

/// In rising order.
SplatData SplatEditor::make(const SplatMask& splats, const Cancel& cancel) const {
    const std::size_t count = splats.count(), rest = 3 * shRestCount(m_data.shDegree);
    SplatData to;
    to.shDegree = m_data.shDegree;
    to.antialiased = m_data.antialiased;
    to.dropped = m_data.dropped;
    to.positions = taken<3>(m_data.positions, splats);
    to.logScales = taken<3>(m_data.logScales, splats);
    to.opacities = taken<1>(m_data.opacities, splats);
    to.sh0 = taken<3>(m_data.sh0, splats);
    to.rotations.resize(4 * count);
    to.shRest.resize(rest * count);
    std::vector<std::vector<const ReadyChange*>> ways(m_changes.nodes());
    for (std::size_t p = 0; p < ways.size(); ++p) ways[p] = m_changes.way(static_cast<SplatChanges::Place>(p));
    const SplatData& from = m_cloud.data();
    for (const SplatBlock& block : m_blocks)
        forEachRanked(
            splats,
            [&](std::size_t rank, std::size_t i) {
                if (i - block.first >= block.count) return; // of another block
                const std::size_t origin = block.originOf(i);
                float *rotation = &to.rotations[4 * rank], *sh = to.shRest.data() + rest * rank;
                std::copy_n(&from.rotations[4 * origin], 4, rotation);
                std::copy_n(from.shRest.data() + rest * origin, rest, sh);
                for (const ReadyChange* change : ways[m_changes.places()[i]]) change->applyRest(rotation, sh, m_data.shDegree);
            },
            cancel);
    return to;
}

SplatData SplatEditor::whole(const Cancel& cancel) const {
    return make(SplatMask(count(), true), cancel);
}

SplatCloud SplatEditor::usable(const SplatMask& splats) const {
    SplatData data = make(splats, {});
    dropUnusable(data);
    return SplatCloud(std::move(data), m_cloud.name());
}

SplatCloud SplatEditor::result() const {
    if (m_changes.none() && m_blocks.size() == 1 && m_state.deleted.none()) return m_cloud;
    SplatMask kept(count(), true);
    kept -= m_state.deleted;
    return usable(kept).withFieldsOf(m_cloud);
}

SplatCloud SplatEditor::selection() const {
    return usable(m_state.selected);
}

SplatCloud edited(const SplatCloud& cloud, const Json& steps, std::string_view subject, const Cancel& cancel) {
    if (!steps.is_array()) throw broken(fmt::format("{}: not a list of steps", subject));
    SplatEditor editor(cloud);
    std::size_t number = 0;
    for (const Json& step : steps) {
        const std::string name = fmt::format("{}: step {}", subject, ++number);
        try {
            editor.apply(editFromJson(step, editor.count(), name), cancel);
        } catch (const Error& error) {
            if (error.cancelled() || error.message().starts_with(name)) throw;
            throw Error(fmt::format("{}: {}", name, error.message()), error.hint());
        }
    }
    return editor.result();
}

} // namespace ochre
