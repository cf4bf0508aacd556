// SPDX-License-Identifier: GPL-3.0-or-later
// What each family of diffusion models does best with. `ochre generate`, the nodes' defaults and the starter projects
// go by this one table.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ochre::nodes {

struct FamilyDefaults {
    std::string_view family; ///< as models::name(DiffusionFamily) says it
    std::int64_t side;       ///< pixels of a square picture; others have about its area
    std::int64_t multiple;   ///< of pixels that sides are
    std::int64_t steps;
    double cfg;
    const char* sampler;
    const char* scheduler;
    /// The model that enlarges what comes out, by its name in the models folder; empty: it is large enough.
    const char* upscaler = "";
    std::int64_t factor = 1; ///< by which it does
};

inline constexpr std::array<FamilyDefaults, 5> kFamilyDefaults{{
    {"sd1", 512, 8, 20, 7, "euler", "normal"},
    {"sd2", 768, 8, 20, 7, "euler", "normal"},
    {"sdxl", 1024, 8, 20, 7, "euler", "normal"},
    {"sdxl-refiner", 1024, 8, 20, 7, "euler", "normal"},
    // As the recipe latent_diffusion samples. Its flat drawings are enlarged as well by the small network for
    // animation as by realesrgan-x4plus, which takes more than ten times as long.
    {"starter", 128, 32, 20, 3, "dpmpp_2m", "sgm_uniform", "realesr-animevideov3-x4", 4},
}};

/// Stable Diffusion 1's, which the nodes have, for families that are not known.
constexpr const FamilyDefaults& familyDefaults(std::string_view family) {
    for (const FamilyDefaults& defaults : kFamilyDefaults)
        if (defaults.family == family) return defaults;
    return kFamilyDefaults.front();
}

} // namespace ochre::nodes
