// SPDX-License-Identifier: GPL-3.0-or-later
// Any text either opens as a project that writes and reads back the same, or gives an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/base/Error.h"
#include "core/project/ProjectFile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ochre::project;
    try {
        const Project p = projectFromText({reinterpret_cast<const char*>(data), size}, "input");
        const std::string text = projectToText(p.graph, p.view, p.extra);
        const Project again = projectFromText(text, "round trip");
        if (projectToText(again.graph, again.view, again.extra) != text) std::abort();
    } catch (const ochre::Error& e) {
        if (e.message().rfind("round trip", 0) == 0) std::abort();
    }
    return 0;
}
