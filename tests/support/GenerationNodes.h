// SPDX-License-Identifier: GPL-3.0-or-later
// Declarations of the nodes that generate, without functions: for tests that need their sockets and
// parameters but no model library. What the registry has already is left as it is.
#pragma once

#include <sstream>
#include <string>

#include "core/graph/NodeRegistry.h"

namespace ochre::test {

namespace generation {

struct Line {
    const char *id, *inputs, *outputs, *parameters;
};

// Sockets: name:type, '?' behind an optional one. Parameters: name:kind=default; kinds of Choice list their
// words with '|'.
inline constexpr Line kLines[] = {
    {"generate.load_checkpoint", "", "model:model text_encoder:text_encoder autoencoder:autoencoder",
     "checkpoint:model="},
    {"generate.load_model", "", "model:model", "model:model="},
    {"generate.load_text_encoder", "", "text_encoder:text_encoder", "encoder:model= second:model="},
    {"generate.load_autoencoder", "", "autoencoder:autoencoder", "autoencoder:model="},
    {"generate.lora", "model:model text_encoder:text_encoder?", "model:model text_encoder:text_encoder",
     "lora:model= strength_model:float=1 strength_text:float=1"},
    {"generate.clip_skip", "text_encoder:text_encoder", "text_encoder:text_encoder", "skip:int=2"},
    {"generate.prompt", "text_encoder:text_encoder model:model?", "conditioning:conditioning model:model",
     "text:text= style:comfy|a1111=comfy seed:seed=0 steps:int=20"},
    {"generate.load_controlnet", "", "controlnet:controlnet", "controlnet:model="},
    {"generate.apply_controlnet",
     "positive:conditioning negative:conditioning? controlnet:controlnet image:image",
     "positive:conditioning negative:conditioning", "strength:float=1 start:float=0 end:float=1"},
    {"generate.inpaint_conditioning",
     "positive:conditioning negative:conditioning autoencoder:autoencoder image:image mask:mask",
     "positive:conditioning negative:conditioning latent:latent", "noise_mask:bool=true"},
    {"generate.sample", "model:model positive:conditioning negative:conditioning? latent:latent",
     "latent:latent",
     "seed:seed=0 steps:int=20 cfg:float=7 sampler:euler|euler_ancestral|dpmpp_2m|dpmpp_2m_sde|uni_pc=euler "
     "scheduler:normal|karras|exponential|simple=normal denoise:float=1 noise:cpu|gpu=cpu "
     "variation_seed:seed=0 "
     "variation:float=0"},
    {"generate.sample_advanced", "model:model positive:conditioning negative:conditioning? latent:latent",
     "latent:latent",
     "seed:seed=0 steps:int=20 cfg:float=7 sampler:euler|euler_ancestral|dpmpp_2m|dpmpp_2m_sde|uni_pc=euler "
     "scheduler:normal|karras|exponential|simple=normal add_noise:bool=true start_at_step:int=0 "
     "end_at_step:int=10000 "
     "leftover_noise:bool=false noise:cpu|gpu=cpu variation_seed:seed=0 variation:float=0"},
    {"generate.sample_custom",
     "model:model positive:conditioning negative:conditioning? latent:latent sigmas:sigmas",
     "latent:latent denoised:latent",
     "seed:seed=0 cfg:float=7 sampler:euler|euler_ancestral|dpmpp_2m=euler add_noise:bool=true eta:float=1 "
     "s_noise:float=1"},
    {"sigmas.schedule", "model:model", "sigmas:sigmas",
     "scheduler:normal|karras|simple=normal steps:int=20 denoise:float=1"},
    {"latent.empty", "", "latent:latent", "width:int=512 height:int=512 batch:int=1"},
    {"latent.encode", "image:image autoencoder:autoencoder", "latent:latent", "tile:int=0 overlap:int=64"},
    {"latent.decode", "latent:latent autoencoder:autoencoder", "image:image", "tile:int=0 overlap:int=64"},
    {"latent.encode_inpaint", "image:image autoencoder:autoencoder mask:mask", "latent:latent", "grow:int=6"},
    {"latent.resize", "latent:latent", "latent:latent",
     "method:nearest|bilinear|area|bicubic|bislerp=nearest width:int=512 height:int=512 "
     "crop:none|center=none"},
    {"latent.scale", "latent:latent", "latent:latent",
     "method:nearest|bilinear|area|bicubic|bislerp=nearest factor:float=1.5"},
    {"restore.upscale", "image:image", "image:image", "model:model=realesrgan-x4plus tile:int=0"},
};

inline graph::Socket socketOf(std::string word) {
    graph::Socket socket;
    socket.optional = word.ends_with('?');
    if (socket.optional) word.pop_back();
    socket.id = word.substr(0, word.find(':'));
    socket.label = socket.id;
    socket.type = word.substr(word.find(':') + 1);
    return socket;
}

inline graph::Parameter parameterOf(const std::string& word) {
    using graph::ParameterKind;
    const std::size_t colon = word.find(':'), equals = word.find('=', colon);
    const std::string kind = word.substr(colon + 1, equals - colon - 1), value = word.substr(equals + 1);
    graph::Parameter parameter{
        .id = word.substr(0, colon), .label = word.substr(0, colon), .help = "As declared."};
    if (kind == "int" || kind == "seed") {
        parameter.kind = kind == "int" ? ParameterKind::Int : ParameterKind::Seed;
        parameter.defaultValue = std::int64_t{std::stoll(value)};
    } else if (kind == "float") {
        parameter.defaultValue = std::stod(value);
    } else if (kind == "bool") {
        parameter.kind = ParameterKind::Bool;
        parameter.defaultValue = value == "true";
    } else {
        parameter.kind = kind == "text"    ? ParameterKind::LongText
                         : kind == "model" ? ParameterKind::Model
                                           : ParameterKind::Choice;
        parameter.defaultValue = value;
        std::istringstream words(parameter.kind == ParameterKind::Choice ? kind : std::string());
        for (std::string choice; std::getline(words, choice, '|');)
            parameter.choices.push_back({choice, choice});
    }
    return parameter;
}

} // namespace generation

inline void addGenerationNodes(graph::NodeRegistry& registry) {
    for (const generation::Line& line : generation::kLines) {
        if (registry.find(line.id)) continue;
        graph::NodeDeclaration declaration(line.id, 1, line.id, "Generate");
        declaration.describe("Declared for a test.");
        std::string word;
        for (std::istringstream words(line.inputs); words >> word;)
            declaration.input(generation::socketOf(word));
        for (std::istringstream words(line.outputs); words >> word;)
            declaration.output(generation::socketOf(word));
        for (std::istringstream words(line.parameters); words >> word;)
            declaration.parameter(generation::parameterOf(word));
        declaration.onRun([](graph::RunContext&) {});
        registry.add(std::move(declaration));
    }
}

} // namespace ochre::test
