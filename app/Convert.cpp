// SPDX-License-Identifier: GPL-3.0-or-later
// ochre convert: checkpoints, scenes and pictures to open formats, by the extension of the output.
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "app/Command.h"
#include "app/ModelLibrary.h"
#include "core/image/ImageIo.h"
#include "core/scene/SceneIo.h"

namespace ochre::app {
namespace {
namespace fs = std::filesystem;

struct Options {
    std::string input, output, dtype = "keep";
    bool json = false;
};

Json convertModel(const Options& o) {
    ModelRequest request{.command = "convert", .files = {o.input, o.output}, .cancel = interrupted()};
    request.options["dtype"] = o.dtype;
    return runModelCommand(request);
}

Json convertScene(const Options& o) {
    const SplatCloud cloud = readSplats(o.input, interrupted());
    writePly(cloud, o.output);
    return {{"splats", cloud.count()}};
}

Json convertImage(const Options& o) {
    const Image image = readImage(o.input, {}, interrupted());
    writeImage(image, o.output, {});
    return {{"width", image.width()}, {"height", image.height()}, {"channels", image.channels()}};
}

int run(const Options& o) {
    const fs::path output(o.output);
    if (fs::exists(output) && fs::exists(o.input) && fs::equivalent(o.input, output))
        throw Error(o.output + ": is the input itself", "choose another name for the output");
    Json json;
    if (output.extension() == ".safetensors") json = convertModel(o);
    else if (output.extension() == ".ply") json = convertScene(o);
    else if (isPicture(output)) json = convertImage(o);
    else
        throw Error(fmt::format("{}: \"{}\" is no format that Ochre converts to", o.output, output.extension().string()),
                    "checkpoints go to .safetensors, scenes to .ply, pictures to .png, .jpg, .webp, .tif, .exr, .hdr, .bmp, .tga");
    json["input"] = o.input;
    json["output"] = o.output;
    json["bytes"] = fs::file_size(output);
    if (o.json) printJson(json);
    else std::printf("%s\n", o.output.c_str());
    return kDone;
}

} // namespace

void addConvert(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("convert", "Convert a checkpoint, scene or picture to an open format");
    auto options = std::make_shared<Options>();
    sub->add_option("input", options->input, "File to read")->required();
    sub->add_option("output", options->output, "File to write; its extension says the format")->required();
    sub->add_option("--dtype", options->dtype, "Of a checkpoint's floats")
        ->check(CLI::IsMember({"keep", "float32", "float16", "bfloat16"}));
    sub->add_flag("--json", options->json, "Print one JSON object");
    sub->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

} // namespace ochre::app
