// SPDX-License-Identifier: GPL-3.0-or-later
// What one layer of an adapter does to a weight, by kind.
// Sources: LoRA arXiv 2106.09685, LoHa arXiv 2108.06098, LoKr arXiv 2309.14859, DoRA arXiv 2402.09353, OFT
// arXiv 2306.07280, BOFT arXiv 2311.06243; as KohakuBlueleaf/LyCORIS stores them.
#pragma once

#include <string>

#include "core/models/diffusion/AdapterFile.h"
#include "core/tensor/Weights.h"

namespace ochre::models {

/// Sides of the weight that a layer is made for: rows, and all other sides multiplied. {0, 0}: fits any
/// (biases). Throws Error (Broken) where its pieces do not fit each other.
struct AdapterSides {
    std::int64_t rows = 0, columns = 0;
    bool operator==(const AdapterSides&) const = default;
};
AdapterSides adapterSides(const AdapterLayer& layer, const tensor::Weights& file, std::int64_t rowsOfTarget);

/// ΔW of a LoRA, LoCon, LoHa or LoKr layer or a full difference, float32 [rows, columns], alpha/rank and all,
/// at strength 1.
///
/// LoRA: up·down; with a middle, Σ up[o,a] mid[a,b,…] down[b,i]. LoHa: (w1a·w1b)∘(w2a·w2b), each with its
/// core t where there is one. LoKr: w1 ⊗ w2, of which either may be a product.
at::Tensor adapterDelta(const AdapterLayer& layer, const tensor::Weights& file);

/// Changes `weight` [out, in, …], float32, in place by the layer at `strength`. It is contiguous or a view of
/// two sides.
///
/// W + s·ΔW; with a DoRA magnitude m: W + s·(m·(W+ΔW)/‖W+ΔW‖ − W), the norm along the axis that m has not
/// (LyCORIS and PEFT; ComfyUI takes ‖W‖ for magnitudes of rows); OFT: (1 + s·(R−1))ᵀ·W, BOFT without the
/// transposition, with the orthogonal R = (1+Q)(1−Q)⁻¹ of the skew part Q of the blocks, ‖Q‖ held to
/// alpha·out where alpha > 0.
void adaptWeight(const at::Tensor& weight, const AdapterLayer& layer, const tensor::Weights& file,
                 double strength);

/// The change of a bias at strength 1, float32 [rows]; undefined where the layer has none.
at::Tensor adapterBiasDelta(const AdapterLayer& layer, const tensor::Weights& file);

} // namespace ochre::models
