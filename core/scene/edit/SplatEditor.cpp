// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/edit/SplatEditor.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Memory.h"
#include "core/base/TaskPool.h"
#include "core/scene/SplatFilter.h"
#include "core/scene/SplatValues.h"
#include "core/scene/edit/Neighbours.h"

namespace ochre {
namespace {

constexpr std::size_t kGrain = 2048;
constexpr std::size_t kMostSplats = 0x7fffffff;

/// copy(i, at): number i of the splats stands there among all.
void forEachOf(std::span<const std::uint32_t> splats, const auto& copy) {
    TaskPool::shared().parallelFor(splats.size(), kGrain, [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) copy(i, splats[i]);
    });
}

std::vector<float> taken(const std::vector<float>& from, std::size_t each, std::span<const std::uint32_t> splats) {
    std::vector<float> to(splats.size() * each);
    if (each > 0) forEachOf(splats, [&](std::size_t i, std::size_t at) { std::copy_n(&from[at * each], each, &to[i * each]); });
    return to;
}

void putBack(std::vector<float>& to, std::size_t each, std::span<const std::uint32_t> splats, const std::vector<float>& from) {
    if (!from.empty()) forEachOf(splats, [&](std::size_t i, std::size_t at) { std::copy_n(&from[i * each], each, &to[at * each]); });
}

void requireFactor(double factor, const char* what) {
    if (!(factor > 0) || !std::isfinite(factor)) throw Error(fmt::format("{} times {}", what, factor), "a factor is a positive number");
}

} // namespace

/// One step, done to an editor. What could fail is done before anything is changed.
class SplatEditor::Applying {
public:
    Applying(SplatEditor& editor, Step& step, const Cancel& cancel) : m_editor(editor), m_step(step), m_cancel(cancel) {}

    void operator()(const edits::Select& select) {
        SplatMask found = answer(select.query, m_data, m_cancel);
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
        const std::vector<std::uint32_t> splats = requireSelection("duplicate");
        const std::size_t count = m_editor.count(), more = splats.size();
        if (count + more > kMostSplats) throw Error(fmt::format("{} splats and {} more", count, more), "a cloud holds less than 2147483648");
        requireMemory(more);
        const auto append = [&](std::vector<float>& values, std::size_t each) {
            const std::vector<float> copies = taken(values, each, splats);
            values.insert(values.end(), copies.begin(), copies.end());
        };
        append(m_data.positions, 3);
        append(m_data.logScales, 3);
        append(m_data.rotations, 4);
        append(m_data.sh0, 3);
        append(m_data.shRest, 3 * shRestCount(m_data.shDegree));
        append(m_data.opacities, 1);
        m_state.selected = SplatMask(count);
        for (SplatMask* mask : {&m_state.selected, &m_state.hidden, &m_state.locked, &m_state.deleted}) mask->resize(count + more);
        for (std::size_t i = count; i < count + more; ++i) m_state.selected.set(i);
        ++m_editor.m_dataVersion;
    }
    void operator()(const edits::Move& move) {
        const std::vector<std::uint32_t> splats = requireSelection("move");
        const SplatMover mover(move.similarity.about(move.pivot)); // may throw
        Before& before = remember(splats);
        const std::size_t rest = 3 * shRestCount(m_data.shDegree);
        before.positions = taken(m_data.positions, 3, splats);
        before.logScales = taken(m_data.logScales, 3, splats);
        if (mover.turns()) {
            before.rotations = taken(m_data.rotations, 4, splats);
            before.shRest = taken(m_data.shRest, rest, splats);
        }
        forEachOf(splats, [&](std::size_t, std::size_t i) { mover.move(m_data, i); });
    }
    void operator()(const edits::Grade& grade) {
        const std::vector<std::uint32_t> splats = requireSelection("grade");
        const ColorMap map = colorMapOf(grade);
        Before& before = remember(splats);
        const std::size_t rest = shRestCount(m_data.shDegree);
        before.sh0 = taken(m_data.sh0, 3, splats);
        before.shRest = taken(m_data.shRest, 3 * rest, splats);
        const auto mapped = [&](std::size_t row, const double (&rgb)[3]) {
            return map.matrix[3 * row] * rgb[0] + map.matrix[3 * row + 1] * rgb[1] + map.matrix[3 * row + 2] * rgb[2];
        };
        forEachOf(splats, [&](std::size_t, std::size_t i) {
            float* base = &m_data.sh0[3 * i];
            const double color[3] = {colorOf(base[0]), colorOf(base[1]), colorOf(base[2])};
            for (std::size_t k = 0; k < 3; ++k) base[k] = sh0Of(mapped(k, color) + map.offset[k]);
            for (std::size_t c = 0; c < rest; ++c) {
                float* sh = &m_data.shRest[3 * (i * rest + c)];
                const double rgb[3] = {sh[0], sh[1], sh[2]};
                for (std::size_t k = 0; k < 3; ++k) sh[k] = static_cast<float>(mapped(k, rgb));
            }
        });
    }
    void operator()(const edits::Opacity& opacity) {
        requireFactor(opacity.factor, "opacities");
        const std::vector<std::uint32_t> splats = requireSelection("change in opacity");
        remember(splats).opacities = taken(m_data.opacities, 1, splats);
        forEachOf(splats, [&](std::size_t, std::size_t i) { m_data.opacities[i] = logit(std::min(1.0, opacity.factor * sigmoid(m_data.opacities[i]))); });
    }
    void operator()(const edits::Size& size) {
        requireFactor(size.factor, "sizes");
        const std::vector<std::uint32_t> splats = requireSelection("change in size");
        remember(splats).logScales = taken(m_data.logScales, 3, splats);
        const auto larger = static_cast<float>(std::log(size.factor));
        forEachOf(splats, [&](std::size_t, std::size_t i) {
            for (std::size_t k = 0; k < 3; ++k) m_data.logScales[3 * i + k] += larger;
        });
    }

private:
    std::vector<std::uint32_t> requireSelection(const char* what) const {
        std::vector<std::uint32_t> splats = m_state.selected.indices();
        if (splats.empty()) throw Error(fmt::format("there is nothing to {}: no splat is selected", what), "select some first");
        return splats;
    }
    /// For so many more splats: the arrays are made anew and the old ones copied.
    void requireMemory(std::size_t more) const {
        const std::size_t bytes = (m_editor.count() + more) * (14 + 3 * shRestCount(m_data.shDegree)) * sizeof(float);
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
    Before& remember(const std::vector<std::uint32_t>& splats) {
        m_step.before.splats = splats;
        ++m_editor.m_dataVersion;
        return m_step.before;
    }

    SplatEditor& m_editor;
    Step& m_step;
    const Cancel& m_cancel;
    SplatData& m_data = m_editor.m_data;
    State& m_state = m_editor.m_state;
};

SplatEditor::SplatEditor(const SplatCloud& cloud)
    : m_cloud(cloud), m_data(cloud.data()),
      m_state{SplatMask(cloud.count()), SplatMask(cloud.count()), SplatMask(cloud.count()), SplatMask(cloud.count())} {}

SplatMask SplatEditor::selectable() const {
    SplatMask free(count(), true);
    free -= m_state.hidden;
    free -= m_state.locked;
    free -= m_state.deleted;
    return free;
}

void SplatEditor::apply(const SplatEdit& edit, const Cancel& cancel) {
    Step step{.edit = edit, .state = m_state, .before = {}, .count = count()};
    std::visit(Applying(*this, step, cancel), edit);
    m_done.push_back(std::move(step));
    m_undone.clear();
}

void SplatEditor::restore(const Before& b) {
    putBack(m_data.positions, 3, b.splats, b.positions);
    putBack(m_data.logScales, 3, b.splats, b.logScales);
    putBack(m_data.rotations, 4, b.splats, b.rotations);
    putBack(m_data.opacities, 1, b.splats, b.opacities);
    putBack(m_data.sh0, 3, b.splats, b.sh0);
    putBack(m_data.shRest, 3 * shRestCount(m_data.shDegree), b.splats, b.shRest);
}

void SplatEditor::undo() {
    if (m_done.empty()) return;
    Step step = std::move(m_done.back());
    m_done.pop_back();
    restore(step.before);
    if (step.count != count()) {
        m_data.positions.resize(3 * step.count);
        m_data.logScales.resize(3 * step.count);
        m_data.rotations.resize(4 * step.count);
        m_data.opacities.resize(step.count);
        m_data.sh0.resize(3 * step.count);
        m_data.shRest.resize(3 * shRestCount(m_data.shDegree) * step.count);
        ++m_dataVersion;
    }
    if (!step.before.splats.empty()) ++m_dataVersion;
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

SplatCloud SplatEditor::usable(SplatData data) const {
    dropUnusable(data);
    return SplatCloud(std::move(data), m_cloud.name());
}

SplatCloud SplatEditor::result() const {
    if (m_dataVersion == 0 && m_state.deleted.none()) return m_cloud;
    SplatMask kept(count(), true);
    kept -= m_state.deleted;
    return usable(select(m_data, kept.indices())).withFieldsOf(m_cloud);
}

SplatCloud SplatEditor::selection() const {
    return usable(select(m_data, m_state.selected.indices()));
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
