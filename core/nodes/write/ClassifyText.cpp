// SPDX-License-Identifier: GPL-3.0-or-later
#include <optional>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/graph/RunContext.h"
#include "core/models/language/ClassifiedText.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/tensor/Runtime.h"

namespace ochre::nodes::write {
namespace {

void run(graph::RunContext& run) {
    const std::string& file = run.text("classifier");
    if (file.empty())
        throw Error("no classifier is chosen", "choose the classifier.safetensors of a training of the recipe text_classifier");
    std::optional<models::ClassifiedText> text; // the networks are so small that none is kept
    tensor::run(run.cancel(), [&] { text = models::ClassifierFile::open(paths::resolve(file)).classify(run.text("words")); });
    run.setOutput("image", makeImageValue(models::picture(*text)));
    run.setOutput("class", graph::makeText(text->classes[text->best()]));
    run.setOutput("score", graph::makeFloat(static_cast<double>(text->scores[text->best()])));
}

} // namespace

graph::NodeDeclaration ClassifyText() {
    graph::Parameter words = longText("words", "Text", "What is to be put into a class. May be driven by a link.");
    words.defaultValue = std::string("red apple fruit");
    return graph::NodeDeclaration("write.classify_text", 1, "Classify text", "Write")
        .describe("Puts a text into one of the classes that a small network has learned, and shows how sure it is and, of a "
                  "transformer, which word looks at which.")
        .keywords("text classifier emoji attention map transformer lstm gru mamba group label")
        .output(socket("image", "Picture", "The scores of all classes and, of a transformer, the attention maps of its layers and heads.",
                       types::kImage))
        .output(socket("class", "Class", "The likeliest one.", graph::types::kText))
        .output(socket("score", "Score", "How likely it is, 0 to 1.", graph::types::kFloat))
        .parameter({.id = "classifier", .label = "Classifier",
                    .help = "The result of a training of the recipe text_classifier.",
                    .kind = graph::ParameterKind::File, .defaultValue = std::string(), .filter = "Classifiers (*.safetensors)"})
        .parameter(words)
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::write
