// SPDX-License-Identifier: GPL-3.0-or-later
// All cases and the key tables of releases of the networks that look at pictures.
#include <gtest/gtest.h>

#include "core/models/Parity.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using Verdict = ParityResult::Verdict;

class VisionCases : public ::testing::TestWithParam<const char*> {};

TEST_P(VisionCases, Pass) {
    OCHRE_SHARED_OR_SKIP(cases, "parity");
    const auto results = runParity(cases / GetParam());
    EXPECT_GE(results.size(), 2u);
    for (const ParityResult& result : results) EXPECT_EQ(result.verdict, Verdict::Pass) << result.line();
}

INSTANTIATE_TEST_SUITE_P(Vision, VisionCases, ::testing::Values("yolox", "sam", "mobile_sam", "sam2", "dinov2", "detr"));

TEST(VisionKeys, OfReleasesAreExpected) {
    OCHRE_SHARED_OR_SKIP(keys, "parity/keys");
    for (const char* name : {"yolox_nano", "yolox_tiny", "yolox_s", "yolox_m", "yolox_l", "yolox_x", "yolox_darknet53", "sam_vit_b",
                             "sam_vit_l", "sam_vit_h", "mobile_sam", "sam2.1_hiera_t", "sam2.1_hiera_s", "sam2.1_hiera_b+",
                             "sam2.1_hiera_l", "dinov2_vits14", "dinov2_vits14_reg", "dinov2_vitb14", "dinov2_vitl14",
                             "dinov2_vitg14", "detr_r50", "detr_r50_dc5", "detr_r101"}) {
        const ParityResult result = runParity(keys / (std::string(name) + ".json")).at(0);
        EXPECT_EQ(result.verdict, Verdict::Pass) << result.line();
    }
}

} // namespace
} // namespace ochre::models
