// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/DualPixelDeblur.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/OpenNetwork.h"
#include "core/models/restore/Restormer.h"
#include "core/models/restore/WholePicture.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr const char* kName = "Restormer for dual pixels";
constexpr int kColors = 3;

} // namespace

struct DualPixelDeblur::State {
    PictureModel model;
};

DualPixelDeblur DualPixelDeblur::open(const std::filesystem::path& path) {
    auto state = std::make_shared<State>();
    tensor::run({}, [&] {
        state->model = openNetwork<Restormer>(path, kName, [](const tensor::Weights& weights, const Restormer::Config&) {
            return findArchitecture("restormer")->picture(weights);
        });
        if (state->model.inChannels != 2 * kColors || state->model.outChannels != kColors)
            throw Error(fmt::format("{}: is a Restormer for one picture: it takes {} channels", path.string(), state->model.inChannels),
                        "use it in the node Restore, or choose the weights for dual-pixel defocus deblurring", ErrorKind::NotMine);
    });
    DualPixelDeblur deblur;
    deblur.m_state = std::move(state);
    return deblur;
}

Image DualPixelDeblur::restore(const Image& left, const Image& right, const RestoreOptions& options, const Progress& progress,
                               const Cancel& cancel) const {
    if (left.width() != right.width() || left.height() != right.height())
        throw Error(fmt::format("the right view: is {}×{}, the left one {}×{}", right.width(), right.height(), left.width(),
                                left.height()),
                    "give both views of one shot");
    Image out;
    tensor::useThreads(options.threads);
    tensor::run(cancel, [&] {
        const nn::Tensor both = nn::cat({colorsOf(left, "the left view", cancel), colorsOf(right, "the right view", cancel)});
        out = pictureLike(forwardInTiles(m_state->model, both, options, progress), left, cancel);
    });
    return out;
}

} // namespace ochre::models
