// SPDX-License-Identifier: GPL-3.0-or-later
// A small MobileSAM: an image encoder of TinyViT's layout and SAM's decoder of prompts, taught by composites whose masks are
// known. Losses as in SAM (arXiv 2304.02643, section A): focal and dice, of three answers to one click the best, and what the
// scores say of them.
#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/ContactSheet.h"
#include "core/models/vision/Sam.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"
#include "core/training/Batches.h"
#include "core/training/data/CutoutScenes.h"
#include "core/training/recipes/Recipes.h"
#include "core/training/recipes/SmallUNet.h"

namespace ochre::training {
namespace {

using models::Sam;
using models::SamPrompt;
using models::TinyVit;

constexpr int kHeadWidth = 32, kHeldOut = 16, kQuarter = 4; // pixels of a picture to one of a mask, each way
constexpr double kFocal = 20, kDice = 1, kScore = 1;
constexpr double kOneClick = 0.7, kBox = 0.15;     // of the prompts; the rest are two points
constexpr double kDeepest = 0.5;                   // of single clicks: where one clicks; the rest are anywhere on the object
constexpr double kAllAnswers = 0.25;               // of the three to one click: objects laid on have no parts to mean
constexpr std::int64_t kLeastPixels = 200;         // of an object that is asked for, of 256 × 256
constexpr std::size_t kShown = 8, kMeasured = 64;
constexpr std::uint64_t kPromptSeed = 0xc11c;
const std::string kFrequencies = "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix";
const std::string kMaskEnd = "prompt_encoder.mask_downscaling.6";

Sam::Config configOf(const Settings& settings) {
    const std::vector<int> widths = widthsOf(settings.text("widths"), kHeadWidth), depths = widthsOf(settings.text("depths"), 1);
    if (widths.size() != 4 || depths.size() != 4)
        throw Error(fmt::format("training: widths \"{}\" and depths \"{}\" are not of four stages", settings.text("widths"),
                                settings.text("depths")),
                    "write four numbers for each, apart by commas");
    const auto side = static_cast<int>(settings.integer("side"));
    if (side % 128 != 0) throw Error(fmt::format("training: a side of {} is no multiple of 128", side));
    TinyVit::Config encoder{.stages = {}, .outChannels = static_cast<int>(settings.integer("channels"))};
    constexpr std::array<int, 4> kWindows{0, 8, 16, 8};
    for (std::size_t i = 0; i < 4; ++i)
        encoder.stages.push_back({.width = widths[i], .depth = depths[i], .inner = (i == 0 ? 4 : 3) * widths[i],
                                  .heads = i == 0 ? 0 : widths[i] / kHeadWidth, .window = kWindows[i]});
    models::SamDecoder::Config decoder{.channels = encoder.outChannels, .inner = 4 * encoder.outChannels,
                                       .halfChannels = encoder.outChannels / 2, .headWidth = encoder.outChannels};
    return {.vit = {}, .tiny = encoder, .decoder = decoder, .encoderPrefix = "image_encoder.", .tinySide = side};
}

/// Layers whose result is added to something begin nearly silent; what an activation halves begins larger.
double gainOf(const std::string& name) {
    for (const char* quiet : {"attn.proj.weight", "mlp.fc2.weight", ".conv3.c.weight", "out_proj.weight", "mlp.lin2.weight"})
        if (name.ends_with(quiet)) return name.find("downsample") == std::string::npos ? 0.05 : 1;
    for (const char* halved : {"hypernetworks", "prediction_head", "upscaling", "patch_embed", "fc1", "lin1", "conv1.c", "conv2.c"})
        if (name.find(halved) != std::string::npos) return 2;
    return 1;
}

/// Folders apart by semicolons.
CutoutScenes::Folders foldersOf(const std::string& text) {
    CutoutScenes::Folders folders;
    std::istringstream all(text);
    for (std::string folder; std::getline(all, folder, ';');) folders.emplace_back(folder);
    if (folders.empty()) folders.emplace_back(); // which says that it holds none
    return folders;
}

/// What is asked of one picture: prompts, and the mask of each, [K, h/4, w/4], as the share of a mask's pixel.
struct Question {
    SamPrompt prompt;
    nn::Tensor masks;
    bool oneClick = false;
};

/// What the fourth channel of a scene says.
class Objects {
public:
    explicit Objects(const Example& scene) : m_scene(scene), m_side(scene.width) {
        for (std::size_t i = 0; i < scene.pixels.size(); i += 4) {
            const std::uint8_t number = scene.pixels[i + 3];
            if (number >= m_pixels.size()) m_pixels.resize(number + 1u);
            m_pixels[number].push_back(static_cast<int>(i / 4));
        }
        const std::int64_t least = kLeastPixels * m_side * m_side / 65536;
        for (std::size_t k = 1; k < m_pixels.size(); ++k)
            if (static_cast<std::int64_t>(m_pixels[k].size()) >= least) m_large.push_back(k);
    }

    bool any() const { return !m_large.empty(); }

    Question ask(int count, Draw& draw) const {
        const double kind = draw.unit();
        const bool box = kind >= kOneClick && kind < kOneClick + kBox, two = kind >= kOneClick + kBox;
        std::vector<float> places, labels, boxes, masks;
        const int small = m_side / kQuarter;
        for (int i = 0; i < count; ++i) {
            const std::size_t object = m_large[draw.below(m_large.size())];
            const std::vector<int>& pixels = m_pixels[object];
            if (box) {
                addBox(boxes, pixels, draw);
            } else if (!two && draw.chance(kDeepest)) {
                const Click click = clickOn(m_scene, static_cast<std::uint8_t>(object));
                addPoint(places, labels, {click.y * m_side + click.x}, 1, draw);
            } else {
                addPoint(places, labels, pixels, 1, draw);
            }
            if (two) {
                const bool belongs = draw.chance(0.5);
                const std::vector<int>& others = belongs || m_pixels[0].empty() ? pixels : m_pixels[0];
                addPoint(places, labels, others, belongs || m_pixels[0].empty() ? 1.0f : 0.0f, draw);
            }
            const std::vector<float> mask = maskOf(pixels);
            masks.insert(masks.end(), mask.begin(), mask.end());
        }
        Question question{.prompt = {}, .masks = nn::fromValues(masks, {count, small, small}), .oneClick = kind < kOneClick};
        const std::int64_t points = two ? 2 : 1;
        if (box) {
            question.prompt.boxes = nn::fromValues(boxes, {count, 4});
        } else {
            question.prompt.points = nn::fromValues(places, {count, points, 2});
            question.prompt.labels = nn::fromValues(labels, {count, points}).to(at::kLong);
        }
        return question;
    }

    Question askAt(const Click& click) const {
        Question question{.prompt = {}, .masks = nn::fromValues(maskOf(m_pixels[click.object]), {1, m_side / kQuarter, m_side / kQuarter}), .oneClick = true};
        question.prompt.points = nn::fromValues(std::vector<float>{static_cast<float>(click.x), static_cast<float>(click.y)}, {1, 1, 2});
        question.prompt.labels = nn::fromValues(std::vector<float>{1}, {1, 1}).to(at::kLong);
        return question;
    }

private:
    /// At a quarter of the size, row by row.
    std::vector<float> maskOf(const std::vector<int>& pixels) const {
        const int small = m_side / kQuarter;
        std::vector<float> mask(static_cast<std::size_t>(small * small));
        for (const int at : pixels) mask[static_cast<std::size_t>(at / m_side / kQuarter * small + at % m_side / kQuarter)] += 1.0f / (kQuarter * kQuarter);
        return mask;
    }

    void addPoint(std::vector<float>& places, std::vector<float>& labels, const std::vector<int>& pixels, float label, Draw& draw) const {
        const int at = pixels[draw.below(pixels.size())];
        places.push_back(static_cast<float>(at % m_side));
        places.push_back(static_cast<float>(at / m_side));
        labels.push_back(label);
    }

    /// As an artist would draw it: each edge up to a tenth beside the true one.
    void addBox(std::vector<float>& boxes, const std::vector<int>& pixels, Draw& draw) const {
        int left = m_side, top = m_side, right = 0, bottom = 0;
        for (const int at : pixels) {
            left = std::min(left, at % m_side);
            right = std::max(right, at % m_side + 1);
            top = std::min(top, at / m_side);
            bottom = std::max(bottom, at / m_side + 1);
        }
        const double width = right - left, height = bottom - top;
        for (const auto& [edge, length] : {std::pair{left, width}, {top, height}, {right, width}, {bottom, height}})
            boxes.push_back(static_cast<float>(edge + length * draw.between(-0.1, 0.1)));
    }

    const Example& m_scene;
    int m_side;
    std::vector<std::vector<int>> m_pixels; ///< of each object, as y · side + x
    std::vector<std::size_t> m_large;
};

/// [N, 3, side, side], normalised.
nn::Tensor picturesFor(const std::vector<Example>& scenes) {
    const nn::Tensor all = picturesOf(scenes).narrow(1, 0, 3).add(1).mul(127.5);
    return nn::channelsLast(Sam::prepare(all, all.size(3)));
}

/// Of logits [K, M, h, w] against masks [K, h, w]: focal and dice, each [K, M].
nn::Tensor maskLosses(const nn::Tensor& logits, const nn::Tensor& masks) {
    const nn::Tensor wanted = masks.unsqueeze(1).expand(logits.sizes()), shares = logits.sigmoid();
    const nn::Tensor entropy = logits.clamp_min(0).sub(logits.mul(wanted)).add(logits.abs().neg().exp().log1p());
    const nn::Tensor focal = entropy.mul(shares.sub(wanted).square()).mean({2, 3});
    const nn::Tensor common = shares.mul(wanted).sum({2, 3}), both = shares.sum({2, 3}).add(wanted.sum({2, 3}));
    const nn::Tensor dice = common.mul(2).add(1).div(both.add(1)).neg().add(1);
    return focal.mul(kFocal).add(dice.mul(kDice));
}

/// How much of each mask is right, [K, M].
nn::Tensor overlaps(const nn::Tensor& logits, const nn::Tensor& masks) {
    const nn::Tensor chosen = logits.detach().gt(0), wanted = masks.unsqueeze(1).gt(0.5).expand(logits.sizes());
    const nn::Tensor common = chosen.logical_and(wanted).sum({2, 3}), all = chosen.logical_or(wanted).sum({2, 3});
    return common.to(at::kFloat).div(all.clamp_min(1).to(at::kFloat));
}

class SegmentRecipe : public Recipe {
public:
    explicit SegmentRecipe(const Settings& settings)
        : m_settings(settings), m_config(configOf(settings)), m_fixed(fixedOf(m_config)), m_parameters(learnedOf(m_config), at::kFloat) {
        m_parameters.initialise(static_cast<std::uint64_t>(settings.integer("seed")), gainOf);
        if (const std::string& from = settings.text("from"); !from.empty()) m_parameters.load(tensor::Weights::open(from));
    }

    Parameters& parameters() override { return m_parameters; }

    void prepare(const Workplace& place) override {
        CutoutSceneOptions options;
        options.side = m_config.side();
        options.vary = true;
        m_batches.emplace(std::make_shared<CutoutScenes>(foldersOf(m_settings.text("dataset")), foldersOf(m_settings.text("cutouts")), options, place.cancel),
                          m_settings.integer("batch"), static_cast<int>(m_settings.integer("parts")),
                          static_cast<std::uint64_t>(m_settings.integer("seed")), kHeldOut);
    }

    Tensor loss(std::int64_t step, int part) override {
        const std::vector<Example> scenes = m_batches->part(step, part);
        const Sam network(all(m_parameters.weights()), m_config);
        const nn::Tensor features = network.encode(picturesFor(scenes)); // [N, channels, side/16, side/16]
        const auto clicks = static_cast<int>(m_settings.integer("prompts"));
        nn::Tensor sum = nn::zeros({});
        for (std::size_t n = 0; n < scenes.size(); ++n) {
            const Objects objects(scenes[n]);
            if (!objects.any()) continue;
            Draw draw(kPromptSeed + static_cast<std::uint64_t>(m_settings.integer("seed")),
                      static_cast<std::uint64_t>(step * m_settings.integer("parts") + part), n);
            const Question question = objects.ask(clicks, draw);
            const auto answer = answerTo(network, features, n, question);
            const nn::Tensor losses = maskLosses(answer.masks, question.masks);
            const nn::Tensor scores = answer.scores.sub(overlaps(answer.masks, question.masks)).square().mean();
            const nn::Tensor masks = std::get<0>(losses.min(1)).mul(1 - kAllAnswers).add(losses.mean(1).mul(kAllAnswers));
            sum = sum.add(masks.mean().add(scores.mul(kScore)));
        }
        return sum.div(static_cast<double>(scenes.size()));
    }

    std::optional<Image> samples() override {
        const std::vector<Example> scenes = m_batches->fixed(kShown);
        const Sam network(all(m_parameters.averaged()), m_config);
        const int side = m_config.side();
        ContactSheet sheet(2 * scenes.size(), {.columns = static_cast<int>(scenes.size()), .cellWidth = side, .cellHeight = side});
        for (std::size_t n = 0; n < scenes.size(); ++n) {
            const nn::Tensor picture = picturesOf({scenes[n]}).narrow(1, 0, 3).add(1).mul(0.5);
            const nn::Tensor mask = Sam::finish(bestOf(network, scenes[n]).masks, side, side, side, side, side).gt(0).to(at::kFloat);
            sheet.place(n, tensor::toImage(picture));
            sheet.place(scenes.size() + n, tensor::toImage(picture.mul(mask.mul(0.8).add(0.2))));
        }
        return sheet.take();
    }

    Json measure() override {
        const std::vector<Example> scenes = m_batches->fixed(kMeasured);
        const Sam network(all(m_parameters.averaged()), m_config);
        double sum = 0;
        for (std::size_t n = 0; n < scenes.size(); ++n) sum += bestOf(network, scenes[n]).overlap;
        return {{"iou", sum / static_cast<double>(scenes.size())}, {"scenes", scenes.size()}};
    }

    std::string save(const std::filesystem::path& folder, std::int64_t steps) override {
        std::map<std::string, Tensor> tensors;
        const tensor::Weights weights = all(m_parameters.averaged());
        for (const std::string& name : weights.names()) tensors[name] = weights.tensor(name).to(at::kHalf);
        tensors[kMaskEnd + ".bias"] = tensors.at("prompt_encoder.no_mask_embed.weight").flatten(); // mask prompts change nothing
        tensor::saveWeights(folder / "segment.safetensors", tensors,
                            {{"format", "pt"}, {Sam::Config::kSideKey, std::to_string(m_config.side())}, {"ochre.recipe", "segment"},
                             {"ochre.steps", std::to_string(steps)}, {"ochre.settings", dumpJson(m_settings.toJson())}});
        return "segment.safetensors";
    }

private:
    struct Best {
        nn::Tensor masks; ///< [1, 1, h, w], logits
        double overlap = 0;
    };

    /// Statistics of batch normalisations stay 0 and 1, and mask prompts are not learned.
    static std::map<std::string, Tensor> fixedOf(const Sam::Config& config) {
        std::map<std::string, Tensor> fixed;
        at::Generator generator = tensor::generator(1);
        for (const auto& [name, shape] : config.expected()) {
            if (name.ends_with(".running_mean")) fixed[name] = nn::zeros(shape);
            if (name.ends_with(".running_var")) fixed[name] = nn::zeros(shape).add(1);
            if (name.starts_with("prompt_encoder.mask_downscaling."))
                fixed[name] = nn::zeros(shape).add(shape.size() == 1 && name.ends_with(".weight") ? 1 : 0);
            if (name == kFrequencies) fixed[name] = nn::randn(shape, generator);
        }
        return fixed;
    }

    static Shapes learnedOf(const Sam::Config& config) {
        Shapes shapes = config.expected();
        for (const auto& [name, tensor] : fixedOf(config)) shapes.erase(name);
        return shapes;
    }

    tensor::Weights all(const tensor::Weights& learned) const {
        auto tensors = m_fixed;
        for (const std::string& name : learned.names()) tensors[name] = learned.tensor(name);
        return tensor::Weights::of(std::move(tensors), learned.subject());
    }

    models::SamDecoder::Output answerTo(const Sam& network, const nn::Tensor& features, std::size_t n, const Question& question) const {
        const auto picture = network.decoder().prepare(features.narrow(0, static_cast<std::int64_t>(n), 1), m_config.side(), m_config.side());
        return network.decoder().decode(picture, question.prompt, question.oneClick);
    }

    /// The answer of the highest score to one click.
    Best bestOf(const Sam& network, const Example& scene) const {
        const auto click = clickOnLargest(scene, 1);
        if (!click) return {nn::zeros({1, 1, scene.height / kQuarter, scene.width / kQuarter}).sub(1), 1};
        const Question question = Objects(scene).askAt(*click);
        const auto answer = answerTo(network, network.encode(picturesFor({scene})), 0, question);
        const std::int64_t best = answer.scores.argmax(1).item<std::int64_t>();
        const nn::Tensor masks = answer.masks.narrow(1, best, 1);
        return {masks, overlaps(masks, question.masks).item<double>()};
    }

    Settings m_settings;
    Sam::Config m_config;
    std::map<std::string, Tensor> m_fixed;
    Parameters m_parameters;
    std::optional<Batches> m_batches;
};

} // namespace

RecipeInfo segmentRecipe() {
    using graph::ParameterKind;
    std::vector<graph::Parameter> parameters = commonParameters(
        {.steps = 3000, .batch = 8, .warmUp = 100, .learningRate = 1e-3, .average = 0.995, .optimizer = "muon"});
    const std::vector<graph::Parameter> data{
        {.id = "dataset", .label = "Pictures", .help = "A folder of pictures that objects are laid on, or several apart by semicolons.", .kind = ParameterKind::Text,
         .defaultValue = std::string()},
        {.id = "cutouts", .label = "Cut-outs", .help = "A folder of objects with alpha, or several apart by semicolons, of which as many are taken each. Emoji and pieces of the pictures come along.",
         .kind = ParameterKind::Text, .defaultValue = std::string()},
        {.id = "side", .label = "Side", .help = "Of the square that the network sees; a multiple of 128.", .kind = ParameterKind::Int,
         .defaultValue = std::int64_t{256}, .min = 128, .max = 1024, .unit = "px"},
        {.id = "prompts", .label = "Prompts", .help = "Asked of each picture in a step.", .kind = ParameterKind::Int,
         .defaultValue = std::int64_t{4}, .min = 1, .max = 64}};
    parameters.insert(parameters.begin(), data.begin(), data.end());
    parameters.push_back({.id = "widths", .label = "Widths", .help = "Channels of the four stages of the encoder; multiples of 32.",
                          .kind = ParameterKind::Text, .defaultValue = std::string("32,64,128,160"), .group = "Network"});
    parameters.push_back({.id = "depths", .label = "Depths", .help = "Blocks of the four stages.", .kind = ParameterKind::Text,
                          .defaultValue = std::string("1,1,3,1"), .group = "Network"});
    parameters.push_back({.id = "channels", .label = "Channels", .help = "Of the decoder; a multiple of 16.", .kind = ParameterKind::Int,
                          .defaultValue = std::int64_t{128}, .min = 16, .max = 512, .step = 16, .group = "Network"});
    parameters.push_back(fromParameter());
    return {.id = "segment",
            .label = "Select by points",
            .help = "Learns to cut out what a click or a box means, by a small network of MobileSAM's layout, from cut-outs, emoji and "
                    "pieces of pictures that are laid on other pictures. It takes hours of a processor; `ochre measure click` tells how good it is.",
            .parameters = std::move(parameters),
            .make = [](const Settings& settings) { return std::make_unique<SegmentRecipe>(settings); }};
}

} // namespace ochre::training
