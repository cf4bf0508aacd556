// SPDX-License-Identifier: GPL-3.0-or-later
// Conditioning, latents and sigmas as bytes for the disk tier, and the functions that the model library
// exports for its types.
#include <cstring>

#include <fmt/format.h>

#include "core/base/Math.h"
#include "core/nodes/DiffusionValues.h"
#include "core/tensor/Fill.h"

namespace ochre::nodes {
namespace {

using models::Conditioning;
using models::ConditioningEntry;
using models::ControlNetModel;

constexpr std::uint32_t kVersion = 2; ///< 2: parts of an AND
constexpr std::uint32_t kMostEntries = 100'000;
constexpr std::int64_t kMostSides = 8;

class Writer {
public:
    Writer() { put(kVersion); }
    template <typename T>
        requires std::is_arithmetic_v<T>
    void put(T value) {
        bytes(&value, sizeof value);
    }
    void text(const std::string& text) {
        put(static_cast<std::uint64_t>(text.size()));
        bytes(text.data(), text.size());
    }
    void tensor(const nn::Tensor& given) {
        if (!given.defined()) return put(std::int64_t{-1});
        const nn::Tensor t = given.to(at::kFloat).contiguous();
        put(static_cast<std::int64_t>(t.dim()));
        for (const std::int64_t side : t.sizes()) put(side);
        bytes(t.const_data_ptr<float>(), t.nbytes());
    }
    void list(const std::vector<double>& values) {
        put(static_cast<std::uint64_t>(values.size()));
        bytes(values.data(), values.size() * sizeof(double));
    }
    std::vector<std::byte> take() { return std::move(m_bytes); }

private:
    void bytes(const void* data, std::size_t size) {
        const auto* begin = static_cast<const std::byte*>(data);
        m_bytes.insert(m_bytes.end(), begin, begin + size);
    }
    std::vector<std::byte> m_bytes;
};

/// Sizes are checked against what is left before anything is allocated.
class Reader {
public:
    explicit Reader(std::span<const std::byte> bytes) : m_bytes(bytes) {
        if (const auto version = get<std::uint32_t>(); version != kVersion)
            throw broken(fmt::format("stored value: unknown version {}", version));
    }
    template <typename T>
    T get() {
        T value;
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
        return value;
    }
    std::string text() {
        const auto bytes = take(get<std::uint64_t>());
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    nn::Tensor tensor() {
        const auto sides = get<std::int64_t>();
        if (sides == -1) return {};
        if (sides < 0 || sides > kMostSides) throw broken(fmt::format("stored tensor: {} sides", sides));
        std::vector<std::int64_t> shape;
        std::uint64_t count = sizeof(float);
        for (std::int64_t i = 0; i < sides; ++i) {
            shape.push_back(get<std::int64_t>());
            const auto next = shape.back() < 0
                                  ? std::nullopt
                                  : checkedMultiply(count, static_cast<std::uint64_t>(shape.back()));
            if (!next) throw broken(fmt::format("stored tensor: a side of {}", shape.back()));
            count = *next;
        }
        const auto bytes = take(count);
        std::vector<float> values(count / sizeof(float));
        if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
        return nn::fromValues(values, shape);
    }
    std::vector<double> list() {
        const auto count = get<std::uint64_t>();
        if (count > m_bytes.size() / sizeof(double)) throw broken("stored value: it ends too early");
        std::vector<double> values(count);
        const auto bytes = take(count * sizeof(double));
        if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
        return values;
    }
    void end() const {
        if (!m_bytes.empty()) throw broken(fmt::format("stored value: {} bytes too many", m_bytes.size()));
    }

private:
    std::span<const std::byte> take(std::uint64_t size) {
        if (size > m_bytes.size()) throw broken("stored value: it ends too early");
        const auto part = m_bytes.first(size);
        m_bytes = m_bytes.subspan(size);
        return part;
    }
    std::span<const std::byte> m_bytes;
};

// A ControlNet is written as its file: weights are not copied.
void writeControl(Writer& out, const models::ControlUse& use) {
    out.text(use.net->path().string());
    out.put(static_cast<std::uint32_t>(use.net->options().precision));
    out.tensor(use.hint);
    for (const double v : {use.strength, use.start, use.end}) out.put(v);
    out.put(std::uint8_t{use.alsoNegative});
}

models::ControlUse readControl(Reader& in) {
    models::ControlUse use;
    const std::string path = in.text();
    models::OpenModelOptions options;
    options.precision = static_cast<tensor::Precision>(std::min(in.get<std::uint32_t>(), std::uint32_t{2}));
    use.net = ControlNetModel::open(path, options);
    use.hint = in.tensor();
    for (double* v : {&use.strength, &use.start, &use.end}) *v = in.get<double>();
    use.alsoNegative = in.get<std::uint8_t>() != 0;
    return use;
}

/// All plain numbers of an entry in one order for both ways.
std::vector<double*> numbersOf(ConditioningEntry& e, models::ConditioningArea& a, models::SdxlSizes& s,
                               double& score) {
    return {&e.strength,    &e.partWeight,   &e.maskStrength, &e.start,  &e.end,   &e.stepStart, &e.stepEnd, &a.x,
            &a.y,           &a.width,        &a.height, &s.width, &s.height,    &s.cropX,   &s.cropY,
            &s.targetWidth, &s.targetHeight, &score};
}

void writeEntry(Writer& out, ConditioningEntry e) {
    models::ConditioningArea area = e.area.value_or(models::ConditioningArea{});
    models::SdxlSizes sizes = e.sizes.value_or(models::SdxlSizes{});
    double score = sizes.aestheticScore.value_or(0);
    for (const double* v : numbersOf(e, area, sizes, score)) out.put(*v);
    out.put(static_cast<std::int32_t>(e.parts));
    for (const bool flag : {e.area.has_value(), area.share, e.maskBounds, e.sizes.has_value(),
                            sizes.aestheticScore.has_value(), e.inpaint.has_value()})
        out.put(std::uint8_t{flag});
    out.tensor(e.states);
    out.tensor(e.pooled);
    out.tensor(e.mask);
    if (e.inpaint) {
        out.tensor(e.inpaint->latent);
        out.tensor(e.inpaint->mask);
    }
    out.put(static_cast<std::uint32_t>(e.controls.size()));
    for (const models::ControlUse& use : e.controls) writeControl(out, use);
}

ConditioningEntry readEntry(Reader& in) {
    ConditioningEntry e;
    models::ConditioningArea area;
    models::SdxlSizes sizes;
    double score = 0;
    for (double* v : numbersOf(e, area, sizes, score)) *v = in.get<double>();
    e.parts = in.get<std::int32_t>();
    if (e.parts < 1) throw broken(fmt::format("stored prompt: {} parts", e.parts));
    bool flags[6];
    for (bool& flag : flags) flag = in.get<std::uint8_t>() != 0;
    area.share = flags[1];
    e.maskBounds = flags[2];
    if (flags[0]) e.area = area;
    if (flags[4]) sizes.aestheticScore = score;
    if (flags[3]) e.sizes = sizes;
    e.states = in.tensor();
    e.pooled = in.tensor();
    e.mask = in.tensor();
    if (flags[5]) {
        models::InpaintConcat inpaint;
        inpaint.latent = in.tensor();
        inpaint.mask = in.tensor();
        e.inpaint = inpaint;
    }
    const auto controls = in.get<std::uint32_t>();
    if (controls > kMostEntries) throw broken(fmt::format("stored prompt: {} ControlNets", controls));
    for (std::uint32_t i = 0; i < controls; ++i) e.controls.push_back(readControl(in));
    return e;
}

std::vector<std::byte> write(const graph::Value& value) {
    Writer out;
    if (const auto* conditioning = value.tryAs<Conditioning>()) {
        out.put(static_cast<std::uint32_t>(conditioning->family));
        out.text(conditioning->text);
        out.put(static_cast<std::uint32_t>(conditioning->entries.size()));
        for (const ConditioningEntry& e : conditioning->entries) writeEntry(out, e);
    } else if (const auto* latent = value.tryAs<models::LatentBatch>()) {
        out.tensor(latent->samples);
        out.tensor(latent->noiseMask);
        out.list({latent->batchIndex.begin(), latent->batchIndex.end()});
        out.text(latent->parameters);
    } else {
        out.list(value.as<SigmaList>());
    }
    return out.take();
}

Conditioning readConditioning(Reader& in) {
    Conditioning conditioning;
    const auto family = in.get<std::uint32_t>();
    if (family > static_cast<std::uint32_t>(models::kLastFamily))
        throw broken(fmt::format("stored prompt: unknown family {}", family));
    conditioning.family = static_cast<models::DiffusionFamily>(family);
    conditioning.text = in.text();
    const auto count = in.get<std::uint32_t>();
    if (count > kMostEntries) throw broken(fmt::format("stored prompt: {} entries", count));
    for (std::uint32_t i = 0; i < count; ++i) conditioning.entries.push_back(readEntry(in));
    return conditioning;
}

models::LatentBatch readLatent(Reader& in) {
    models::LatentBatch latent;
    latent.samples = in.tensor();
    latent.noiseMask = in.tensor();
    for (const double number : in.list()) latent.batchIndex.push_back(static_cast<int>(number));
    latent.parameters = in.text();
    models::checkLatent(latent, "stored latent");
    return latent;
}

graph::Value read(const graph::TypeName& type, std::span<const std::byte> bytes) {
    Reader in(bytes);
    graph::Value value = type == types::kConditioning ? makeConditioningValue(readConditioning(in))
                         : type == types::kLatent     ? makeLatentValue(readLatent(in))
                                                      : makeSigmasValue(in.list());
    in.end();
    return value;
}

std::string family(const graph::Value& value) {
    if (const auto* model = value.tryAs<models::DiffusionModel>()) return name(model->family());
    if (const auto* encoder = value.tryAs<models::TextEncoder>()) return name(encoder->family);
    if (const auto* conditioning = value.tryAs<Conditioning>()) return name(conditioning->family);
    if (const auto* net = value.tryAs<std::shared_ptr<const ControlNetModel>>())
        return name((*net)->family());
    if (const auto* autoencoder = value.tryAs<models::Autoencoder>(); autoencoder && autoencoder->family)
        return name(*autoencoder->family);
    return {};
}

} // namespace
} // namespace ochre::nodes

extern "C" const ochre::nodes::ModelTypes* ochreModelTypes() {
    static const ochre::nodes::ModelTypes types{ochre::nodes::family, ochre::nodes::write,
                                                ochre::nodes::read};
    return &types;
}
