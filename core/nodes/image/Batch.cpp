// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Error.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/nodes/image/Choices.h"

namespace ochre::nodes::image {
namespace {

void run(graph::RunContext& run) {
    graph::ListSource list;
    std::size_t bytes = 0;
    int width = 0, height = 0; // of the first
    for (const char* input : {"a", "b"}) {
        const graph::ListView& images = run.listInput(input);
        for (std::size_t i = 0; i < images.size(); ++i) {
            run.cancel().check();
            graph::Value value = images.item(i);
            const Image& image = value.as<Image>();
            if (width == 0) width = image.width(), height = image.height();
            if (run.flag("fit") && (image.width() != width || image.height() != height))
                value = makeImageValue(resize(croppedTo(image, width, height), width, height,
                                              ResizeFilter::Bilinear, run.cancel()));
            bytes += value.bytes();
            Hasher hasher;
            hasher.add(run.key()).add(static_cast<std::uint64_t>(list.items.size()));
            list.items.push_back(
                {hasher.finish(), std::to_string(list.items.size() + 1), [value] { return value; }});
        }
    }
    run.setOutput("images", graph::Value::make<graph::ListSource>(types::kImage, std::move(list), bytes));
}

graph::Socket pictures(const char* id, const char* label, const char* help) {
    graph::Socket s = socket(id, label, help, types::kImage);
    s.list = true;
    return s;
}

} // namespace

graph::NodeDeclaration Batch() {
    return graph::NodeDeclaration("image.batch", 1, "Batch images", "Image")
        .describe("The pictures of both sides one after the other, as one list.")
        .keywords("join append together list combine")
        .input(pictures("a", "A", "A picture, or several."))
        .input(pictures("b", "B", "What follows."))
        .output(pictures("images", "Images", "All of them."))
        .parameter(flag("fit", "Same size",
                        "Brings all to the size of the first; what does not fit is cut off on both sides.", true))
        .onRun(run);
}

} // namespace ochre::nodes::image
