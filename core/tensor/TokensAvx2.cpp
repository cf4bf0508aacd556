// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/TokenKernel.h"

namespace ochre::nn::tokens {
namespace {

constexpr int kLanes = 8, kRows = 4; // of registers: kRows × 3 sums are held at a time

} // namespace

const Backend kAvx2{kLanes,
                     kRows,
                     pack<kLanes>,
                     attend<kLanes, kRows>,
                     gatedGelu<kLanes, float>,
                     gatedGelu<kLanes, unsigned short>};

} // namespace ochre::nn::tokens
