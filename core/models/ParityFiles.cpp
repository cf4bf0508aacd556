// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/ParityFiles.h"

#include "core/models/sampling/SamplingParity.h"

namespace ochre::models {

const std::vector<ParityFileKind>& parityFileKinds() {
    static const std::vector<ParityFileKind> all{
        {"samplers", sampling::runSamplerParity},
        {"schedules", sampling::runScheduleParity},
        {"prediction", sampling::runPredictionParity},
    };
    return all;
}

} // namespace ochre::models
