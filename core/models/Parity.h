// SPDX-License-Identifier: GPL-3.0-or-later
// Runs stored cases of reference implementations and compares: the proof that a network here is the published
// one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Cancel.h"

namespace ochre::models {

struct ParityResult {
    enum class Verdict { Pass, Fail, Skip } verdict = Verdict::Skip;
    std::filesystem::path path;
    double difference = 0, tolerance = 0; ///< the output that is worst against its tolerance
    std::string detail;                   ///< why it failed or was skipped

    /// "PASS path max|Δ| tolerance", with the reason at the end where there is one.
    std::string line() const;
};

/// `path`: a folder with case.json, a keys/*.json, or another file of the collection (skipped by name), or a
/// folder of any of these, taken in order of names. Errors of a case are its FAIL; throws Error only where
/// the path itself is missing or when cancelled.
std::vector<ParityResult> runParity(const std::filesystem::path& path, const Cancel& cancel = {});

/// Name of the architecture of a checkpoint ("rrdbnet"), or empty where none fits. Throws Error where it
/// cannot be read.
std::string recogniseArchitecture(const std::filesystem::path& checkpoint);

} // namespace ochre::models
