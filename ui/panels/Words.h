// SPDX-License-Identifier: GPL-3.0-or-later
// Times, sizes and states in words, the same in every panel.
#pragma once

#include <cstdint>
#include <string>

#include <QString>

#include "core/graph/Executor.h"
#include "core/session/Session.h"

namespace ochre::ui::words {

QString duration(double seconds);             ///< "0.8 s", "12 s", "3 min 20 s", "2 h 5 min"
QString timeLeft(double seconds);             ///< "about 12 s left"; empty when not known (negative)
QString bytes(std::uint64_t bytes);           ///< "512 B", "3.2 MB" (powers of 1000)
QString state(const graph::NodeState& state); ///< empty when it has not run
QString status(session::JobStatus status);
QString models(const std::string& kind, int count = 0); ///< "LoRA", "LoRAs" of the kind "loras"

} // namespace ochre::ui::words
