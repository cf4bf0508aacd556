// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/TokenKernel.h"

namespace ochre::nn::tokens {
namespace {

constexpr int kLanes = 16, kRows = 8; // of registers: kRows × 3 sums are held at a time

} // namespace

const Backend kAvx512{kLanes,
                     kRows,
                     pack<kLanes>,
                     attend<kLanes, kRows>,
                     gatedGelu<kLanes, float>,
                     gatedGelu<kLanes, unsigned short>};

} // namespace ochre::nn::tokens
