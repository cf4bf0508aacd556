// SPDX-License-Identifier: GPL-3.0-or-later
// Data sets by the name that a setting gives.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/Cancel.h"
#include "core/training/data/Dataset.h"

namespace ochre::training {

/// "emoji"; or a folder: of MNIST's IDX files, of CIFAR-10's binary batches, else of pictures with captions. `side`: of the
/// square pictures that are given, where the set has none of its own. `say` is told of pictures that are skipped.
/// `keywordsAlone`: see ComposeOptions; of emoji. Throws Error.
std::shared_ptr<const Dataset> openDataset(const std::string& name, int side, const Cancel& cancel = {},
                                           const std::function<void(const std::string&)>& say = {},
                                           std::optional<double> keywordsAlone = {});

} // namespace ochre::training
