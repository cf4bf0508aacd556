// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/EditWorker.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/base/TaskPool.h"
#include "core/scene/SceneIo.h"

namespace ochre::ui {
namespace {

/// Where an order only shows the selection otherwise: how. Checks what the steps themselves would.
std::optional<std::vector<SplatChange>> heldBy(const std::vector<SplatEdit>& edits, const SplatEditor& editor) {
    if (edits.empty() || editor.selected().none()) return std::nullopt;
    std::vector<SplatChange> held;
    for (const SplatEdit& edit : edits) {
        const std::optional<SplatChange> change = changeOf(edit);
        if (!change) return std::nullopt;
        ReadyChange{*change}; // throws where it is none
        held.push_back(*change);
    }
    return held;
}

} // namespace

std::optional<Vec3> EditState::middle() const {
    if (!selection) return std::nullopt;
    Vec3 middle;
    for (std::size_t k = 0; k < 3; ++k) middle[k] = (selection->min[k] + selection->max[k]) / 2;
    return middle;
}

Histogram histogramOf(const SplatEditor& editor, SplatValue which) {
    constexpr float kNone = std::numeric_limits<float>::quiet_NaN(); // of what does not count
    constexpr std::size_t kGrain = 1 << 14;
    Histogram h{.which = which};
    std::vector<float> values(editor.count());
    float low = std::numeric_limits<float>::infinity(), high = -low;
    std::mutex mutex;
    TaskPool::shared().parallelFor(values.size(), kGrain, [&](std::size_t first, std::size_t last) {
        float least = std::numeric_limits<float>::infinity(), most = -least;
        for (std::size_t i = first; i < last; ++i) {
            const double value = valueOf(editor.data(), i, which);
            const auto shown = static_cast<float>(which == SplatValue::Size ? std::log10(value) : value);
            values[i] = editor.deleted()[i] || editor.hidden()[i] || !std::isfinite(shown) ? kNone : shown;
            if (std::isnan(values[i])) continue;
            least = std::min(least, shown);
            most = std::max(most, shown);
        }
        std::lock_guard lock(mutex);
        low = std::min(low, least);
        high = std::max(high, most);
    });
    if (which == SplatValue::Size && low <= high) h.low = low, h.high = std::max(high, low + 1e-3f);
    TaskPool::shared().parallelFor(values.size(), kGrain, [&](std::size_t first, std::size_t last) {
        std::array<std::uint32_t, Histogram::kBins> all{}, selected{};
        for (std::size_t i = first; i < last; ++i) {
            if (std::isnan(values[i])) continue;
            const double share = (values[i] - h.low) / (h.high - h.low);
            const auto bin = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * (Histogram::kBins - 1) + 0.5);
            ++all[bin];
            if (editor.selected()[i]) ++selected[bin];
        }
        std::lock_guard lock(mutex);
        for (std::size_t bin = 0; bin < Histogram::kBins; ++bin) h.all[bin] += all[bin], h.selected[bin] += selected[bin];
    });
    return h;
}

EditWorker::EditWorker(QObject* parent) : QObject(parent) {}

EditWorker::~EditWorker() {
    {
        std::lock_guard lock(m_mutex);
        m_stop = true;
        m_cancel.request();
        m_tidying.request();
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
        m_tidying.request();
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
                const Cancel tidying = m_tidying = Cancel::make();
                lock.unlock();
                tidy(tidying);
                lock.lock();
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

void EditWorker::tidy(const Cancel& cancel) {
    if (!m_editor) return;
    try {
        if (std::exchange(m_shownItems, 1) > EditedScene::kManyItems) {
            m_scene.flatten(*m_editor, cancel);
            Q_EMIT changed(tell());
        }
        if (m_selector.wantsTrial(m_editor->data())) m_selector.tryOut(m_editor->data(), m_editor->dataState(), cancel);
    } catch (...) {
        if (const Error e = currentError(); !e.cancelled()) log::warning("editing: {}", e.full()); // the items are right too
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
        m_selector = {};
        m_editor.emplace(wanted.cloud);
        m_editor->askThrough([this](const SplatQuery& query, const SplatData& data, std::uint64_t state, const Cancel& cancel) {
            return m_selector.answer(query, data, state, cancel);
        });
        m_base = &wanted.cloud.data(); // the editor holds the cloud, so no other has this address
        m_scene = {};
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
    std::optional<std::vector<SplatChange>> held;
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
    const auto state = tell(held.value_or(std::vector<SplatChange>()));
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

std::shared_ptr<const EditState> EditWorker::tell(const std::vector<SplatChange>& held) {
    auto state = std::make_shared<EditState>();
    static_cast<EditedItems&>(*state) = m_scene.items(*m_editor, held);
    if (held.empty()) m_shownItems = state->items.size();
    state->selected = m_editor->selected().count();
    state->hidden = m_editor->hidden().count();
    state->locked = m_editor->locked().count();
    state->left = m_editor->count() - m_editor->deleted().count();
    state->selection = m_editor->selectionBounds();
    state->steps = m_steps;
    return state;
}

} // namespace ochre::ui
