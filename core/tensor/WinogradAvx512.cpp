// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/WinogradKernel.h"

namespace ochre::nn::winograd {
namespace {

constexpr int kLanes = 16, kRows = 12; // of registers: kRows × 2 sums are held at a time

} // namespace

const Backend kAvx512 = makeBackend<kLanes, kRows>();

} // namespace ochre::nn::winograd
