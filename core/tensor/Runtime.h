// SPDX-License-Identifier: GPL-3.0-or-later
// Where and how models run: device, precision, threads, seeds, memory, stopping, and what LibTorch's errors
// mean.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/Cancel.h"
#include "core/base/Error.h"

namespace at {
struct Generator;
}

namespace ochre::tensor {

enum class Device { Cpu, Cuda };
enum class Precision { Auto, Float32, Bfloat16 };

Device deviceFromName(std::string_view name);       ///< "auto", "cpu", "cuda"; throws Error
Precision precisionFromName(std::string_view name); ///< "auto", "float32", "bfloat16"; throws Error
const char* name(Device device);
const char* name(Precision precision);

bool cudaAvailable();
Device bestDevice(); ///< CUDA where LibTorch and the machine have it

/// What this CPU multiplies in hardware.
struct CpuFeatures {
    bool avx2 = false;
    bool avx512 = false; ///< with BW, DQ and VL
    bool avx512Vnni = false, avx512Bf16 = false, amxBf16 = false;
    bool fastBfloat16() const { return avx512Bf16 || amxBf16; }
};
const CpuFeatures& cpuFeatures();

/// Largest and mean difference from float32, of a picture in 0…1, that bfloat16 may have to be chosen by
/// Auto.
inline constexpr float kBfloat16MaxError = 8.0f / 255.0f;
inline constexpr float kBfloat16MeanError = 0.5f / 255.0f;

/// What Auto means on `device` before the error is known: bfloat16 only where the hardware has it.
Precision choosePrecision(Precision asked, Device device);

int physicalCores();            ///< that this process may use
void useThreads(int count = 0); ///< of LibTorch's kernels; 0: one a physical core

/// A generator on the CPU, so that a seed gives the same numbers on every device.
at::Generator generator(std::uint64_t seed);

std::uint64_t
availableMemory(); ///< bytes that can be taken without swapping, the container's limit counted in
std::uint64_t residentMemory(); ///< bytes of this process now
std::uint64_t
peakMemory(); ///< most bytes of this process so far, or since resetPeakMemory where Linux allows it
void resetPeakMemory();

/// Runs `body` without gradients and with `cancel` as the token that layers ask; what LibTorch throws comes
/// out as Error, out of memory with the kind Memory. Nests; one thread.
void run(const Cancel& cancel, const std::function<void()>& body);

/// The token of the innermost run() on this thread; layers ask it between pieces of work.
const Cancel& currentCancel();

} // namespace ochre::tensor
