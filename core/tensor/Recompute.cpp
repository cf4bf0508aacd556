// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Recompute.h"

#include <ATen/ops/alias.h>
#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/tensor/Learning.h"
#include "core/tensor/Runtime.h"

namespace ochre::nn {
namespace {

using at::Tensor;
using torch::autograd::variable_list;

thread_local bool t_recomputing = false;

/// What a node of the graph keeps beside tensors.
struct Kept : torch::CustomClassHolder {
    explicit Kept(const BlockBody& b) : body(b) {}
    BlockBody body;
};

struct RecomputedBlock : torch::autograd::Function<RecomputedBlock> {
    /// `anchor` wants a gradient, so that backward() comes by even where no input does: what is learned may be inside.
    static Tensor forward(torch::autograd::AutogradContext* context, const Tensor&, at::TensorList inputs, const BlockBody& body) {
        context->save_for_backward(inputs.vec());
        context->saved_data["body"] = c10::IValue::make_capsule(c10::make_intrusive<Kept>(body));
        return body(inputs.vec());
    }

    static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& outs) {
        std::vector<Tensor> inputs;
        for (const Tensor& one : context->get_saved_variables())
            inputs.push_back(one.detach().requires_grad_(one.requires_grad()));
        const auto kept = context->saved_data["body"].toCapsule();
        tensor::learn(tensor::currentCancel(), [&] {
            const at::AutoGradMode graph(true);
            const Recomputing plain(false);
            const Tensor out = static_cast<const Kept&>(*kept).body(inputs);
            if (out.requires_grad()) out.backward(outs.front()); // to leaves inside as well
        });
        variable_list gradients{Tensor()};
        for (const Tensor& input : inputs) gradients.push_back(input.grad());
        gradients.emplace_back();
        return gradients;
    }
};

} // namespace

Recomputing::Recomputing(bool on) : m_before(t_recomputing) {
    t_recomputing = on;
}

Recomputing::~Recomputing() {
    t_recomputing = m_before;
}

Tensor block(const std::vector<Tensor>& inputs, const BlockBody& body) {
    if (!tensor::learning()) return body(inputs);
    if (t_recomputing && at::GradMode::is_enabled()) {
        const Tensor anchor = at::empty({0}).requires_grad_();
        return RecomputedBlock::apply(anchor, at::TensorList(inputs), body);
    }
    // Gradients inside of the block are summed before those from outside of it are added, as where it is recomputed.
    std::vector<Tensor> seen;
    for (const Tensor& input : inputs) seen.push_back(input.requires_grad() ? at::alias(input) : input);
    return body(seen);
}

} // namespace ochre::nn
