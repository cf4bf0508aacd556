// SPDX-License-Identifier: GPL-3.0-or-later
// Between workflows and the API ("prompt") format that ComfyUI's server runs, by the rules of its front end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/Json.h"

namespace ochre::project::interop {

/// What the API said of a node beyond its inputs stands in this member of a node made from it.
inline constexpr const char* kApiMember = "ochre_api";

/// The same graph as a workflow of schema 0.4, laid out in columns. Widgets stand by name. Throws Error
/// (Broken).
Json workflowFromApi(const Json& api, std::string_view subject);

/// `workflow` is UI JSON. Muted and bypassed nodes, notes and reroutes are resolved, subgraphs unrolled
/// ("12:5"). Widgets whose names are not known are told in `warnings`. Throws Error (Broken) with `subject`.
Json apiFromWorkflow(const Json& workflow, std::string_view subject, std::vector<std::string>& warnings);

} // namespace ochre::project::interop
