// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/SaveWeights.h"

#include "core/tensor/Safetensors.h"

namespace ochre::tensor {

void saveWeights(const std::filesystem::path& file, const std::map<std::string, at::Tensor>& tensors,
                 const std::map<std::string, std::string>& metadata) {
    std::vector<TensorToWrite> list;
    for (const auto& [name, tensor] : tensors)
        list.push_back({name, dtypeOf(tensor.scalar_type()), tensor.sizes().vec(), [tensor = tensor](const auto& sink) {
                            const at::Tensor rows = tensor.detach().to(at::kCPU).contiguous();
                            sink({static_cast<const std::byte*>(rows.const_data_ptr()), rows.nbytes()});
                        }});
    writeSafetensors(file, std::move(list), metadata);
}

std::optional<Weights> keptWeights(const std::filesystem::path& file, const std::string& identity, Placement placement) {
    if (!std::filesystem::exists(file)) return std::nullopt;
    const Weights stored = Weights::open(file, placement);
    const auto& metadata = stored.checkpoint().metadata;
    const auto of = metadata.find("identity");
    return of != metadata.end() && of->second == identity ? std::optional(stored) : std::nullopt;
}

} // namespace ochre::tensor
