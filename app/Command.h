// SPDX-License-Identifier: GPL-3.0-or-later
// What the subcommands share: where output goes, progress on stderr, exit codes, and stopping on Ctrl+C.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/base/Cancel.h"
#include "core/base/Json.h"
#include "core/base/Progress.h"
#include "core/graph/Executor.h"
#include "core/session/Session.h"

namespace ochre::app {

inline constexpr int kDone = 0, kFailed = 1, kUsage = 2;

/// Results as text, or as the one JSON object of --json.
void printJson(const Json& json);
/// {"ok": false, "error": {"message", "hint"}}
Json errorJson(const Error& error);

struct Size {
    int width, height;
};
/// "1280x720"; throws Error, of which `option` is the subject, on anything but sides of 1 to 16384.
Size parseSize(const std::string& text, const char* option);

/// Asked to stop by Ctrl+C or a polite kill.
const Cancel& interrupted();

/// A listener that shows share and time left on stderr: one line rewritten on a terminal, silent elsewhere.
graph::Listener progressListener();
void endProgress();
/// Share and step of one piece of work, on such a line.
Progress progressLine();

/// Evaluates the session's document and turns node failures into one Error that names the first.
graph::Result evaluateOrThrow(session::Session& session, std::vector<graph::NodeId> targets = {});

/// Outcome of a run for --json: status, times and counts by node.
Json resultJson(const graph::Graph& graph, const graph::Result& result);

/// Cache options from the environment of the command line: memory for this run, disk tier in the user's cache folder.
session::Options commandLineOptions();

// One function a subcommand, each in its own source: it adds its options, and sets `chosen` when it is the one asked for.
// What runs prints results on stdout, everything else on stderr, and returns an exit status or throws Error.
void addRun(CLI::App& app, std::function<int()>& chosen);
void addRender(CLI::App& app, std::function<int()>& chosen);
void addGenerate(CLI::App& app, std::function<int()>& chosen);
void addRestore(CLI::App& app, std::function<int()>& chosen);
void addUpscale(CLI::App& app, std::function<int()>& chosen);
void addDetect(CLI::App& app, std::function<int()>& chosen);
void addSegment(CLI::App& app, std::function<int()>& chosen);
void addTrack(CLI::App& app, std::function<int()>& chosen);
void addSearch(CLI::App& app, std::function<int()>& chosen);
void addNodes(CLI::App& app, std::function<int()>& chosen);
void addModels(CLI::App& app, std::function<int()>& chosen);
void addInspect(CLI::App& app, std::function<int()>& chosen);
void addConvert(CLI::App& app, std::function<int()>& chosen);
void addParity(CLI::App& app, std::function<int()>& chosen);
void addBench(CLI::App& app, std::function<int()>& chosen);
void addTrain(CLI::App& app, std::function<int()>& chosen);
void addMeasure(CLI::App& app, std::function<int()>& chosen);
void addScore(CLI::App& app, std::function<int()>& chosen);
void addDoctor(CLI::App& app, std::function<int()>& chosen);

} // namespace ochre::app
