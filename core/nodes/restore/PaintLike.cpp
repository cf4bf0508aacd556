// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/PromptPainter.h"
#include "core/nodes/Describe.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/nodes/restore/RestoreNode.h"

namespace ochre::nodes::restore {
namespace {

void run(graph::RunContext& run) {
    const auto painter = openKept<models::PromptPainter>(findModelOrThrow(run.text("model")));
    const models::PaintTask task = models::paintTaskFromName(run.text("task"));
    Image image = painter->paint(run.inputAs<Image>("image"), run.inputAs<Image>("before"), run.inputAs<Image>("after"), task,
                                 run.cancel());
    run.setOutput("image", enhanced(std::move(image)));
}

} // namespace

graph::NodeDeclaration PaintLike() {
    return networkNode("restore.paint_like", "Do as shown")
        .describe("Does to a picture what it sees done in a pair of others, with Painter: one network for noise, rain, darkness, "
                  "depth and classes. What is asked for is said by the pair alone.")
        .keywords("painter prompt example pair in-context one-shot denoise derain low light enhance depth segment mixed")
        .input(pictureSocket("image", "Image", "The picture to work on."))
        .input(pictureSocket("before", "Example before", "A picture of the same kind: as noisy, as dark."))
        .input(pictureSocket("after", "Example after", "What the example is to become: clean, bright, its depth, its classes in colours."))
        .output(socket("image", "Image", "The result, of the picture's size. The network sees squares of 448 pixels.", types::kImage))
        .parameter(modelParameter("model", "Model", "Painter's checkpoint from the models folder, or a path."))
        .parameter(choice("task", "Read as", "What the painted colours stand for.",
                          {{"picture", "A picture"}, {"depth", "Depth: grey, where white is 10 m"},
                           {"classes", "Classes: the nearest of ADE20K's colours"}}))
        .onRun(run);
}

} // namespace ochre::nodes::restore
