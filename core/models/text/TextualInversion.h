// SPDX-License-Identifier: GPL-3.0-or-later
// Textual inversions: a few learnt rows that stand for tokens, from every format in which they are passed
// around. Paper: arXiv 2208.01618. Layouts: rinongal/textual_inversion and AUTOMATIC1111 (.pt:
// string_to_param["*"]), safetensors
// ("emb_params", or "clip_l" and "clip_g" for SDXL), diffusers (one tensor named as the token), a bare
// tensor.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Weights.h"

namespace ochre::models {

class TextualInversion {
public:
    struct Part {
        std::string encoder; ///< "clip_l", "clip_h", "clip_g", or empty where neither name nor width says it
        at::Tensor vectors;  ///< float32 [rows, width]
    };

    /// Throws Error where the file cannot be read or holds no rows.
    static TextualInversion open(const std::filesystem::path& path);
    static TextualInversion from(const tensor::Weights& weights, std::string name);

    const std::string& name() const { return m_name; } ///< of the file, without extension
    const std::vector<Part>& parts() const { return m_parts; }
    int rows() const;

    /// The rows for a text encoder of that width [rows, width]. Throws Error naming the widths that there
    /// are.
    const at::Tensor& vectors(std::int64_t width) const;
    bool fits(std::int64_t width) const;

private:
    std::string m_name;
    std::vector<Part> m_parts;
};

} // namespace ochre::models
