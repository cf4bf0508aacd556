// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/BatchCommand.h"

#include <cstdio>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "core/video/VideoFrames.h"

namespace ochre::app {
namespace {

/// On a terminal one line that is rewritten; elsewhere nothing.
void tell(const session::BatchStatus& status) {
    if (!::isatty(STDERR_FILENO)) return;
    const std::string left = status.secondsLeft < 0    ? std::string()
                             : status.secondsLeft < 90 ? fmt::format(", {:.0f} s left", status.secondsLeft)
                                                       : fmt::format(", {:.0f} min left", status.secondsLeft / 60);
    std::fprintf(stderr, "\r\033[K%3.0f %% %zu of %zu%s  %s", status.share * 100, status.done + status.failed, status.total, left.c_str(),
                 status.item.c_str());
    std::fflush(stderr);
}

Json reportJson(const session::BatchReport& report, const std::string& target) {
    Json failures = Json::array();
    for (const session::BatchFailure& failure : report.failures)
        failures.push_back({{"item", failure.item}, {"message", failure.error.message()}, {"hint", failure.error.hint()}});
    return {{"ok", report.ok()},     {"output", target},         {"total", report.total},         {"made", report.made},      {"kept", report.kept},
            {"remade", report.remade}, {"failures", std::move(failures)}, {"cancelled", report.cancelled}, {"seconds", report.seconds}};
}

} // namespace

bool isBatchSource(const std::string& source) {
    std::error_code error;
    return std::filesystem::is_directory(source, error) || isVideo(source);
}

void addBitsOption(CLI::App* sub, int& bits) {
    sub->add_option("--bits", bits, "Bits a channel that are written, where the file type has them; default: as many as the source has")
        ->check(CLI::IsMember({8, 16, 32}));
}

void addBatchOptions(CLI::App* sub, session::BatchOptions& options) {
    sub->add_option("--format", options.format, "Of a folder's results: their ending, png, tif, …; default: that of each source");
    sub->add_option("--fps", options.fps, "Frames a second of a video made of pictures; one made of a video keeps its own")
        ->check(CLI::Range(0.1, 240.0))
        ->capture_default_str();
    sub->add_option("--quality", options.quality, "Of H.264: 0 to 51, less is better and larger")->check(CLI::Range(0, 51))->capture_default_str();
    sub->add_flag("!--no-sound", options.sound, "Leave the sound of a video out");
}

int runBatch(session::Session& session, const session::BatchOptions& options, bool json) {
    const session::BatchReport report = session.process(options, interrupted(), tell);
    endProgress();
    for (const session::BatchFailure& failure : report.failures)
        std::fprintf(stderr, "ochre: %s: %s\n", failure.item.c_str(), failure.error.full().c_str());
    if (json)
        printJson(reportJson(report, options.target.string()));
    else if (report.ok())
        std::printf("%s\n", options.target.c_str());
    std::fprintf(stderr, "%s, %.1f s%s\n", report.summary().c_str(), report.seconds,
                 report.cancelled ? "; started again it goes on from there" : "");
    return report.ok() ? kDone : kFailed;
}

} // namespace ochre::app
