// SPDX-License-Identifier: GPL-3.0-or-later
// ochre doctor: tries each part for real and says what works here.
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "app/Command.h"
#include "app/ModelLibrary.h"
#include "core/base/Paths.h"
#include "core/base/StarterModel.h"
#include "core/image/Compare.h"
#include "core/image/ImageIo.h"
#include "core/library/ModelFolder.h"
#include "core/nodes/FamilyDefaults.h"
#include "core/render/Renderer.h"
#include "core/video/VideoWriter.h"

namespace ochre::app {
namespace {
namespace fs = std::filesystem;

enum class Verdict { Good, Limited, Bad };

struct Finding {
    std::string part;
    Verdict verdict;
    std::string detail, hint;
};

const char* word(Verdict v) {
    return v == Verdict::Good ? "ok" : v == Verdict::Limited ? "limited" : "FAILED";
}

/// Runs a proof; what it throws is the finding.
Finding prove(const std::string& part, Verdict onFailure, const std::function<std::string()>& proof) {
    try {
        return {part, Verdict::Good, proof(), {}};
    } catch (...) {
        const Error e = currentError();
        return {part, onFailure, e.message(), e.hint()};
    }
}

Image testPicture() {
    Image image(32, 24, 3);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 255) / 255.0f;
    return image;
}

// Each format is written and read back.
std::string proveCodecs() {
    const Image image = testPicture();
    const fs::path folder = paths::ensure(paths::cache() / fmt::format("doctor-{}", ::getpid()));
    std::string good, bad;
    for (const char* extension : {"png", "jpg", "webp", "tif", "exr", "hdr", "bmp", "tga"}) {
        try {
            const fs::path file = folder / (std::string("t.") + extension);
            writeImage(image, file, {});
            const Image back = readImage(file);
            if (back.width() != image.width() || back.height() != image.height()) throw Error("another size came back");
            good += (good.empty() ? "" : " ") + std::string(extension);
        } catch (...) {
            bad += fmt::format(" {}: {};", extension, currentError().message());
        }
    }
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    if (!bad.empty()) throw Error("picture formats that fail:" + bad, "is OpenImageIO complete?");
    return "written and read back: " + good;
}

// A short film of each kind is encoded.
std::string proveFilms() {
    const fs::path folder = paths::ensure(paths::cache() / fmt::format("doctor-{}", ::getpid()));
    std::string good, bad;
    for (const char* extension : {"mp4", "mov"}) {
        try {
            const Image image = testPicture();
            VideoWriter writer(folder / (std::string("t.") + extension), {.width = image.width(), .height = image.height()});
            for (int i = 0; i < 3; ++i) writer.add(image);
            writer.finish();
            good += (good.empty() ? "" : " ") + std::string(extension);
        } catch (...) {
            bad += fmt::format(" {};", currentError().full());
        }
    }
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    if (!bad.empty()) throw Error("films that cannot be encoded:" + bad, "sequences of pictures work without");
    return "encoded: " + good;
}

std::string proveModels() {
    const auto files = library::listModels();
    if (files.empty())
        throw Error(paths::models().string() + ": no models", "run ./installer/run once with a network, or copy models there");
    std::string names;
    for (const auto& file : files) names += (names.empty() ? "" : ", ") + file.name;
    return fmt::format("{} in {}: {}", files.size(), paths::models().string(), names);
}

/// The model that comes along, with what it needs of the models folder.
std::string proveStarter() {
    const fs::path file = paths::starterModel();
    if (file.empty())
        throw Error((paths::resources() / "models/starter.safetensors").string() + ": the starter model is not there",
                    "generating needs a checkpoint of your own then");
    const std::string size = fmt::format("{}, {:.0f} MB", file.string(), static_cast<double>(fs::file_size(file)) / 1e6);
    const char* fetch = "run ./installer/run again with a network: it brings it";
    if (paths::findModel("all-minilm-l6-v2", "text_encoders").empty())
        throw Error(size + "; its text encoder all-minilm-l6-v2 is not in the models folder", fetch);
    const std::string upscaler = nodes::familyDefaults("starter").upscaler;
    if (paths::findModel(upscaler, "upscale").empty())
        throw Error(size + "; " + upscaler + ", which enlarges its pictures, is not in the models folder", fetch);
    return size;
}

std::string proveLibTorch() {
    return runModelCommand({.command = "doctor"}).value("text", std::string());
}

// A few splats drawn on the device and by the reference must look the same.
std::string proveVulkan() {
    const auto vulkan = makeVulkanRenderer({});
    return vulkan->name();
}

std::string proveFolders() {
    for (const fs::path& folder : {paths::config(), paths::cache(), paths::state()})
        if (::access(paths::ensure(folder).c_str(), W_OK) != 0)
            throw Error(folder.string() + ": cannot be written", "mend its permissions, or set the XDG variables");
    const auto space = fs::space(paths::cache());
    return fmt::format("{} has {:.1f} GB free", paths::cache().string(), static_cast<double>(space.available) / 1e9);
}

std::string proveMemory() {
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    const double total = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * page;
    const double free = static_cast<double>(::sysconf(_SC_AVPHYS_PAGES)) * page;
    return fmt::format("{:.1f} GB, {:.1f} GB free; {} cores", total / 1e9, free / 1e9, ::sysconf(_SC_NPROCESSORS_ONLN));
}

std::string proveWindow() {
#ifdef OCHRE_HAS_WINDOW
    const char* display = std::getenv("WAYLAND_DISPLAY");
    if (!display) display = std::getenv("DISPLAY");
    if (!display || !*display) throw Error("built in, but there is no display here", "the command line works without one");
    return fmt::format("built in; display {}", display);
#else
    throw Error("this Ochre was built without its window", "build it with Qt 6 for the window");
#endif
}

std::vector<Finding> examine() {
    return {
        prove("memory", Verdict::Bad, proveMemory),
        prove("folders", Verdict::Bad, proveFolders),
        prove("pictures", Verdict::Bad, proveCodecs),
        prove("films", Verdict::Limited, proveFilms),
        prove("LibTorch", Verdict::Bad, proveLibTorch),
        prove("models", Verdict::Limited, proveModels),
        prove("starter", Verdict::Limited, proveStarter),
        prove("Vulkan", Verdict::Limited, proveVulkan),
        prove("window", Verdict::Limited, proveWindow),
    };
}

int run(bool json) {
    const std::vector<Finding> findings = examine();
    bool ok = true;
    Json parts = Json::array();
    for (const Finding& f : findings) {
        ok &= f.verdict != Verdict::Bad;
        if (json) {
            parts.push_back({{"part", f.part}, {"status", word(f.verdict)}, {"detail", f.detail}, {"hint", f.hint}});
            continue;
        }
        std::printf("%-9s %-8s %s\n", f.part.c_str(), word(f.verdict), f.detail.c_str());
        if (!f.hint.empty()) std::printf("%-18s → %s\n", "", f.hint.c_str());
    }
    if (json) printJson({{"ok", ok}, {"version", OCHRE_VERSION}, {"parts", std::move(parts)}});
    return ok ? kDone : kFailed;
}

} // namespace

void addDoctor(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("doctor", "Try each part for real and say what works on this machine");
    auto json = std::make_shared<bool>(false);
    sub->add_flag("--json", *json, "Print one JSON object");
    sub->callback([json, &chosen] { chosen = [json] { return run(*json); }; });
}

} // namespace ochre::app
