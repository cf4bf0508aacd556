// SPDX-License-Identifier: GPL-3.0-or-later
// ochre convert: checkpoints, scenes, pictures and projects to open formats, by the extension of the output.
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "app/Command.h"
#include "app/ConvertScene.h"
#include "app/ModelLibrary.h"
#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/project/ProjectFile.h"
#include "core/project/interop/A1111.h"
#include "core/project/interop/ComfyWrite.h"
#include "core/scene/SceneIo.h"

namespace ochre::app {
namespace {
namespace fs = std::filesystem;

struct Options {
    std::string input, output, dtype = "keep", format = "comfyui";
    int fieldSteps = 0, fieldSamples = 0; ///< 0: as usual
    std::string space = "auto";           ///< of a NeRF
    bool json = false;
    SceneOptions scene;
};

Json convertModel(const Options& o) {
    ModelRequest request{.command = "convert", .files = {o.input, o.output}, .cancel = interrupted()};
    request.options["dtype"] = o.dtype;
    return runModelCommand(request);
}

/// The options of fields as the command of the library names them, where they were given.
Json convertField(const Options& o) {
    ModelRequest request{.command = "distill", .files = {o.input, o.output}, .progress = progressLine(), .cancel = interrupted()};
    if (o.fieldSteps > 0) request.options["steps"] = o.fieldSteps;
    if (o.fieldSamples > 0) request.options["samples"] = o.fieldSamples;
    if (o.space != "auto") request.options["forward_facing"] = o.space == "ndc";
    Json json = runModelCommand(request);
    endProgress();
    return json;
}

Json convertImage(const Options& o) {
    const Image image = readImage(o.input, {}, interrupted());
    writeImage(image, o.output, {});
    return {{"width", image.width()}, {"height", image.height()}, {"channels", image.channels()}};
}

/// Anything that opens, to a project of Ochre, a workflow of ComfyUI, or the text of A1111's web UI.
Json convertProject(const Options& o, const std::string& ending) {
    namespace interop = project::interop;
    session::Session session(commandLineOptions());
    Json json;
    if (const std::string warning = session.open(o.input); !warning.empty()) json["warnings"].push_back(warning);
    const project::Document& document = session.document();
    json["nodes"] = document.graph().size();
    if (ending == ".ochre") {
        project::writeProject(o.output, document.graph(), document.view(), document.extra);
    } else if (ending == ".txt") {
        const auto parameters = interop::parametersFromGraph(document.graph(), session.registry());
        if (!parameters) throw Error(o.input + ": has no sampler with a prompt", "only graphs that generate have such a text");
        writeFileAtomic(o.output, writeParameters(*parameters) + "\n");
    } else {
        const bool api = o.format == "comfyui-api";
        interop::WroteComfy wrote = api ? interop::writeApi(document.graph(), document.extra, session.registry())
                                        : interop::writeWorkflow(document.graph(), document.extra, session.registry());
        writeFileAtomic(o.output, dumpJson(wrote.json, 2) + "\n");
        for (const std::string& node : wrote.missing)
            json["warnings"].push_back(node + ": ComfyUI has no such node; it was left out");
        for (std::string& warning : wrote.warnings) json["warnings"].push_back(std::move(warning));
    }
    if (json.contains("warnings"))
        for (const Json& warning : json["warnings"]) std::fprintf(stderr, "ochre: %s\n", warning.get<std::string>().c_str());
    return json;
}

int run(const Options& o) {
    const fs::path output(o.output);
    const std::string ending = output.extension().string();
    if (fs::exists(output) && fs::exists(o.input) && fs::equivalent(o.input, output))
        throw Error(o.output + ": is the input itself", "choose another name for the output");
    const bool scene = isWritableScene(output);
    if (!scene && o.scene.any())
        throw Error(o.output + ": crops, filters and moves are for scenes",
                    std::string("these are written: ") + kWrittenScenes);
    Json json;
    if (o.output.ends_with(".field.safetensors")) json = convertField(o);
    else if (ending == ".safetensors") json = convertModel(o);
    else if (scene) json = convertScene(o.input, o.output, o.scene);
    else if (ending == ".ochre" || ending == ".json" || ending == ".txt") json = convertProject(o, ending);
    else if (isPicture(output)) json = convertImage(o);
    else
        throw Error(fmt::format("{}: \"{}\" is no format that Ochre converts to", o.output, output.extension().string()),
                    std::string("checkpoints go to .safetensors, NeRF networks to .field.safetensors, scenes to ") + kWrittenScenes +
                        ", pictures to .png, .jpg, .webp, .tif, .exr, .hdr, .bmp, .tga, "
                        "projects to .ochre, .json (ComfyUI) or .txt (A1111 parameters)");
    json["input"] = o.input;
    json["output"] = o.output;
    json["bytes"] = fs::file_size(output);
    if (o.json) printJson(json);
    else std::printf("%s\n", o.output.c_str());
    return kDone;
}

} // namespace

void addConvert(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("convert", "Convert a checkpoint, scene, picture or project to an open format");
    auto options = std::make_shared<Options>();
    sub->add_option("input", options->input, "File to read")->required();
    sub->add_option("-o,--output,output", options->output,
                    "File to write; its extension says the format: .field.safetensors is a NeRF as a hash field, which is drawn in seconds")
        ->required();
    sub->add_option("--dtype", options->dtype, "Of a checkpoint's floats")
        ->check(CLI::IsMember({"keep", "float32", "float16", "bfloat16"}));
    sub->add_option("--format", options->format, "Of a .json")->check(CLI::IsMember({"comfyui", "comfyui-api"}));
    sub->add_option("--field-steps", options->fieldSteps, "Steps of learning, of a .field.safetensors")->check(CLI::Range(1, 1000000));
    sub->add_option("--field-samples", options->fieldSamples, "How often the network is asked for it")->check(CLI::Range(64, 1 << 30));
    sub->add_option("--space", options->space, "Of a NeRF, whose file does not say it: world, or ndc for forward-facing scenes")
        ->check(CLI::IsMember({"auto", "world", "ndc"}))
        ->capture_default_str();
    addSceneOptions(*sub, options->scene);
    sub->add_flag("--json", options->json, "Print one JSON object");
    sub->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

} // namespace ochre::app
