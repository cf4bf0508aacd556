// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Runtime.h"

#include <algorithm>
#include <fstream>
#include <new>
#include <set>
#include <sstream>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
#include <cpuid.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include "core/base/Memory.h"
#include "core/tensor/LargeBlocks.h"
#include "core/tensor/Learning.h"

namespace ochre::tensor {
namespace {

thread_local Cancel t_cancel;
thread_local bool t_learning = false;

/// "VmRSS:" of /proc/self/status and the like, in bytes; 0 where it is not there.
std::uint64_t procField(const char* file, std::string_view field) {
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);)
        if (line.starts_with(field)) return std::strtoull(line.c_str() + field.size(), nullptr, 10) * 1024;
    return 0;
}

std::uint64_t readNumber(const char* file, std::uint64_t fallback) {
    std::ifstream stream(file);
    std::uint64_t value = 0;
    return stream >> value ? value : fallback;
}

/// The operating system must save AVX-512 and AMX state too, else the instructions fault.
std::uint64_t enabledState() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 27))) return 0;
    std::uint32_t low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (std::uint64_t{high} << 32) | low;
}

CpuFeatures detect() {
    CpuFeatures features;
    unsigned a = 0, b = 0, c = 0, d = 0;
    const std::uint64_t state = enabledState();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return features;
    const bool zmm = (state & 0xe6) == 0xe6, tiles = (state & 0x60000) == 0x60000;
    features.avx2 = (b & (1u << 5)) && (state & 6) == 6;
    constexpr unsigned foundation = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31;
    features.avx512 = (b & foundation) && (b & dq) && (b & bw) && (b & vl) && zmm;
    features.avx512Vnni = features.avx512 && (c & (1u << 11));
    features.amxBf16 = (d & (1u << 22)) && (d & (1u << 24)) && tiles;
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) features.avx512Bf16 = features.avx512 && (a & (1u << 5));
    return features;
}

Error memoryError() {
    return Error(fmt::format("out of memory ({} MiB free)", availableMemory() >> 20),
                 "use a smaller tile or a smaller picture, or close other programs", ErrorKind::Memory);
}

Error fromTorch(const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    // The CPU allocator has no class of its own for this.
    for (const char* sign : {"can't allocate memory", "not enough memory", "out of memory"})
        if (text.find(sign) != std::string::npos) return memoryError();
    return Error("model: " + text.substr(0, text.find('\n')),
                 "this is a fault of Ochre or of the model file; the log has more");
}

class Scope {
public:
    Scope(const Cancel& cancel, bool learning)
        : m_before(t_cancel), m_learnedBefore(t_learning), m_inference(!learning) {
        t_cancel = cancel;
        t_learning = learning;
    }
    ~Scope() {
        t_cancel = m_before;
        t_learning = m_learnedBefore;
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

private:
    Cancel m_before;
    bool m_learnedBefore;
    c10::InferenceMode m_inference;
};

void runScoped(const Cancel& cancel, bool learning, const std::function<void()>& body) {
    try {
        useLargeBlocks();
        const Scope scope(cancel, learning);
        body();
    } catch (const c10::OutOfMemoryError&) {
        throw memoryError();
    } catch (const c10::Error& error) {
        throw fromTorch(error);
    } catch (const std::bad_alloc&) {
        throw memoryError();
    }
}

} // namespace

Device deviceFromName(std::string_view name) {
    if (name.empty() || name == "auto") return bestDevice();
    if (name == "cpu") return Device::Cpu;
    if (name != "cuda") throw Error(fmt::format("device \"{}\" is not known", name), "use auto, cpu or cuda");
    if (!cudaAvailable())
        throw Error("device cuda: not available here", "install the CUDA build of LibTorch, or use cpu");
    return Device::Cuda;
}

Precision precisionFromName(std::string_view name) {
    if (name.empty() || name == "auto") return Precision::Auto;
    if (name == "float32") return Precision::Float32;
    if (name == "bfloat16") return Precision::Bfloat16;
    throw Error(fmt::format("precision \"{}\" is not known", name), "use auto, float32 or bfloat16");
}

const char* name(Device device) {
    return device == Device::Cuda ? "cuda" : "cpu";
}

const char* name(Precision precision) {
    return precision == Precision::Auto ? "auto" : precision == Precision::Float32 ? "float32" : "bfloat16";
}

bool cudaAvailable() {
    static const bool available = at::hasCUDA();
    return available;
}

Device bestDevice() {
    return cudaAvailable() ? Device::Cuda : Device::Cpu;
}

const CpuFeatures& cpuFeatures() {
    static const CpuFeatures features = detect();
    return features;
}

Precision choosePrecision(Precision asked, Device device) {
    if (asked != Precision::Auto) return asked;
    return device == Device::Cpu && cpuFeatures().fastBfloat16() ? Precision::Bfloat16 : Precision::Float32;
}

int physicalCores() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
    std::set<std::pair<std::uint64_t, std::uint64_t>> cores;
    for (int i = 0; i < CPU_SETSIZE; ++i) {
        if (!CPU_ISSET(i, &allowed)) continue;
        const std::string folder = fmt::format("/sys/devices/system/cpu/cpu{}/topology/", i);
        cores.emplace(readNumber((folder + "physical_package_id").c_str(), 0),
                      readNumber((folder + "core_id").c_str(), static_cast<std::uint64_t>(i)));
    }
    return std::max(1, static_cast<int>(cores.size()));
}

void useThreads(int count) {
    const int threads = count > 0 ? count : physicalCores();
    if (at::get_num_threads() != threads) at::set_num_threads(threads);
}

at::Generator generator(std::uint64_t seed) {
    return at::detail::createCPUGenerator(seed);
}

std::uint64_t availableMemory() {
    return ochre::availableMemory();
}

std::uint64_t residentMemory() {
    return procField("/proc/self/status", "VmRSS:");
}

std::uint64_t peakMemory() {
    return procField("/proc/self/status", "VmHWM:");
}

void resetPeakMemory() {
    std::ofstream("/proc/self/clear_refs") << "5";
}

void run(const Cancel& cancel, const std::function<void()>& body) {
    runScoped(cancel, false, body);
}

void learn(const Cancel& cancel, const std::function<void()>& body) {
    runScoped(cancel, true, body);
}

bool learning() {
    return t_learning;
}

const Cancel& currentCancel() {
    return t_cancel;
}

} // namespace ochre::tensor
