// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Error.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Size() {
    graph::Socket image = socket("image", "Image", "A picture, or several.", types::kImage);
    image.list = true;
    return graph::NodeDeclaration("image.size", 1, "Size", "Image")
        .describe("How large a picture is, to give another node the same size.")
        .keywords("width height dimensions resolution count get")
        .input(image)
        .output(socket("width", "Width", "In pixels; of several pictures, the first.", graph::types::kInt))
        .output(socket("height", "Height", "In pixels; of several pictures, the first.", graph::types::kInt))
        .output(socket("count", "Count", "How many pictures there are.", graph::types::kInt))
        .onRun([](graph::RunContext& run) {
            const graph::ListView& images = run.listInput("image");
            if (images.size() == 0) throw Error("the list of pictures is empty", "link one that has some");
            const graph::Value value = images.item(0);
            const Image& first = value.as<Image>();
            run.setOutput("width", graph::makeInt(first.width()));
            run.setOutput("height", graph::makeInt(first.height()));
            run.setOutput("count", graph::makeInt(static_cast<std::int64_t>(images.size())));
        });
}

} // namespace ochre::nodes::image
