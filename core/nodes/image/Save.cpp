// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/ImageIo.h"
#include "core/nodes/Make.h"
#include "core/nodes/OutputPath.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {
namespace {

Compression compressionOf(const std::string& name) {
    return name == "none"    ? Compression::None
           : name == "fast"  ? Compression::Fast
           : name == "small" ? Compression::Small
                             : Compression::Default;
}

DigitalSourceType sourceOf(const std::string& word) {
    for (const DigitalSourceType type :
         {DigitalSourceType::AlgorithmicallyEnhanced, DigitalSourceType::CompositeWithTrainedAlgorithmicMedia,
          DigitalSourceType::TrainedAlgorithmicMedia})
        if (word == name(type)) return type;
    return DigitalSourceType::None;
}

} // namespace

graph::NodeDeclaration Save() {
    return graph::NodeDeclaration("image.save", 1, "Save image", "Image")
        .describe(
            "Writes the picture to a file, with the graph that made it. The format follows from the name.")
        .keywords("write export file output")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "path",
                 .label = "File",
                 .help = "Where the picture was written.",
                 .type = graph::types::kText})
        .parameter({.id = "path",
                    .label = "File",
                    .help = "Name of the file. {index} stands for the number in a list, {name} for the name "
                            "of the item.",
                    .kind = graph::ParameterKind::SaveFile,
                    .defaultValue = std::string(),
                    .filter = std::string("Pictures (") + imageFilePatterns() + ")"})
        .parameter({.id = "quality",
                    .label = "Quality",
                    .help = "Of JPEG and WebP; WebP at 100 loses nothing.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{92},
                    .min = 1,
                    .max = 100,
                    .unit = "%"})
        .parameter(
            {.id = "depth",
             .label = "Bits",
             .help = "Bits a channel, where the format has a choice.",
             .kind = graph::ParameterKind::Choice,
             .defaultValue = std::string("auto"),
             .choices = {{"auto", "Usual"}, {"8", "8"}, {"16", "16 (EXR: half)"}, {"32", "32 (float)"}}})
        .parameter({.id = "compression",
                    .label = "Compression",
                    .help = "Smaller files take longer to write.",
                    .kind = graph::ParameterKind::Choice,
                    .defaultValue = std::string("default"),
                    .choices = {{"default", "Usual"}, {"none", "None"}, {"fast", "Fast"}, {"small", "Small"}},
                    .advanced = true})
        .parameter({.id = "embed_graph",
                    .label = "Embed graph",
                    .help = "Keeps the graph and its settings in the file.",
                    .kind = graph::ParameterKind::Bool,
                    .defaultValue = true})
        .parameter({.id = "keep_metadata",
                    .label = "Keep metadata",
                    .help = "Keeps camera data and texts of the source.",
                    .kind = graph::ParameterKind::Bool,
                    .defaultValue = true})
        .parameter({.id = "source",
                    .label = "Origin",
                    .help = "How the picture came to be, for the IPTC digital source type. A stronger mark "
                            "that it already carries stays.",
                    .kind = graph::ParameterKind::Choice,
                    .defaultValue = std::string("carried"),
                    .choices = {{"carried", "As carried along"},
                                {"algorithmicallyEnhanced", "Enhanced by a model"},
                                {"compositeWithTrainedAlgorithmicMedia", "Partly generated"},
                                {"trainedAlgorithmicMedia", "Generated"}},
                    .advanced = true})
        .sink()
        .uncached()
        .onRun([](graph::RunContext& run) {
            const std::string path = outputPath(run, "path");
            WriteOptions options;
            options.quality = static_cast<int>(run.integer("quality"));
            options.bitDepth = run.text("depth") == "auto" ? 0 : std::stoi(run.text("depth"));
            options.compression = compressionOf(run.text("compression"));
            options.keepMetadata = run.flag("keep_metadata");
            options.source = sourceOf(run.text("source"));
            if (run.flag("embed_graph") && !run.graphText().empty()) {
                options.text = run.pictureTexts();
                options.text["ochre:graph"] = run.graphText();
            }
            writeImage(run.inputAs<Image>("image"), path, options);
            run.setOutput("path", graph::Value::make(graph::types::kText, path, path.size()));
        });
}

} // namespace ochre::nodes::image
