// SPDX-License-Identifier: GPL-3.0-or-later
// Blocks of networks that keep what goes into them in place of all that happens inside, which backward() computes once more:
// less memory, more time (checkpointing, arXiv 1604.06174).
#pragma once

#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ochre::nn {

/// While one of these lives and is on, blocks that learn on this thread are recomputed.
class Recomputing {
public:
    explicit Recomputing(bool on);
    ~Recomputing();
    Recomputing(const Recomputing&) = delete;
    Recomputing& operator=(const Recomputing&) = delete;

private:
    bool m_before;
};

using BlockBody = std::function<at::Tensor(const std::vector<at::Tensor>& inputs)>;

/// body(inputs): a block of a network. Its gradients are the same, bit for bit, whether it is recomputed or not. What is
/// recomputed runs again in backward(), for which all that it refers to must still be there; it must give the same again, and what
/// else it learns must be leaves. `inputs` are defined. Not while learning it is the plain call.
at::Tensor block(const std::vector<at::Tensor>& inputs, const BlockBody& body);

} // namespace ochre::nn
