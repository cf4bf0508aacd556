// SPDX-License-Identifier: GPL-3.0-or-later
// LoRA and LyCORIS files: their names, shapes, metadata and small layers.
#include "tests/fuzz/FuzzCheckpoint.h"

#include "core/models/diffusion/AdapterMath.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/Safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ochre;
    using namespace ochre::models;
    constexpr std::int64_t kMostElements = 1 << 14;
    fuzz::expectOnlyErrors([&] {
        const auto weights =
            tensor::Weights::from(tensor::readSafetensors(std::as_bytes(std::span(data, size)), "fuzz"));
        isAdapter(weights);
        const AdapterFile file = AdapterFile::from(weights);
        for (const AdapterLayer& layer : file.layers)
            fuzz::expectOnlyErrors([&] {
                layer.kind(weights);
                AdapterSides sides = adapterSides(layer, weights, 4);
                if (sides == AdapterSides{}) sides = {4, 4};
                if (sides.rows > kMostElements || sides.columns > kMostElements / sides.rows) return;
                tensor::run({}, [&] {
                    const at::Tensor weight = weights.tensor(layer.keys.front())
                                                  .to(at::kFloat)
                                                  .new_zeros({sides.rows, sides.columns});
                    adaptWeight(weight, layer, weights, 0.5);
                    adapterBiasDelta(layer, weights);
                });
            });
    });
    return 0;
}
