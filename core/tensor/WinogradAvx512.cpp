// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/WinogradKernel.h"

namespace ochre::nn::winograd {
namespace {

constexpr int kLanes = 16, kRows = 12; // of registers: kRows × 2 sums are held at a time

void run(const Plan& plan, const Picture& picture, const float* packed, long first, long count, float* scratch,
         const Output& out) {
    float* products = scratch + kPoints * planeOf(count, plan.inChannels);
    readTiles<kLanes>(picture, plan, first, count, scratch);
    multiply<kLanes, kRows>(plan, packed, scratch, count, products);
    writeTiles<kLanes>(plan, products, first, count, out);
}

} // namespace

const Backend kAvx512{2 * kLanes, packWeights<kLanes>, run};

} // namespace ochre::nn::winograd
