// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Weights.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <set>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/matmul.h>
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Finite.h"
#include "core/tensor/HalfConvert.h"

namespace ochre::tensor {
namespace {

/// Training scripts put the network's own names under these; averaged weights come before plain ones.
constexpr const char* kWrappers[] = {"params_ema", "ema", "params",  "state_dict", "model_state_dict",
                                     "model",      "net", "network", "generator",  "module"};
constexpr std::size_t kAlignment = 16;

at::Tensor ownTensor(const StoredTensor& stored) {
    std::vector<std::byte> buffer;
    const auto bytes = contiguousBytes(stored, buffer);
    at::Tensor tensor = at::empty(stored.shape, at::TensorOptions().dtype(scalarType(stored.dtype)));
    if (!bytes.empty()) std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
    return tensor;
}

bool isRecomputed(const std::string& name) {
    return name.ends_with("num_batches_tracked");
}

} // namespace

struct Weights::State {
    std::shared_ptr<const Checkpoint> checkpoint;
    std::map<std::string, at::Tensor> live; ///< those of this process, by name; then the checkpoint tells their shapes
    mutable std::mutex mutex;
    std::set<const StoredTensor*> used;
};

struct Weights::Patched {
    std::map<const StoredTensor*, std::vector<WeightPatch>> of;
};

at::ScalarType scalarType(Dtype dtype) {
    switch (dtype) {
    case Dtype::Bool:
        return at::kBool;
    case Dtype::U8:
        return at::kByte;
    case Dtype::I8:
        return at::kChar;
    case Dtype::F8E5M2:
        return at::kFloat8_e5m2;
    case Dtype::F8E4M3:
        return at::kFloat8_e4m3fn;
    case Dtype::I16:
        return at::kShort;
    case Dtype::U16:
        return at::kUInt16;
    case Dtype::F16:
        return at::kHalf;
    case Dtype::BF16:
        return at::kBFloat16;
    case Dtype::I32:
        return at::kInt;
    case Dtype::U32:
        return at::kUInt32;
    case Dtype::F32:
        return at::kFloat;
    case Dtype::I64:
        return at::kLong;
    case Dtype::U64:
        return at::kUInt64;
    case Dtype::F64:
        return at::kDouble;
    case Dtype::C64:
        return at::kComplexFloat;
    case Dtype::C128:
        return at::kComplexDouble;
    }
    return at::kFloat;
}

Dtype dtypeOf(at::ScalarType type) {
    for (int i = 0; i <= static_cast<int>(Dtype::C128); ++i)
        if (const auto dtype = static_cast<Dtype>(i); scalarType(dtype) == type) return dtype;
    throw Error(fmt::format("type {} of LibTorch has no name in files", c10::toString(type)));
}

Weights Weights::open(const std::filesystem::path& path, Placement placement) {
    return from(openCheckpoint(path), placement);
}

Weights Weights::from(Checkpoint checkpoint, Placement placement) {
    if (!checkpoint.index) checkpoint.finish();
    Weights weights;
    weights.m_state = std::make_shared<State>();
    weights.m_state->checkpoint = std::make_shared<const Checkpoint>(std::move(checkpoint));
    weights.m_placement = placement;
    return weights;
}

Weights Weights::of(std::map<std::string, at::Tensor> tensors, const std::string& subject,
                    std::optional<at::ScalarType> floating) {
    Checkpoint checkpoint;
    checkpoint.subject = subject;
    checkpoint.format = "memory";
    Placement placement;
    for (const auto& [name, tensor] : tensors) {
        checkpoint.tensors.push_back({.name = name, .dtype = dtypeOf(tensor.scalar_type()), .shape = tensor.sizes().vec()});
        if (tensor.is_floating_point()) placement.floating = floating.value_or(tensor.scalar_type());
    }
    Weights weights = from(std::move(checkpoint), placement);
    weights.m_state->live = std::move(tensors);
    return weights;
}

Weights Weights::placed(Placement placement) const {
    Weights other = *this;
    other.m_state = std::make_shared<State>();
    other.m_state->checkpoint = m_state->checkpoint;
    other.m_placement = placement;
    for (const auto& [name, tensor] : m_state->live)
        other.m_state->live[name] = tensor.is_floating_point() ? other.place(tensor, placement.floating) : tensor;
    return other;
}

Weights Weights::sub(const std::string& prefix) const {
    Weights view = *this;
    view.m_prefix += prefix;
    return view;
}

Weights Weights::renamed(std::map<std::string, std::string> askedToStored) const {
    std::map<std::string, std::string> all = m_renames ? *m_renames : std::map<std::string, std::string>();
    for (const auto& [asked, name] : askedToStored) all[m_prefix + asked] = stored(name);
    Weights view = *this;
    view.m_renames = std::make_shared<const std::map<std::string, std::string>>(std::move(all));
    return view;
}

std::string Weights::stored(const std::string& name) const {
    const std::string full = m_prefix + name;
    if (!m_renames) return full;
    const auto it = m_renames->find(full);
    return it == m_renames->end() ? full : it->second;
}

Weights Weights::patched(const WeightPatches& patches) const {
    auto all = m_patched ? std::make_shared<Patched>(*m_patched) : std::make_shared<Patched>();
    for (const auto& [name, added] : patches) {
        const StoredTensor& stored = find(name);
        if (!isFloating(stored.dtype))
            throw Error(
                fmt::format("{}: tensor \"{}{}\" is {}, only real floating-point weights can be patched",
                            checkpoint().subject, m_prefix, name, tensor::name(stored.dtype)));
        auto& list = all->of[&stored];
        list.insert(list.end(), added.begin(), added.end());
    }
    Weights view = *this;
    view.m_patched = std::move(all);
    return view;
}

Weights Weights::changed(const std::map<std::string, LowRank>& changes) const {
    using Changes = std::map<std::string, std::shared_ptr<const LowRank>>;
    Changes all = m_changes ? *m_changes : Changes();
    for (const auto& [name, change] : changes) {
        const Shape& sides = shape(name);
        const at::Tensor &down = change.down, &up = change.up;
        const auto count = static_cast<std::int64_t>(elementCount(sides).value_or(0));
        const bool fits = sides.size() >= 2 && down.dim() >= 2 && up.dim() >= 2 && down.size(0) > 0 && up.size(0) == sides[0] &&
                          up.numel() == down.size(0) * sides[0] && down.numel() / down.size(0) * sides[0] == count;
        if (!fits)
            throw Error(fmt::format("{}: tensor \"{}{}\" is {}, which no change of {} by {} fits", subject(), m_prefix, name,
                                    describe(sides), describe(up.sizes().vec()), describe(down.sizes().vec())),
                        "use what was learned for this model");
        all[stored(name)] = std::make_shared<const LowRank>(change);
    }
    Weights view = *this;
    view.m_changes = std::make_shared<const Changes>(std::move(all));
    return view;
}

Weights Weights::unchanged() const {
    Weights view = *this;
    view.m_changes = nullptr;
    return view;
}

std::shared_ptr<const LowRank> Weights::change(const std::string& name) const {
    if (!m_changes) return nullptr;
    const auto it = m_changes->find(stored(name));
    return it == m_changes->end() ? nullptr : it->second;
}

Weights Weights::finiteOnly() const {
    Weights view = *this;
    view.m_finiteOnly = true;
    return view;
}

std::vector<Weights> Weights::unwrapped() const {
    std::vector<Weights> views{*this};
    // A wrapper in a wrapper in a wrapper is the most that published files have.
    std::size_t from = 0;
    for (int depth = 0; depth < 3; ++depth) {
        const std::size_t to = views.size();
        for (; from < to; ++from)
            for (const char* wrapper : kWrappers) {
                const Weights view = views[from].sub(std::string(wrapper) + ".");
                const auto& index = *checkpoint().index;
                const auto it = index.lower_bound(view.m_prefix);
                if (it != index.end() && it->first.starts_with(view.m_prefix)) views.push_back(view);
            }
    }
    return views;
}

const Checkpoint& Weights::checkpoint() const {
    return *m_state->checkpoint;
}

std::vector<std::string> Weights::namesWhere(const std::function<bool(const StoredTensor&)>& wanted) const {
    std::map<std::string, std::string> asked;
    if (m_renames)
        for (const auto& [name, storedName] : *m_renames) asked[storedName] = name;
    std::vector<std::string> result;
    for (const StoredTensor& tensor : checkpoint().tensors) {
        const auto it = asked.find(tensor.name);
        const std::string& name = it == asked.end() ? tensor.name : it->second;
        if (name.starts_with(m_prefix) && wanted(tensor)) result.push_back(name.substr(m_prefix.size()));
    }
    return result;
}

std::vector<std::string> Weights::names() const {
    return namesWhere([](const StoredTensor&) { return true; });
}

bool Weights::has(const std::string& name) const {
    return checkpoint().find(stored(name)) != nullptr;
}

const StoredTensor& Weights::find(const std::string& name) const {
    const std::string full = stored(name);
    const StoredTensor* tensor = checkpoint().find(full);
    if (!tensor)
        throw Error(fmt::format("{}: has no tensor \"{}\"", checkpoint().subject, full),
                    "the file is of another model than it looks like, or not all of it");
    return *tensor;
}

const Shape& Weights::shape(const std::string& name) const {
    return find(name).shape;
}

std::int64_t Weights::size(const std::string& name, std::size_t dimension) const {
    const Shape& sides = shape(name);
    if (dimension >= sides.size())
        throw Error(fmt::format("{}: tensor \"{}{}\" is {}, at least {} dimensions are needed",
                                checkpoint().subject, m_prefix, name, describe(sides), dimension + 1));
    return sides[dimension];
}

at::Tensor Weights::tensor(const std::string& name) const {
    const at::Tensor weight = fetch(name);
    const auto low = change(name);
    if (!low) return weight;
    const at::Tensor up = low->up.flatten(1).to(at::kFloat), down = low->down.flatten(1).to(at::kFloat);
    const at::Tensor added = at::matmul(up, down).mul(low->scale).view(weight.sizes());
    return weight.to(at::kFloat).add(added).to(weight.scalar_type());
}

at::Tensor Weights::fetch(const std::string& name) const {
    const StoredTensor& stored = find(name);
    const Checkpoint& file = checkpoint();
    file.checkUnchanged();
    file.verify(stored);
    if (m_finiteOnly) requireFinite(stored, file.subject);
    {
        const std::lock_guard lock(m_state->mutex);
        m_state->used.insert(&stored);
    }
    if (const auto live = m_state->live.find(stored.name); live != m_state->live.end()) return live->second;
    at::Tensor tensor;
    if (reinterpret_cast<std::uintptr_t>(stored.bytes.data()) % kAlignment == 0 && !stored.bytes.empty()) {
        // The deleter's copy of the pointer keeps the file mapped as long as the tensor lives.
        const auto release = [keep = m_state->checkpoint](void*) {};
        const auto options = at::TensorOptions().dtype(scalarType(stored.dtype));
        auto* data = const_cast<std::byte*>(stored.bytes.data());
        tensor = stored.strides.empty() ? at::from_blob(data, stored.shape, release, options)
                                        : at::from_blob(data, stored.shape, stored.strides, release, options);
    } else {
        tensor = ownTensor(stored);
    }
    if (m_patched && m_patched->of.contains(&stored)) tensor = applyPatches(stored, tensor);
    const at::Tensor result = place(tensor, isFloating(stored.dtype) ? m_placement.floating : tensor.scalar_type());
    if (result.const_data_ptr() != stored.bytes.data()) file.giveBack(stored);
    return result;
}

at::Tensor Weights::place(const at::Tensor& tensor, at::ScalarType type) const {
    if (m_placement.device == Device::Cuda) return tensor.to(at::kCUDA, type);
    if (tensor.scalar_type() != at::kHalf || type != at::kBFloat16 || !tensor.is_contiguous()) return tensor.to(type);
    at::Tensor result = at::empty_like(tensor, at::TensorOptions().dtype(at::kBFloat16));
    halfToBfloat16(static_cast<const std::uint16_t*>(tensor.const_data_ptr()), tensor.numel(),
                   static_cast<std::uint16_t*>(result.mutable_data_ptr()));
    return result;
}

at::Tensor Weights::applyPatches(const StoredTensor& stored, const at::Tensor& base) const {
    const at::Tensor weight = base.to(at::kFloat, false, true).contiguous();
    for (const WeightPatch& patch : m_patched->of.at(&stored)) {
        currentCancel().check();
        at::Tensor changed = weight;
        patch(changed);
    }
    const StoredTensor result{
        .name = stored.name,
        .dtype = Dtype::F32,
        .shape = stored.shape,
        .bytes = {static_cast<const std::byte*>(weight.const_data_ptr()), weight.nbytes()}};
    if (m_finiteOnly && firstNonFinite(result))
        throw broken(fmt::format("{}: tensor \"{}\" is not finite once it is patched", checkpoint().subject,
                                 stored.name),
                     "use the adapter with a smaller strength, or another file of it");
    return weight;
}

std::vector<std::string> Weights::unused() const {
    const std::lock_guard lock(m_state->mutex);
    return namesWhere([this](const StoredTensor& tensor) {
        return !m_state->used.contains(&tensor) && !isRecomputed(tensor.name);
    });
}

} // namespace ochre::tensor
