// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/EditWorker.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/scene/SceneIo.h"

namespace ochre::ui {
namespace {

enum class Part { All, Selection, Rest };

/// Null where none is marked.
std::shared_ptr<const std::vector<SplatMark>> marksOf(const SplatEditor& editor, Part part = Part::All) {
    if (editor.selected().none() && editor.hidden().none() && editor.locked().none() &&
        editor.deleted().none())
        return nullptr;
    auto marks = std::make_shared<std::vector<SplatMark>>(editor.count());
    const auto selected = editor.selected().words(), hidden = editor.hidden().words(),
               locked = editor.locked().words(), deleted = editor.deleted().words();
    for (std::size_t i = 0; i < marks->size(); ++i) {
        const std::size_t w = i / 64, bit = i % 64;
        const std::uint64_t left = part == Part::Selection ? ~selected[w] : part == Part::Rest ? selected[w] : 0;
        if ((selected[w] | hidden[w] | locked[w] | deleted[w] | left) >> bit & 1)
            (*marks)[i] = (hidden[w] | deleted[w] | left) >> bit & 1 ? SplatMark::Hidden
                          : locked[w] >> bit & 1                     ? SplatMark::Locked
                                                                     : SplatMark::Selected;
    }
    return marks;
}

/// Where an order only shows the selection; checks what the move itself would.
std::optional<Similarity> heldBy(const std::vector<SplatEdit>& edits, const SplatEditor& editor) {
    const auto* move = edits.size() == 1 ? std::get_if<edits::Move>(&edits.front()) : nullptr;
    if (!move || editor.selected().none()) return std::nullopt;
    const Similarity about = move->similarity.about(move->pivot);
    SplatMover{about}; // throws where it is none
    return about;
}

std::optional<Bounds> boundsOf(const SplatData& data, const SplatMask& splats) {
    std::optional<Bounds> bounds;
    for (const std::size_t i : splats.indices()) {
        const float* p = &data.positions[3 * i];
        if (!bounds) bounds = Bounds{{p[0], p[1], p[2]}, {p[0], p[1], p[2]}};
        for (std::size_t k = 0; k < 3; ++k) {
            bounds->min[k] = std::min<double>(bounds->min[k], p[k]);
            bounds->max[k] = std::max<double>(bounds->max[k], p[k]);
        }
    }
    return bounds;
}

} // namespace

std::optional<Vec3> EditState::middle() const {
    if (!selection) return std::nullopt;
    Vec3 middle;
    for (std::size_t k = 0; k < 3; ++k) middle[k] = (selection->min[k] + selection->max[k]) / 2;
    return middle;
}

Histogram histogramOf(const SplatEditor& editor, SplatValue which) {
    Histogram h{.which = which};
    const std::size_t count = editor.count();
    std::vector<float> values(count);
    float low = std::numeric_limits<float>::infinity(), high = -low;
    const auto counts = [&](std::size_t i) {
        return !editor.deleted()[i] && !editor.hidden()[i] && std::isfinite(values[i]);
    };
    for (std::size_t i = 0; i < count; ++i) {
        const double value = valueOf(editor.data(), i, which);
        values[i] = static_cast<float>(which == SplatValue::Size ? std::log10(value) : value);
        if (!counts(i)) continue;
        low = std::min(low, values[i]);
        high = std::max(high, values[i]);
    }
    if (which == SplatValue::Size && low <= high) h.low = low, h.high = std::max(high, low + 1e-3f);
    for (std::size_t i = 0; i < count; ++i) {
        if (!counts(i)) continue;
        const double share = (values[i] - h.low) / (h.high - h.low);
        const auto bin = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * (Histogram::kBins - 1) + 0.5);
        ++h.all[bin];
        if (editor.selected()[i]) ++h.selected[bin];
    }
    return h;
}

EditWorker::EditWorker(QObject* parent) : QObject(parent) {}

EditWorker::~EditWorker() {
    {
        std::lock_guard lock(m_mutex);
        m_stop = true;
        m_cancel.request();
    }
    m_wake.notify_all();
    if (m_thread.joinable()) m_thread.join();
}

void EditWorker::push(Task task) {
    {
        std::lock_guard lock(m_mutex);
        if (std::holds_alternative<Wanted>(task) ||
            std::holds_alternative<SplatValue>(task)) // what was wanted before no longer is
            std::erase_if(m_tasks, [&](const Task& t) { return t.index() == task.index(); });
        const auto* order = std::get_if<EditOrder>(&task);
        const auto* before = m_tasks.empty() ? nullptr : std::get_if<EditOrder>(&m_tasks.back());
        if (order && before && !order->key.isEmpty() && before->key == order->key && !before->keep)
            m_tasks.pop_back();
        m_tasks.push_back(std::move(task));
        if (!m_thread.joinable()) m_thread = std::thread([this] { work(); });
    }
    m_wake.notify_all();
}

void EditWorker::setSteps(const SplatCloud& cloud, std::vector<std::string> steps) {
    push(Wanted{cloud, std::move(steps)});
}

void EditWorker::apply(EditOrder order) {
    push(std::move(order));
}

void EditWorker::save(std::filesystem::path path) {
    push(std::move(path));
}

void EditWorker::count(SplatValue which) {
    push(which);
}

void EditWorker::work() {
    for (;;) {
        std::optional<Task> task;
        {
            std::unique_lock lock(m_mutex);
            if (m_tasks.empty() && !m_stop) {
                Q_EMIT busyChanged(false);
                m_wake.wait(lock, [this] { return m_stop || !m_tasks.empty(); });
            }
            if (m_stop) return;
            task = std::move(m_tasks.front());
            m_tasks.pop_front();
        }
        Q_EMIT busyChanged(true);
        try {
            std::visit([this](const auto& what) { carryOut(what); }, *task);
        } catch (...) {
            const Error e = currentError();
            if (e.cancelled()) continue;
            if (m_editor) Q_EMIT changed(tell());
            Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
        }
    }
}

void EditWorker::takeBack(std::size_t steps) {
    for (; steps > 0; --steps) {
        m_editor->undo();
        m_steps.pop_back();
    }
}

void EditWorker::carryOut(const Wanted& wanted) {
    if (!m_editor || m_base != &wanted.cloud.data()) {
        m_editor.emplace(wanted.cloud);
        m_base = &wanted.cloud.data(); // the editor holds the cloud, so no other has this address
        m_shown = wanted.cloud;
        m_shownVersion = 0;
        m_steps.clear();
    }
    const auto [here, there] =
        std::mismatch(m_steps.begin(), m_steps.end(), wanted.steps.begin(), wanted.steps.end());
    const auto same = static_cast<std::size_t>(here - m_steps.begin());
    if (same < m_steps.size() || same < wanted.steps.size()) m_lastKey.clear();
    takeBack(m_steps.size() - same);
    m_broken = true;
    for (std::size_t i = same; i < wanted.steps.size(); ++i) {
        const std::string name = fmt::format("step {}", i + 1);
        try {
            m_editor->apply(editFromJson(parseJson(wanted.steps[i], name), m_editor->count(), name),
                            m_cancel);
        } catch (const Error& e) {
            if (e.cancelled() || e.message().starts_with(name)) throw;
            throw Error(fmt::format("{}: {}", name, e.message()), e.hint());
        }
        m_steps.push_back(wanted.steps[i]);
    }
    m_broken = false;
    Q_EMIT changed(tell());
}

void EditWorker::carryOut(const EditOrder& order) {
    if (!m_editor) return;
    if (m_broken)
        throw Error("one of the steps cannot be done, so no other can follow it",
                    "undo it, or correct the steps in the inspector");
    if (!order.key.isEmpty() && order.key == m_lastKey) takeBack(m_last);
    m_lastKey.clear();
    m_last = 0;
    std::optional<Similarity> held;
    try {
        const std::vector<SplatEdit> edits = order.make(*m_editor);
        if (!order.keep) held = heldBy(edits, *m_editor);
        if (!held)
            for (const SplatEdit& edit : edits) {
                m_editor->apply(edit, m_cancel);
                m_steps.push_back(dumpJson(toJson(edit)));
                ++m_last;
            }
    } catch (...) {
        takeBack(m_last);
        m_last = 0;
        throw;
    }
    m_lastKey = order.key;
    const auto state = tell(held);
    Q_EMIT changed(state);
    Q_EMIT done(state, order.title, order.key, order.keep, order.turn);
}

void EditWorker::carryOut(const std::filesystem::path& path) {
    if (!m_editor) return;
    writeSplats(m_editor->result(), path, {}, m_cancel);
    Q_EMIT saved(QString::fromStdString(path.string()));
}

void EditWorker::carryOut(SplatValue which) {
    if (m_editor) Q_EMIT histogramReady(std::make_shared<const Histogram>(histogramOf(*m_editor, which)));
}

std::shared_ptr<const EditState> EditWorker::tell(const std::optional<Similarity>& held) {
    if (m_shownVersion != m_editor->dataVersion()) {
        m_shown = SplatCloud(SplatData(m_editor->data()), m_shown.name()).withFieldsOf(m_shown);
        m_shownVersion = m_editor->dataVersion();
    }
    auto state = std::make_shared<EditState>();
    state->cloud = m_shown;
    if (held) {
        state->items = {{.cloud = m_shown, .marks = marksOf(*m_editor, Part::Rest)},
                        {.cloud = m_shown.withFieldsOf({}), .toWorld = similarityMatrix(*held), .marks = marksOf(*m_editor, Part::Selection)}};
    } else {
        state->items = {{.cloud = m_shown, .marks = marksOf(*m_editor)}};
    }
    state->selected = m_editor->selected().count();
    state->hidden = m_editor->hidden().count();
    state->locked = m_editor->locked().count();
    state->left = m_editor->count() - m_editor->deleted().count();
    state->selection = boundsOf(m_editor->data(), m_editor->selected());
    state->steps = m_steps;
    return state;
}

} // namespace ochre::ui
