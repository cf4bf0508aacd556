// SPDX-License-Identifier: GPL-3.0-or-later
// How much memory there still is, with the limits that containers and service managers set.
#pragma once

#include <cstdint>
#include <filesystem>

namespace ochre {

/// Bytes that can be taken before the machine, or the control group (version 1 or 2) of this process or one above it, is out
/// of memory. Pages of files count as free where the kernel can drop them at once. `root`: for tests.
std::uint64_t availableMemory(const std::filesystem::path& root = "/");

} // namespace ochre
