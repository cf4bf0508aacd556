// SPDX-License-Identifier: GPL-3.0-or-later
// Samplers and schedules by the names that they have there.
#include "core/project/interop/A1111.h"

namespace ochre::project::interop {
namespace {

struct SamplerName {
    const char* a1111;
    const char* ochre;
    const char* automatic; ///< what "Automatic" means for it
};
constexpr SamplerName kSamplers[] = {
    {"DPM++ 2M", "dpmpp_2m", "karras"},
    {"DPM++ SDE", "dpmpp_sde", "karras"},
    {"DPM++ 2M SDE", "dpmpp_2m_sde", "exponential"},
    {"DPM++ 2M SDE Heun", "dpmpp_2m_sde_heun", "exponential"},
    {"DPM++ 2S a", "dpmpp_2s_ancestral", "karras"},
    {"DPM++ 3M SDE", "dpmpp_3m_sde", "exponential"},
    {"Euler a", "euler_ancestral", "normal"},
    {"Euler", "euler", "normal"},
    {"LMS", "lms", "normal"},
    {"Heun", "heun", "normal"},
    {"DPM2", "dpm_2", "karras"},
    {"DPM2 a", "dpm_2_ancestral", "karras"},
    {"DPM fast", "dpm_fast", "normal"},
    {"DPM adaptive", "dpm_adaptive", "normal"},
    {"DDIM", "ddim", "ddim_uniform"},
    {"UniPC", "uni_pc", "normal"},
    {"LCM", "lcm", "normal"},
};
constexpr std::pair<const char*, const char*> kSchedules[] = {
    {"Karras", "karras"},         {"Exponential", "exponential"}, {"SGM Uniform", "sgm_uniform"},
    {"KL Optimal", "kl_optimal"}, {"Simple", "simple"},           {"Normal", "normal"},
    {"Uniform", "normal"},        {"DDIM", "ddim_uniform"},       {"Beta", "beta"},
};

bool endsWithWord(std::string& name, std::string_view word) {
    if (name.size() <= word.size() || !name.ends_with(word) || name[name.size() - word.size() - 1] != ' ')
        return false;
    name.resize(name.size() - word.size() - 1);
    return true;
}

} // namespace

std::optional<SamplerNames> samplerFromA1111(const std::string& sampler, const std::string& scheduleType) {
    std::string name = sampler, schedule = "normal";
    // Before version 1.9 the schedule was part of the name, and a bare name meant the plain one.
    if (scheduleType.empty())
        for (const auto& [label, id] : kSchedules)
            if (endsWithWord(name, label)) {
                schedule = id;
                break;
            }
    for (const SamplerName& s : kSamplers) {
        if (name != s.a1111) continue;
        if (scheduleType == "Automatic")
            schedule = s.automatic;
        else if (scheduleType.empty() && std::string_view(s.ochre) == "ddim")
            schedule = s.automatic;
        for (const auto& [label, id] : kSchedules)
            if (scheduleType == label) schedule = id;
        return SamplerNames{s.ochre, schedule};
    }
    return std::nullopt;
}

std::pair<std::string, std::string> samplerToA1111(const SamplerNames& names) {
    std::pair<std::string, std::string> result{names.sampler, names.scheduler};
    for (const SamplerName& s : kSamplers)
        if (names.sampler == s.ochre) result.first = s.a1111;
    for (const auto& [label, id] : kSchedules)
        if (names.scheduler == id) {
            result.second = label;
            break;
        }
    return result;
}

} // namespace ochre::project::interop
