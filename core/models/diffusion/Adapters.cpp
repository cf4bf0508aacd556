// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Adapters.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/diffusion/AdapterMath.h"
#include "core/models/diffusion/AdapterNames.h"

namespace ochre::models {
namespace {

using tensor::describe;
using tensor::Shape;

constexpr AdapterPart kParts[] = {AdapterPart::Unet, AdapterPart::Text1, AdapterPart::Text2};

AdapterSides sidesOf(const Shape& shape) {
    AdapterSides sides{shape.empty() ? 1 : shape[0], 1};
    for (std::size_t i = 1; i < shape.size(); ++i) sides.columns *= shape[i];
    return sides;
}

std::string text(const AdapterSides& sides) {
    return sides.columns > 0 ? fmt::format("[{}, {}]", sides.rows, sides.columns)
                             : fmt::format("[{}, …]", sides.rows);
}

bool fits(const AdapterLayer& layer, const AdapterFile& file, const AdapterTarget& target) {
    const AdapterSides own = sidesOf(target.shape);
    const AdapterSides sides = adapterSides(layer, file.weights, own.rows);
    return sides == AdapterSides{} || sides == own;
}

/// A file tells its family by the width of the text that its cross-attentions look at.
std::int64_t contextWidth(const AdapterFile& file) {
    for (const AdapterLayer& layer : file.layers) {
        const bool crossed = layer.module.ends_with("attn2_to_k") || layer.module.ends_with("attn2_to_v");
        if (layer.part != AdapterPart::Unet || !crossed) continue;
        const AdapterSides sides = adapterSides(layer, file.weights, 0);
        if (sides.columns > 0) return sides.columns;
    }
    return 0;
}

std::int64_t contextWidth(const tensor::Weights& unet) {
    for (const std::string& name : unet.names())
        if (name.ends_with("attn2.to_k.weight")) return unet.size(name, 1);
    return 0;
}

void checkFamily(const AdapterFile& file, const tensor::Weights& unet) {
    const std::int64_t asked = contextWidth(file), there = contextWidth(unet);
    if (asked == 0 || there == 0 || asked == there) return;
    throw Error(fmt::format("{}: is made for {} (text width {}), the model {} is {} (text width {})",
                            file.subject(), modelOfContext(asked), asked, unet.subject(),
                            modelOfContext(there), there),
                fmt::format("choose an adapter made for {}, or a checkpoint of {}", modelOfContext(there),
                            modelOfContext(asked)));
}

/// The modules that cloneofsimo's numbers mean, in the one of diffusers' two orders that fits the file's
/// shapes.
std::vector<std::string> countedModules(const AdapterFile& file, AdapterPart part,
                                        const AdapterNames& names) {
    std::vector<const AdapterLayer*> layers;
    for (const AdapterLayer& layer : file.layers)
        if (layer.part == part && layer.index >= 0) layers.push_back(&layer);
    if (layers.empty()) return {};
    const std::string what =
        fmt::format("{}: has {} layers for the {}", file.subject(), layers.size(), name(part));
    std::string problem;
    for (const bool feedForwardFirst : {true, false}) {
        std::vector<std::string> order = names.inOrder(file.classes.at(part), feedForwardFirst);
        if (order.size() != layers.size()) {
            std::string classes;
            for (const std::string& one : file.classes.at(part))
                classes += (classes.empty() ? "" : ", ") + one;
            problem = fmt::format("{}, the model has {} in {}", what, order.size(), classes);
            break;
        }
        const auto bad = std::find_if(layers.begin(), layers.end(), [&](const AdapterLayer* layer) {
            const auto i = static_cast<std::size_t>(layer->index);
            return i >= order.size() || !fits(*layer, file, *names.find(order[i]));
        });
        if (bad == layers.end()) return order;
        const auto i = static_cast<std::size_t>((*bad)->index);
        if (problem.empty() && i < order.size()) {
            const AdapterTarget& target = *names.find(order[i]);
            problem = fmt::format("{}: layer {} is for a weight of {}, the model's {} is {}", file.subject(),
                                  (*bad)->label, text(adapterSides(**bad, file.weights, 0)), target.weight,
                                  describe(target.shape));
        }
    }
    if (problem.empty()) problem = what + ", which are not numbered from 0 on";
    throw Error(problem, "choose an adapter made for this model");
}

/// The rows and the orientation of a stored weight that a target is.
at::Tensor viewOf(const at::Tensor& stored, const AdapterTarget& target) {
    at::Tensor view = target.rows >= 0 ? stored.narrow(0, target.row, target.rows) : stored;
    return target.transposed ? view.t() : view;
}

void addLayer(tensor::WeightPatches& patches, const AdapterTarget& target, const AdapterLayer& layer,
              const AdapterFile& file, double strength) {
    // Each closure holds the file open and reads what it needs when the weight is fetched.
    const tensor::Weights weights = file.weights;
    const bool body = std::any_of(layer.pieces.begin(), layer.pieces.end(), [](const auto& piece) {
        return piece.first != "diff_b" && piece.first != "up_bias" && piece.first != "dora_scale";
    });
    if (body)
        patches[target.weight].push_back(
            [=](at::Tensor& stored) { adaptWeight(viewOf(stored, target), layer, weights, strength); });
    if (layer.has("diff_b") || layer.has("up_bias"))
        patches[target.bias].push_back([=](at::Tensor& stored) {
            at::Tensor view = target.rows >= 0 ? stored.narrow(0, target.row, target.rows) : stored;
            view.add_(adapterBiasDelta(layer, weights), strength);
        });
}

void checkFit(const AdapterLayer& layer, const AdapterFile& file, const AdapterTarget& target,
              const std::string& model) {
    const std::string hint = "choose an adapter made for this model";
    if (!fits(layer, file, target))
        throw Error(fmt::format("{}: layer \"{}\" is for a weight of {}, \"{}\" of {} is {}", file.subject(),
                                layer.label,
                                text(adapterSides(layer, file.weights, sidesOf(target.shape).rows)),
                                target.weight, model, describe(target.shape)),
                    hint);
    for (const char* piece : {"diff_b", "up_bias"}) {
        if (!layer.has(piece)) continue;
        if (target.bias.empty())
            throw Error(fmt::format("{}: layer \"{}\" changes the bias of \"{}\", which has none in {}",
                                    file.subject(), layer.label, target.weight, model),
                        hint);
        const auto count = tensor::elementCount(file.weights.shape(layer.pieces.at(piece)));
        if (count != static_cast<std::uint64_t>(target.shape[0]))
            throw Error(fmt::format("{}: layer \"{}\" changes a bias of {} values, \"{}\" of {} has {}",
                                    file.subject(), layer.label, count.value_or(0), target.bias, model,
                                    target.shape[0]),
                        hint);
    }
}

class Application {
public:
    Application(const AdapterFile& file, AdapterReport& report) : m_file(file), m_report(report) {}

    void toPart(std::optional<tensor::Weights>& weights, AdapterPart part, double strength) {
        if (!weights) {
            for (const AdapterLayer& layer : m_file.layers)
                if (layer.part == part)
                    m_report.absent.insert(m_report.absent.end(), layer.keys.begin(), layer.keys.end());
            return;
        }
        const bool any = std::any_of(m_file.layers.begin(), m_file.layers.end(),
                                     [part](const AdapterLayer& layer) { return layer.part == part; });
        if (!any) return;
        if (part == AdapterPart::Unet) checkFamily(m_file, *weights);
        const AdapterNames names =
            part == AdapterPart::Unet ? AdapterNames::ofUnet(*weights) : AdapterNames::ofText(*weights);
        const std::vector<std::string> counted = countedModules(m_file, part, names);
        tensor::WeightPatches patches;
        for (const AdapterLayer& layer : m_file.layers) {
            if (layer.part != part) continue;
            const AdapterTarget* target =
                names.find(layer.index < 0 ? layer.module : counted[static_cast<std::size_t>(layer.index)]);
            auto& keys = target ? m_report.applied : m_report.unknown;
            keys.insert(keys.end(), layer.keys.begin(), layer.keys.end());
            if (!target) continue;
            checkFit(layer, m_file, *target, weights->subject());
            m_kinds.insert(layer.kind(m_file.weights));
            ++m_report.layers;
            if (strength != 0) addLayer(patches, *target, layer, m_file, strength);
        }
        if (!patches.empty()) weights = weights->patched(patches);
    }

    void finish() {
        m_report.kinds.assign(m_kinds.begin(), m_kinds.end());
        if (m_report.layers > 0 || !m_report.absent.empty()) return;
        const auto& first = m_report.unknown;
        throw Error(fmt::format("{}: none of its {} layers is in this model (\"{}\", …)", m_file.subject(),
                                m_file.layers.size(), first.empty() ? "" : first.front()),
                    "choose an adapter made for this model: Stable Diffusion 1, 2 or XL");
    }

private:
    const AdapterFile& m_file;
    AdapterReport& m_report;
    std::set<std::string> m_kinds;
};

} // namespace

std::string modelOfContext(std::int64_t width) {
    switch (width) {
    case 768:
        return "Stable Diffusion 1";
    case 1024:
        return "Stable Diffusion 2";
    case 2048:
        return "SDXL";
    case 1280:
        return "the SDXL refiner";
    default:
        return fmt::format("a model of text width {}", width);
    }
}

AdaptedParts applyAdapter(const AdaptedParts& parts, const AdapterFile& file, const AdapterStrength& strength,
                          AdapterReport* report) {
    for (const double s : {strength.unet, strength.text})
        if (!std::isfinite(s))
            throw Error(fmt::format("{}: strength {} is no number to multiply with", file.subject(), s),
                        "give a number such as 0.8");
    AdapterReport local;
    local.subject = file.subject();
    local.unknown = file.unknown;
    local.embeddings = file.embeddings;
    AdaptedParts result = parts;
    Application application(file, local);
    for (const AdapterPart part : kParts)
        application.toPart(result.of(part), part, part == AdapterPart::Unet ? strength.unet : strength.text);
    application.finish();
    if (report) *report = std::move(local);
    return result;
}

AdaptedParts applyAdapters(const AdaptedParts& parts, const std::vector<AdapterUse>& stack,
                           std::vector<AdapterReport>* reports) {
    AdaptedParts result = parts;
    for (const AdapterUse& use : stack) {
        AdapterReport report;
        result = applyAdapter(result, AdapterFile::open(use.path), use.strength, &report);
        if (reports) reports->push_back(std::move(report));
    }
    return result;
}

} // namespace ochre::models
