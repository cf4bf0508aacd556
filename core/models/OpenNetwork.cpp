// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/OpenNetwork.h"

#include <vector>

#include <fmt/format.h>

#include "core/base/Log.h"
#include "core/models/Architectures.h"

namespace ochre::models {

Error otherNetwork(const tensor::Weights& file, const std::string& wanted) {
    tensor::Weights found;
    const Architecture* other = recognise(file, found);
    const auto names = file.names();
    const std::string holds =
        other ? fmt::format("it is one of the kind {}", other->name)
              : fmt::format("none is known with these {} tensors (\"{}\", …)", names.size(), names.empty() ? "" : names.front());
    return Error(fmt::format("{}: is no network of {}: {}", file.subject(), wanted, holds),
                 fmt::format("choose the weights of {}", wanted), ErrorKind::NotMine);
}

void tellUnused(const tensor::Weights& weights, const std::string& name, bool (*isBeside)(const std::string& key)) {
    std::vector<std::string> unused = weights.unused();
    if (isBeside) std::erase_if(unused, isBeside);
    if (!unused.empty())
        log::warning("{}: {} tensors are not used by {} (\"{}\", …)", weights.subject(), unused.size(), name, unused.front());
}

} // namespace ochre::models
