// SPDX-License-Identifier: GPL-3.0-or-later
// The weights of a model, fetched by their published names; what was never fetched can be told.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/tensor/Checkpoint.h"
#include "core/tensor/Runtime.h"

namespace ochre::tensor {

/// Where tensors are to lie, for a whole model.
struct Placement {
    Device device = Device::Cpu;
    at::ScalarType floating = at::kFloat; ///< type of all real floating-point weights; integers keep theirs
};

/// Changes a weight in place: float32, contiguous, on the CPU, its own copy of what is stored. The same input
/// must always give the same result.
using WeightPatch = std::function<void(at::Tensor& weight)>;

/// By name of the tensor; those of one tensor are applied in order.
using WeightPatches = std::map<std::string, std::vector<WeightPatch>>;

/// A change of a matrix or kernel that passes through few numbers (arXiv 2106.09685): weight + scale · up · down.
struct LowRank {
    at::Tensor down, up; ///< [rank, in] or [rank, in, kh, kw]; [out, rank] or [out, rank, 1, 1]
    double scale = 1;
};

/// Copies and views share the file and the record of what was used. Thread-safe.
class Weights {
public:
    static Weights open(const std::filesystem::path& path, Placement placement = {});
    static Weights from(Checkpoint checkpoint, Placement placement = {});

    /// Tensors of this process, which tensor() gives as they are: a change of theirs is a change of every layer that was
    /// built from them. `subject` as in messages.
    /// The placement is of the type `floating`; unset: of the last of them.
    static Weights of(std::map<std::string, at::Tensor> tensors, const std::string& subject,
                      std::optional<at::ScalarType> floating = std::nullopt);

    /// The same weights placed otherwise; use is recorded apart.
    Weights placed(Placement placement) const;

    /// View of the names that begin with `prefix`, which is cut off.
    Weights sub(const std::string& prefix) const;

    /// View with other names for the tensors of this one: asked for the first of a pair, it gives the second. Names
    /// that are not in the map pass through; names() tells the first ones.
    Weights renamed(std::map<std::string, std::string> askedToStored) const;
    /// The same view, in which the named tensors (names of this view) are patched in float32 each time they
    /// are fetched, after the patches that it has already. All else stays mapped and shared; the file is
    /// never written. Throws Error for a name that is not there or is of whole numbers.
    Weights patched(const WeightPatches& patches) const;

    /// The same view with low-rank changes of the named tensors on top: tensor() gives what they come to together, computed in
    /// float32, through which gradients lead to the factors; layers that learn fetch both apart. Throws Error for a name that is
    /// not there and for factors that do not fit it.
    Weights changed(const std::map<std::string, LowRank>& changes) const;
    Weights unchanged() const; ///< the same view without them
    std::shared_ptr<const LowRank> change(const std::string& name) const; ///< null where there is none

    /// The same view, in which tensor() throws Error (Broken) naming file and key where a value is NaN or
    /// infinite, as stored or after patches. Costs one pass over the bytes of each tensor that is fetched.
    Weights finiteOnly() const;

    /// This view and those under the usual wrappers (params_ema, params, state_dict, model, module, …, also
    /// nested), in the order in which a model should try them.
    std::vector<Weights> unwrapped() const;

    std::vector<std::string> names() const; ///< of this view, in file order
    bool has(const std::string& name) const;
    const Shape& shape(const std::string& name) const; ///< throws Error naming file and key
    std::int64_t size(const std::string& name, std::size_t dimension) const;
    Dtype dtype(const std::string& name) const { return find(name).dtype; } ///< as it is stored

    /// In the placement's type. No copy where type, device and alignment fit: the tensor then lies in the
    /// mapped file and keeps it open; never write to it. Throws Error naming file and key where it is missing
    /// or damaged.
    at::Tensor tensor(const std::string& name) const;

    /// Names of this view that nobody fetched, but for buffers that models recompute (num_batches_tracked).
    std::vector<std::string> unused() const;

    const Placement& placement() const { return m_placement; }
    const std::string& prefix() const { return m_prefix; }
    const Checkpoint& checkpoint() const;
    std::string subject() const { return checkpoint().subject; }

private:
    struct State;
    struct Patched;
    const StoredTensor& find(const std::string& name) const;
    std::string stored(const std::string& name) const;
    at::Tensor fetch(const std::string& name) const; ///< without changes
    std::vector<std::string> namesWhere(const std::function<bool(const StoredTensor&)>& wanted) const;
    at::Tensor place(const at::Tensor& tensor, at::ScalarType type) const; ///< on the placement's device
    at::Tensor applyPatches(const StoredTensor& stored, const at::Tensor& base) const;

    std::shared_ptr<State> m_state;
    std::shared_ptr<const Patched> m_patched;
    std::shared_ptr<const std::map<std::string, std::shared_ptr<const LowRank>>> m_changes; ///< by stored name
    std::string m_prefix;
    std::shared_ptr<const std::map<std::string, std::string>> m_renames; ///< in full: asked to stored
    Placement m_placement;
    bool m_finiteOnly = false;
};

at::ScalarType scalarType(Dtype dtype);
Dtype dtypeOf(at::ScalarType type); ///< throws Error for types that files do not have

} // namespace ochre::tensor
