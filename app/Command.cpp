// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/Command.h"

#include <csignal>
#include <cstdio>
#include <mutex>

#include <fmt/format.h>
#include <unistd.h>

#include "core/base/Paths.h"

namespace ochre::app {
namespace {

const Cancel& stopFlag() {
    static const Cancel flag = Cancel::make();
    return flag;
}

// Setting an atomic flag is all that a signal handler may do.
void onSignal(int) {
    stopFlag().request();
}

const char* statusName(graph::NodeStatus status) {
    switch (status) {
    case graph::NodeStatus::Idle: return "idle";
    case graph::NodeStatus::Queued: return "queued";
    case graph::NodeStatus::Running: return "running";
    case graph::NodeStatus::Done: return "ran";
    case graph::NodeStatus::Cached: return "cached";
    case graph::NodeStatus::Bypassed: return "bypassed";
    case graph::NodeStatus::Failed: return "failed";
    case graph::NodeStatus::Blocked: return "blocked";
    case graph::NodeStatus::Cancelled: return "cancelled";
    }
    return "";
}

std::string leftText(double seconds) {
    if (seconds < 0) return {};
    if (seconds < 60) return fmt::format(", {:.0f} s left", seconds);
    return fmt::format(", {:.0f} min left", seconds / 60);
}

} // namespace

void printJson(const Json& json) {
    std::printf("%s\n", dumpJson(json, 1).c_str());
}

Json errorJson(const Error& error) {
    return {{"ok", false}, {"error", {{"message", error.message()}, {"hint", error.hint()}}}};
}

Size parseSize(const std::string& text, const char* option) {
    Size size{};
    char rest = 0;
    if (std::sscanf(text.c_str(), "%dx%d%c", &size.width, &size.height, &rest) != 2 || size.width < 1 || size.height < 1 ||
        size.width > 16384 || size.height > 16384)
        throw Error(fmt::format("{} {}: not a size", option, text), fmt::format("for example {} 1280x720, up to 16384 a side", option));
    return size;
}

const Cancel& interrupted() {
    static const bool installed = [] {
        stopFlag();
        std::signal(SIGINT, onSignal);
        std::signal(SIGTERM, onSignal);
        return true;
    }();
    (void)installed;
    return stopFlag();
}

graph::Listener progressListener() {
    graph::Listener listener;
    if (!::isatty(STDERR_FILENO)) return listener;
    listener.onTotal = [](double share, double secondsLeft) {
        std::fprintf(stderr, "\r\033[K%3.0f %%%s", share * 100, leftText(secondsLeft).c_str());
        std::fflush(stderr);
    };
    return listener;
}

void endProgress() {
    if (::isatty(STDERR_FILENO)) std::fprintf(stderr, "\r\033[K");
}

Progress progressLine() {
    if (!::isatty(STDERR_FILENO)) return {};
    return Progress([last = -1](double share, std::string_view step) mutable {
        const int percent = static_cast<int>(share * 100);
        if (percent == last) return;
        last = percent;
        std::fprintf(stderr, "\r\033[K%3d %% %.*s", percent, static_cast<int>(step.size()), step.data());
        std::fflush(stderr);
    });
}

graph::Result evaluateOrThrow(session::Session& session, std::vector<graph::NodeId> targets) {
    graph::Result result = session.evaluate(std::move(targets), interrupted(), progressListener());
    endProgress();
    if (result.cancelled) throw Error("stopped", {}, ErrorKind::Cancelled);
    for (const auto& [id, state] : result.states)
        if (state.status == graph::NodeStatus::Failed && state.error) throw *state.error;
    return result;
}

Json resultJson(const graph::Graph& graph, const graph::Result& result) {
    Json nodes = Json::object();
    for (const auto& [id, state] : result.states) {
        const graph::Node* node = graph.find(id);
        Json& entry = nodes[node ? node->name : fmt::format("#{}", id)];
        entry = {{"status", statusName(state.status)}, {"seconds", state.seconds}, {"bytes", state.bytes}};
        if (state.itemsTotal > 0)
            entry["items"] = {{"done", state.itemsDone}, {"failed", state.itemsFailed}, {"total", state.itemsTotal}};
        if (state.error) entry["error"] = {{"message", state.error->message()}, {"hint", state.error->hint()}};
    }
    return {{"ok", result.ok},         {"seconds", result.seconds}, {"ran", result.ran},
            {"cached", result.cached}, {"nodes", std::move(nodes)}};
}

session::Options commandLineOptions() {
    session::Options options;
    options.cache.folder = paths::cache() / "results";
    return options;
}

} // namespace ochre::app
