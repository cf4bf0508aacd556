// SPDX-License-Identifier: GPL-3.0-or-later
// The weights of a network while it is trained: masters in float32, what is computed with, and their moving average. All
// lie in one stretch of memory a kind, so that a step of the optimiser is one pass.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/tensor/Weights.h"

namespace ochre::training {

using at::Tensor;
using Shapes = std::map<std::string, tensor::Shape>;

class Parameters {
public:
    struct Entry {
        std::string name;
        std::int64_t first = 0, count = 0; ///< in the stretch
        bool decays = false;               ///< matrices and kernels do, vectors do not
        Tensor master, average;            ///< views of the stretches, float32
        Tensor used;                       ///< what networks are built from: a leaf that collects its gradient
    };

    /// All values 0. `compute`: float32, or bfloat16, in which networks then compute. Kernels lie channels-last.
    explicit Parameters(const Shapes& shapes, at::ScalarType compute = at::kFloat, at::Device device = at::kCPU);
    Parameters(const Parameters&) = delete;
    Parameters& operator=(const Parameters&) = delete;

    /// Kernels and matrices uniform in ±√(3·gain/inputs), vectors named "….weight" 1, the rest 0. `gain` of a name: 1 keeps
    /// the variance; 0 makes layers whose result is added to something silent at first. The same numbers for a seed,
    /// whatever the number of threads, on every device.
    void initialise(std::uint64_t seed, const std::function<double(const std::string& name)>& gain);
    /// Takes the values of all names from `weights`; the average starts there too. Throws Error for another shape or a missing
    /// name, unless it begins with one of `mayLack`: then it stays as it is.
    void load(const tensor::Weights& weights, const std::vector<std::string>& mayLack = {});

    /// To build networks that learn, in tensor::learn().
    tensor::Weights weights() const;
    /// The average in the type that is computed in: a copy, to build networks that are used and, on the CPU, to be saved.
    tensor::Weights averaged(at::Device device = at::kCPU) const;

    const std::vector<Entry>& entries() const { return m_entries; }
    std::int64_t count() const { return m_master.numel(); }
    at::Device device() const { return m_master.device(); }
    std::string layout() const; ///< tells names and shapes: a state can only be read back into its own

    Tensor& master() { return m_master; }
    const Tensor& master() const { return m_master; }
    Tensor& average() { return m_average; }
    const Tensor& average() const { return m_average; }
    Tensor& gradient() { return m_gradient; }

    void collectGradients(); ///< adds what backward() left in the leaves to the stretch, and clears the leaves
    void mastersChanged();   ///< copies them to what is computed with

private:
    Tensor view(const Tensor& stretch, const Entry& entry, const tensor::Shape& shape) const;

    std::vector<Entry> m_entries;
    Tensor m_master, m_average, m_gradient; ///< [count]
    Tensor m_compute;                       ///< [count]; undefined where the masters are computed with
};

} // namespace ochre::training
