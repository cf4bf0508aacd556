// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/SaveWeights.h"

#include "core/tensor/Safetensors.h"
#include "core/tensor/Weights.h"

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

} // namespace ochre::tensor
