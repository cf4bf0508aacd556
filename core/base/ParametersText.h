// SPDX-License-Identifier: GPL-3.0-or-later
// How a picture was made, as AUTOMATIC1111's web UI and its kin write it into pictures: prompt, negative prompt and a
// last line of values. Source: AUTOMATIC1111/stable-diffusion-webui modules/infotext_utils.py, processing.py.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ochre {

struct ParametersText {
    std::string prompt, negative;
    /// "Steps", "Sampler", …: in their order, unquoted.
    std::vector<std::pair<std::string, std::string>> values;

    const std::string* find(std::string_view key) const; ///< null where it is not there
    void set(std::string key, std::string value);        ///< behind the others
    bool operator==(const ParametersText&) const = default;
};

/// Throws Error (NotMine) when the text does not end in a line of at least three values; at most 1 MiB.
ParametersText readParameters(std::string_view text, std::string_view subject);
/// Values with commas, colons or line breaks are quoted as JSON.
std::string writeParameters(const ParametersText& text);

} // namespace ochre
