// SPDX-License-Identifier: GPL-3.0-or-later
// The program: no subcommand opens the window, a subcommand works headless.
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "app/Command.h"
#include "core/base/Log.h"
#include "core/base/Paths.h"
#ifdef OCHRE_HAS_WINDOW
#include "ui/RunWindow.h"
#endif

namespace {

using namespace ochre;

int openWindow(int argc, char** argv, const std::optional<std::filesystem::path>& file) {
#ifdef OCHRE_HAS_WINDOW
    return ui::runWindow(argc, argv, file);
#else
    (void)argc, (void)argv, (void)file;
    throw Error("this Ochre was built without its window", "use a subcommand: ochre --help lists them");
#endif
}

int report(const Error& error, bool json) {
    app::endProgress();
    if (json) app::printJson(app::errorJson(error));
    std::fprintf(stderr, "ochre: %s\n", error.message().c_str());
    if (!error.hint().empty()) std::fprintf(stderr, "       %s\n", error.hint().c_str());
    return app::kFailed;
}

bool wantsJson(int argc, char** argv) {
    for (int i = 1; i < argc; ++i)
        if (std::string_view(argv[i]) == "--json") return true;
    return false;
}

void openLog() {
    try {
        log::openFile((paths::ensure(paths::state()) / "ochre.log").string());
    } catch (const Error& e) {
        log::warning("{}", e.full());
    }
}

} // namespace

int main(int argc, char** argv) {
    // Threads that wait for each other go to sleep soon: where other programs want the processor too, waiting busily makes
    // small layers ten times slower. LibTorch's OpenMP reads it when it is loaded, which is later.
    setenv("GOMP_SPINCOUNT", "2000", 0);
    CLI::App cli{"Ochre: a creative studio for artists. Without a subcommand it opens its window.", "ochre"};
    cli.set_version_flag("--version", "Ochre " OCHRE_VERSION);
    cli.require_subcommand(0, 1);
    bool verbose = false;
    cli.add_flag("-v,--verbose", verbose, "Say more on stderr");
    std::string file;
    cli.add_option("file", file, "Project or picture to open in the window");

    std::function<int()> chosen;
    app::addGenerate(cli, chosen);
    app::addRun(cli, chosen);
    app::addRestore(cli, chosen);
    app::addUpscale(cli, chosen);
    app::addDetect(cli, chosen);
    app::addSegment(cli, chosen);
    app::addTrack(cli, chosen);
    app::addSearch(cli, chosen);
    app::addRender(cli, chosen);
    app::addNodes(cli, chosen);
    app::addModels(cli, chosen);
    app::addInspect(cli, chosen);
    app::addConvert(cli, chosen);
    app::addParity(cli, chosen);
    app::addBench(cli, chosen);
    app::addTrain(cli, chosen);
    app::addMeasure(cli, chosen);
    app::addScore(cli, chosen);
    app::addDoctor(cli, chosen);

    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return cli.exit(e) == 0 ? app::kDone : app::kUsage;
    }
    if (verbose) log::setConsoleLevel(log::Level::Info);
    openLog();
    try {
        if (chosen) return chosen();
        return openWindow(argc, argv, file.empty() ? std::nullopt : std::optional<std::filesystem::path>(file));
    } catch (...) {
        return report(currentError(), wantsJson(argc, argv));
    }
}
