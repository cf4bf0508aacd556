// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/model/ModelNode.h"

namespace ochre::nodes::model {

graph::NodeDeclaration Sampling() {
    return modelChanger("model.sampling", "Model sampling",
                        "Says what a model predicts and how its noise ends, where the file does not.",
                        "v-prediction epsilon lcm zero terminal snr zsnr discrete")
        .parameter(choice("prediction", "Prediction", "What the model gives.",
                          {{"eps", "The noise (eps)"},
                           {"v", "The velocity (v)"},
                           {"x0", "The picture (x0)"},
                           {"lcm", "The noise, in few steps (LCM)"}}))
        .parameter(flag("zero_snr", "Zero terminal SNR",
                        "The sampling begins with pure noise, as such models were trained.", false))
        .onRun([](graph::RunContext& run) {
            putModel(run, [&](models::DiffusionModel& model) {
                model.prediction = models::sampling::predictionFromName(run.text("prediction"));
                model.zeroSnr = run.flag("zero_snr");
            });
        });
}

} // namespace ochre::nodes::model
