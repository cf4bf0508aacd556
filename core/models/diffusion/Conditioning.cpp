// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Conditioning.h"

namespace ochre::models {
namespace {

std::size_t bytesOf(const nn::Tensor& tensor) {
    return tensor.defined() ? tensor.nbytes() : 0;
}

} // namespace

std::size_t Conditioning::bytes() const {
    std::size_t bytes = 0;
    for (const ConditioningEntry& e : entries) {
        bytes += sizeof e + bytesOf(e.states) + bytesOf(e.pooled) + bytesOf(e.mask);
        if (e.inpaint) bytes += bytesOf(e.inpaint->latent) + bytesOf(e.inpaint->mask);
        for (const ControlUse& use : e.controls) bytes += bytesOf(use.hint);
    }
    return bytes;
}

Conditioning withControl(const Conditioning& conditioning, const ControlUse& use) {
    Conditioning result = conditioning;
    for (ConditioningEntry& e : result.entries) e.controls.push_back(use);
    return result;
}

} // namespace ochre::models
