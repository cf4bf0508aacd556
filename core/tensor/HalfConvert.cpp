// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/HalfConvert.h"

#include <ATen/Parallel.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/tensor/Runtime.h"

namespace ochre::tensor {
namespace {

constexpr std::int64_t kGrain = 1 << 16;

void convertPlain(const std::uint16_t* from, std::int64_t count, std::uint16_t* to) {
    for (std::int64_t i = 0; i < count; ++i)
        to[i] = c10::BFloat16(static_cast<float>(c10::Half(from[i], c10::Half::from_bits()))).x;
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) void convertAvx512(const std::uint16_t* from, std::int64_t count, std::uint16_t* to) {
    constexpr std::int64_t lanes = 16;
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const __m512 value = _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i)));
        const __m512i bits = _mm512_castps_si512(value);
        const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
        const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
        // The conversion has made every NaN a quiet one, which stays one when it is cut off.
        const __mmask16 nan = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
        const __m512i high = _mm512_srli_epi32(_mm512_mask_mov_epi32(rounded, nan, bits), 16);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), _mm512_cvtepi32_epi16(high));
    }
    convertPlain(from + i, count - i, to + i);
}
#endif

} // namespace

void halfToBfloat16(const std::uint16_t* from, std::int64_t count, std::uint16_t* to) {
    auto convert = convertPlain;
#if defined(__x86_64__)
    if (cpuFeatures().avx512) convert = convertAvx512;
#endif
    at::parallel_for(0, count, kGrain, [&](std::int64_t begin, std::int64_t end) {
        convert(from + begin, end - begin, to + begin);
    });
}

} // namespace ochre::tensor
