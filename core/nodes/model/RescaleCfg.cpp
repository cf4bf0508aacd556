// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/model/ModelNode.h"

namespace ochre::nodes::model {

graph::NodeDeclaration RescaleCfg() {
    return modelChanger("model.rescale_cfg", "Rescale CFG",
                        "Takes back the contrast that strong guidance adds, for v-prediction and "
                        "zero-terminal-SNR models.",
                        "guidance contrast overexposed burn")
        .parameter(share("multiplier", "Amount", "0 changes nothing.", 0.7))
        .onRun([](graph::RunContext& run) {
            putModel(run,
                     [&](models::DiffusionModel& model) { model.rescaleCfg = run.number("multiplier"); });
        });
}

} // namespace ochre::nodes::model
