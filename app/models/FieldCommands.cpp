// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/FieldCommands.h"

#include <filesystem>

#include "core/models/field/Distill.h"
#include "core/models/field/FieldFile.h"
#include "core/tensor/Runtime.h"

namespace ochre::app {
namespace {

models::NerfScene open(const ModelRequest& request) {
    tensor::useThreads();
    return models::NerfScene(tensor::Weights::open(request.files.at(0)));
}

} // namespace

Json nerfInfo(const ModelRequest& request) {
    const models::NerfSampling s = open(request).sampling();
    return {{"forward_facing", s.forwardFacing}, {"near", s.near}, {"far", s.far}, {"coarse", s.coarse}, {"fine", s.fine}};
}

Json renderNerfCommand(const ModelRequest& request) {
    const models::NerfScene scene = open(request);
    models::NerfSampling sampling = scene.sampling();
    if (const bool forward = request.options.at("forward_facing"); forward != sampling.forwardFacing) {
        const models::NerfSampling world;
        sampling.forwardFacing = forward;
        sampling.near = forward ? 0 : world.near;
        sampling.far = forward ? 1 : world.far;
    }
    sampling.near = request.options.value("near", sampling.near);
    sampling.far = request.options.value("far", sampling.far);
    const Json& cameras = request.options.at("cameras");
    for (std::size_t i = 0; i < cameras.size(); ++i) {
        const double count = static_cast<double>(cameras.size()), from = static_cast<double>(i) / count;
        const models::NerfPicture picture = scene.render(cameraFromJson(cameras[i], "camera"), sampling,
                                                         request.progress.part(from, from + 1 / count), request.cancel);
        request.picture(i, picture.color, picture.depth);
    }
    return {{"coarse", sampling.coarse}, {"fine", sampling.fine}, {"near", sampling.near}, {"far", sampling.far}};
}

Json distillCommand(const ModelRequest& request) {
    const models::NerfScene scene = open(request);
    const Json& o = request.options;
    models::DistillOptions options = models::usualDistilling(o.value("forward_facing", scene.sampling().forwardFacing));
    options.samples = o.value("samples", options.samples);
    options.steps = o.value("steps", options.steps);
    options.field.log2Entries = o.value("log2_entries", options.field.log2Entries);
    options.field.finest = o.value("finest", options.field.finest);
    models::DistillReport report;
    const HashField field = models::distill(scene, options, request.progress, request.cancel, TaskPool::shared(), &report);
    models::writeField(field, request.files.at(1), std::filesystem::path(request.files.at(0)).filename().string());
    return {{"samples", options.samples},
            {"steps", options.steps},
            {"loss", report.loss},
            {"entries", field.tableSize()},
            {"occupied", report.occupied},
            {"seconds", {{"look", report.seconds[0]}, {"ask", report.seconds[1]}, {"learn", report.seconds[2]}}}};
}

} // namespace ochre::app
