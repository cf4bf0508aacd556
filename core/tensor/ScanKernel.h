// SPDX-License-Identifier: GPL-3.0-or-later
// What the selective scan and its gradient share. For their sources alone.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "core/tensor/SelectiveScan.h"
#include "core/tensor/Vector.h"

namespace ochre::nn::scan {

constexpr int kLanes = 4;           // floats of a register that every processor has
constexpr std::int64_t kBlock = 16; // channels that are scanned together: a line of the cache
constexpr double kLog2E = 1.4426950408889634;

/// float32 on the CPU, contiguous.
struct Plain {
    explicit Plain(const ScanInput& in)
        : u(in.u.contiguous()), delta(in.delta.contiguous()), a(in.a.contiguous()), b(in.b.contiguous()), c(in.c.contiguous()),
          d(in.d.contiguous()), batch(u.size(0)), tokens(u.size(1)), channels(u.size(2)), states(a.size(1)),
          blocks((channels + kBlock - 1) / kBlock), decay(static_cast<std::size_t>(blocks * states * kBlock)),
          skip(static_cast<std::size_t>(blocks * kBlock)) {
        const float *aData = a.const_data_ptr<float>(), *dData = d.const_data_ptr<float>();
        for (std::int64_t i = 0; i < channels; ++i) {
            skip[static_cast<std::size_t>(i)] = dData[i];
            for (std::int64_t s = 0; s < states; ++s)
                decay[static_cast<std::size_t>((i / kBlock * states + s) * kBlock + i % kBlock)] =
                    static_cast<float>(kLog2E * static_cast<double>(aData[i * states + s]));
        }
    }
    const float* decayOf(std::int64_t block) const { return decay.data() + block * states * kBlock; } ///< [S][kBlock]: A·log2(e)
    std::int64_t width(std::int64_t block) const { return std::min(kBlock, channels - block * kBlock); }

    Tensor u, delta, a, b, c, d;
    std::int64_t batch, tokens, channels, states, blocks;
    std::vector<float> decay, skip; ///< by blocks; 0 for channels that there are not
};

/// Numbers of the channels of a block, 0 behind the last.
inline std::array<float, kBlock> blockOf(const float* row, std::int64_t width) {
    std::array<float, kBlock> values{};
    std::copy_n(row, width, values.begin());
    return values;
}

/// The scan, and the scan with a gradient for all six inputs.
Tensor forward(const Plain& in);
Tensor differentiable(const ScanInput& input);

} // namespace ochre::nn::scan
