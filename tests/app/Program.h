// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the built program from outside.
#pragma once

#include <string>
#include <vector>

#include "core/base/Json.h"

namespace ochre::test {

struct Outcome {
    int status = -1;
    std::string out, err;
    Json json() const { return parseJson(out, "stdout"); }
};

/// For a shell.
std::string quoted(const std::string& text);

/// With these arguments, in the environment of the test.
Outcome ochre(const std::vector<std::string>& arguments);

} // namespace ochre::test
