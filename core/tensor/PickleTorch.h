// SPDX-License-Identifier: GPL-3.0-or-later
// The names that torch.save writes and what they stand for; every other name becomes an opaque object.
#pragma once

#include "core/tensor/PickleMachine.h"

namespace ochre::tensor {

struct PickleTorch {
    PickleMachine& machine;

    /// A persistent id ("storage", type, key, device, count[, view]). Throws Error (Broken).
    PickleRef storage(PickleRef id);
    /// What calling `name` ("module name") would give. Throws Error (Broken).
    PickleRef call(std::string_view name, const std::vector<PickleRef>& arguments);

private:
    const PickleValue& argument(const std::vector<PickleRef>& arguments, std::size_t index, PickleKind kind,
                                const char* what);
    std::uint32_t view(std::uint32_t root, PickleRef tuple);
    PickleRef rebuild(std::string_view name, const std::vector<PickleRef>& arguments);
    PickleRef makeTensor(PickleTensor tensor);
    Shape integers(PickleRef tuple, const char* what);
};

} // namespace ochre::tensor
