// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/AutoencoderKl.h"

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

constexpr double kExactBytes = 1.25 * (1 << 30); // two maps of the full size

using Names = std::map<std::string, std::string>;

/// Keys of the network by the names of latent-diffusion.
class KeyList {
public:
    explicit KeyList(const AutoencoderKl::Config& config) : m_config(config) {}

    std::map<std::string, tensor::Shape> all() {
        if (m_config.encoder) encoder();
        if (m_config.decoder) decoder();
        if (m_config.encoder && m_config.quant) conv("quant_conv", m_config.zChannels * doubling(), m_config.momentChannels, 1);
        if (m_config.decoder && m_config.postQuant) conv("post_quant_conv", m_config.latentChannels, m_config.zChannels, 1);
        return std::move(m_keys);
    }

private:
    int doubling() const { return m_config.doubleZ ? 2 : 1; }
    int levels() const { return static_cast<int>(m_config.widths.size()); }
    int width(int level) const { return m_config.widths[static_cast<std::size_t>(level)]; }

    void conv(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t kernel = 3) {
        m_keys[name + ".weight"] = {out, in, kernel, kernel};
        m_keys[name + ".bias"] = {out};
    }
    void norm(const std::string& name, std::int64_t channels) {
        m_keys[name + ".weight"] = m_keys[name + ".bias"] = {channels};
    }
    void resBlock(const std::string& name, int in, int out) {
        norm(name + ".norm1", in);
        conv(name + ".conv1", in, out);
        norm(name + ".norm2", out);
        conv(name + ".conv2", out, out);
        if (in != out) conv(name + ".nin_shortcut", in, out, 1);
    }
    void attention(const std::string& name, int width) {
        norm(name + ".norm", width);
        for (const char* part : {".q", ".k", ".v", ".proj_out"}) {
            conv(name + part, width, width, 1);
            if (m_config.linearAttention) m_keys[name + part + ".weight"] = {width, width};
        }
    }
    void middle(const std::string& half) {
        const int width = m_config.widths.back();
        resBlock(half + ".mid.block_1", width, width);
        if (m_config.midAttention) attention(half + ".mid.attn_1", width);
        resBlock(half + ".mid.block_2", width, width);
    }
    void blocks(const std::string& level, int count, int in, int out, bool withAttention) {
        for (int i = 0; i < count; ++i) {
            resBlock(fmt::format("{}.block.{}", level, i), i == 0 ? in : out, out);
            if (withAttention) attention(fmt::format("{}.attn.{}", level, i), out);
        }
    }
    void encoder() {
        conv("encoder.conv_in", m_config.inChannels, m_config.stem);
        for (int level = 0; level < levels(); ++level) {
            const std::string name = fmt::format("encoder.down.{}", level);
            blocks(name, m_config.resBlocks, level == 0 ? m_config.stem : width(level - 1), width(level),
                   m_config.attentionLevels.contains(level));
            if (level + 1 < levels()) conv(name + ".downsample.conv", width(level), width(level));
        }
        middle("encoder");
        norm("encoder.norm_out", m_config.widths.back());
        conv("encoder.conv_out", m_config.widths.back(), m_config.zChannels * doubling());
    }
    void decoder() {
        conv("decoder.conv_in", m_config.zChannels, m_config.widths.back());
        middle("decoder");
        for (int level = levels() - 1; level >= 0; --level) {
            const std::string name = fmt::format("decoder.up.{}", level);
            blocks(name, m_config.resBlocks + 1, width(std::min(level + 1, levels() - 1)), width(level),
                   m_config.attentionLevels.contains(level));
            if (level > 0) conv(name + ".upsample.conv", width(level), width(level));
        }
        norm("decoder.norm_out", width(0));
        conv("decoder.conv_out", width(0), m_config.outChannels);
    }

    const AutoencoderKl::Config& m_config;
    std::map<std::string, tensor::Shape> m_keys;
};

void checkPicture(const nn::Tensor& x, int channels, int multiple, const char* what) {
    if (x.dim() != 4 || x.size(1) != channels)
        throw Error(fmt::format("autoencoder: {} has shape {}, [N, {}, H, W] is needed", what,
                                tensor::describe(x.sizes().vec()), channels),
                    "use the autoencoder that belongs to the model");
    if (x.size(0) < 1 || x.size(2) < 1 || x.size(3) < 1 || x.size(2) % multiple != 0 || x.size(3) % multiple != 0)
        throw Error(fmt::format("autoencoder: {} of {}x{}, sides must be multiples of {}", what, x.size(3), x.size(2),
                                multiple),
                    "pad or crop it first");
}

/// What the layers ask for by latent-diffusion's names, whatever the file calls it.
tensor::Weights renamed(const tensor::Weights& weights, const AutoencoderKl::Config& config) {
    Names names;
    for (const auto& [name, shape] : KeyList(config).all())
        names[name] = config.names.stored(name, static_cast<int>(config.widths.size()));
    return weights.renamed(std::move(names));
}

} // namespace

std::optional<AutoencoderKl::Config> AutoencoderKl::Config::fromWeights(const tensor::Weights& weights) {
    const auto names = AutoencoderNames::find(weights);
    if (!names) return std::nullopt;
    Config config;
    config.names = *names;
    int levels = 1; // counts for the names of the decoder, so it comes first
    const auto has = [&](const std::string& name) { return weights.has(names->stored(name + ".weight", levels)); };
    const auto size = [&](const std::string& name, std::size_t dimension) {
        return static_cast<int>(weights.size(names->stored(name + ".weight", levels), dimension));
    };
    config.encoder = has("encoder.conv_in");
    config.decoder = has("decoder.conv_in");
    const std::string level = config.encoder ? "encoder.down" : "decoder.up";
    // Levels have the same numbers in both directions, so that counting is safe before they are known.
    levels = 64;
    int count = 0;
    while (count < levels && weights.has(names->stored(fmt::format("{}.{}.block.0.conv1.weight", level, count),
                                                       config.encoder ? levels : 2 * count + 1)))
        ++count;
    levels = count;
    if (levels < 1) return std::nullopt;
    config.widths.clear();
    for (int i = 0; i < levels; ++i) {
        config.widths.push_back(size(fmt::format("{}.{}.block.0.conv1", level, i), 0));
        if (has(fmt::format("{}.{}.attn.0.norm", level, i))) config.attentionLevels.insert(i);
    }
    int blocks = 0;
    while (has(fmt::format("{}.0.block.{}.conv1", level, blocks))) ++blocks;
    config.resBlocks = config.encoder ? blocks : blocks - 1;
    const std::string half = config.encoder ? "encoder" : "decoder";
    config.midAttention = has(half + ".mid.attn_1.q");
    if (config.midAttention)
        config.linearAttention = weights.shape(names->stored(half + ".mid.attn_1.q.weight", levels)).size() == 2;
    config.quant = config.encoder && has("quant_conv");
    config.postQuant = config.decoder && has("post_quant_conv");
    if (config.encoder) {
        config.inChannels = size("encoder.conv_in", 1);
        config.stem = size("encoder.conv_in", 0);
        const int out = size("encoder.conv_out", 0);
        config.zChannels = config.decoder ? size("decoder.conv_in", 1) : out / 2;
        config.doubleZ = out == 2 * config.zChannels;
        config.momentChannels = config.quant ? size("quant_conv", 0) : out;
        config.latentChannels = config.momentChannels / 2;
    }
    if (config.decoder) {
        config.outChannels = size("decoder.conv_out", 0);
        config.zChannels = size("decoder.conv_in", 1);
        config.latentChannels = config.postQuant ? size("post_quant_conv", 1) : config.zChannels;
    }
    return config;
}

std::map<std::string, tensor::Shape> AutoencoderKl::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    for (auto& [name, shape] : KeyList(*this).all()) keys[names.stored(name, static_cast<int>(widths.size()))] = shape;
    return keys;
}

AutoencoderKl::AutoencoderKl(const tensor::Weights& weights, const Config& config)
    : m_config(config), m_type(weights.placement().floating) {
    const tensor::Weights named = renamed(weights, config);
    if (config.encoder) m_encoder = build(named, "encoder");
    if (config.encoder && config.quant) m_quant = {named, "quant_conv"};
    if (config.decoder && config.postQuant) m_postQuant = {named, "post_quant_conv"};
    if (config.decoder) m_decoder = build(named, "decoder");
}

AutoencoderKl::Half AutoencoderKl::build(const tensor::Weights& weights, const std::string& name) const {
    const bool decodes = name == "decoder";
    const int levels = static_cast<int>(m_config.widths.size());
    Half half;
    half.first = {weights, name + ".conv_in"};
    for (int i = 0; i < levels; ++i) {
        Level& level = half.levels.emplace_back();
        const std::string prefix = fmt::format("{}.{}.{}", name, decodes ? "up" : "down", i);
        for (int block = 0; block < m_config.resBlocks + (decodes ? 1 : 0); ++block) {
            level.blocks.emplace_back(weights, fmt::format("{}.block.{}", prefix, block));
            if (m_config.attentionLevels.contains(i))
                level.attention.emplace_back(weights, fmt::format("{}.attn.{}", prefix, block));
        }
        if (decodes && i > 0) level.up = {weights, prefix + ".upsample.conv"};
        if (!decodes && i + 1 < levels) level.down = {weights, prefix + ".downsample.conv", {.stride = 2, .padding = 0}};
    }
    half.middle.emplace_back(weights, name + ".mid.block_1");
    if (m_config.midAttention) half.middleAttention.emplace(weights, name + ".mid.attn_1");
    half.middle.emplace_back(weights, name + ".mid.block_2");
    half.norm = {weights, name + ".norm_out", 32, 1e-6};
    half.last = {weights, name + ".conv_out"};
    return half;
}

/// Operations for a picture of the full size.
double AutoencoderKl::work(const Half& half, std::int64_t height, std::int64_t width) const {
    const auto area = [&](int level) { return static_cast<double>((height >> level) * (width >> level)); };
    const int smallest = static_cast<int>(half.levels.size()) - 1;
    const bool decodes = &half == &m_decoder;
    double sum = half.first.work() * area(decodes ? smallest : 0) + half.last.work() * area(decodes ? 0 : smallest);
    for (int i = 0; i <= smallest; ++i) {
        const Level& level = half.levels[static_cast<std::size_t>(i)];
        for (const ResBlock& block : level.blocks) sum += block.work() * area(i);
        for (const AttentionBlock& block : level.attention) sum += block.work(static_cast<std::int64_t>(area(i)));
        sum += level.down.work() * area(i + 1);
        if (i > 0) sum += level.up.work() * area(i - 1);
    }
    for (const ResBlock& block : half.middle) sum += block.work() * area(smallest);
    if (half.middleAttention) sum += half.middleAttention->work(static_cast<std::int64_t>(area(smallest)));
    return sum;
}

/// `scale` of the picture's sides to those of the input.
StripeRun AutoencoderKl::start(const Half& half, const nn::Tensor& input, std::int64_t scale,
                               const Options& options) const {
    const std::int64_t height = input.size(2) * scale, width = input.size(3) * scale;
    const double bytes = 2.0 * 4 * m_config.widths.front() * static_cast<double>(height * width);
    const MapStorage storage = options.storage.value_or(bytes > kExactBytes ? MapStorage::Half : MapStorage::Exact);
    return {input, storage, options.rows, work(half, height, width) * static_cast<double>(input.size(0)), options.progress};
}

StripedMap AutoencoderKl::runBlocks(const Level& level, StripedMap x, StripeRun& run) {
    for (std::size_t i = 0; i < level.blocks.size(); ++i) {
        x = level.blocks[i](std::move(x), run);
        if (!level.attention.empty()) x = level.attention[i](std::move(x), run);
    }
    return x;
}

StripedMap AutoencoderKl::runMiddle(const Half& half, StripedMap x, StripeRun& run) const {
    x = half.middle[0](std::move(x), run);
    if (half.middleAttention) x = (*half.middleAttention)(std::move(x), run);
    return half.middle[1](std::move(x), run);
}

nn::Tensor AutoencoderKl::encode(const nn::Tensor& image, const Options& options) const {
    if (!m_config.encoder) throw Error("autoencoder: has no encoder", "use a file that has both halves");
    checkPicture(image, m_config.inChannels, m_config.scale(), "a picture");
    const nn::Tensor pictures = image.to(m_type);
    StripeRun run = start(m_encoder, pictures, 1, options);
    std::vector<nn::Tensor> results;
    for (std::int64_t n = 0; n < image.size(0); ++n) {
        StripedMap x = convolve({pictures.narrow(0, n, 1), run.storage()}, m_encoder.first, run);
        for (std::size_t i = 0; i < m_encoder.levels.size(); ++i) {
            const Level& level = m_encoder.levels[i];
            x = runBlocks(level, std::move(x), run); // [1, widths[i], H/2^i, W/2^i]
            if (i + 1 < m_encoder.levels.size()) x = downsample(std::move(x), level.down, run);
        }
        x = runMiddle(m_encoder, std::move(x), run);
        const nn::Tensor out = convolve(std::move(x), m_encoder.norm, m_encoder.last, run).take();
        results.push_back((m_config.quant ? m_quant(out) : out).to(at::kFloat)); // [1, momentChannels, h, w]
    }
    return results.size() == 1 ? results[0] : nn::cat(results, 0);
}

nn::Tensor AutoencoderKl::decode(const nn::Tensor& latent, const Options& options) const {
    if (!m_config.decoder) throw Error("autoencoder: has no decoder", "use a file that has both halves");
    checkPicture(latent, m_config.latentChannels, 1, "a latent");
    const nn::Tensor latents = latent.to(m_type);
    StripeRun run = start(m_decoder, latents, m_config.scale(), options);
    std::vector<nn::Tensor> results;
    for (std::int64_t n = 0; n < latent.size(0); ++n) {
        const nn::Tensor one = latents.narrow(0, n, 1), z = m_config.postQuant ? m_postQuant(one) : one;
        StripedMap x = convolve({z, run.storage()}, m_decoder.first, run);
        x = runMiddle(m_decoder, std::move(x), run);
        for (std::size_t i = m_decoder.levels.size(); i-- > 0;) {
            const Level& level = m_decoder.levels[i];
            x = runBlocks(level, std::move(x), run); // [1, widths[i], H/2^i, W/2^i]
            if (i > 0) x = upsample(std::move(x), level.up, run);
        }
        results.push_back(convolve(std::move(x), m_decoder.norm, m_decoder.last, run).take().to(at::kFloat));
    }
    return results.size() == 1 ? results[0] : nn::cat(results, 0);
}

nn::Tensor AutoencoderKl::wholeBlocks(const Level& level, nn::Tensor x) {
    for (std::size_t i = 0; i < level.blocks.size(); ++i) {
        x = level.blocks[i].whole(x);
        if (!level.attention.empty()) x = level.attention[i].whole(x);
    }
    return x;
}

nn::Tensor AutoencoderKl::wholeMiddle(const Half& half, nn::Tensor x) {
    x = half.middle[0].whole(x);
    if (half.middleAttention) x = half.middleAttention->whole(x);
    return half.middle[1].whole(x);
}

nn::Tensor AutoencoderKl::encodeWhole(const nn::Tensor& image) const {
    if (!m_config.encoder) throw Error("autoencoder: has no encoder", "use a file that has both halves");
    checkPicture(image, m_config.inChannels, m_config.scale(), "a picture");
    nn::Tensor x = m_encoder.first(image.to(m_type));
    for (const Level& level : m_encoder.levels) {
        x = wholeBlocks(level, x); // [N, widths[i], H/2^i, W/2^i]
        if (&level != &m_encoder.levels.back()) x = level.down(nn::pad(x, 0, 1, 0, 1));
    }
    x = m_encoder.last(m_encoder.norm(wholeMiddle(m_encoder, x), nn::Activation::silu()));
    return (m_config.quant ? m_quant(x) : x).to(at::kFloat); // [N, momentChannels, h, w]
}

nn::Tensor AutoencoderKl::decodeWhole(const nn::Tensor& latent) const {
    if (!m_config.decoder) throw Error("autoencoder: has no decoder", "use a file that has both halves");
    checkPicture(latent, m_config.latentChannels, 1, "a latent");
    const nn::Tensor z = latent.to(m_type);
    nn::Tensor x = wholeMiddle(m_decoder, m_decoder.first(m_config.postQuant ? m_postQuant(z) : z));
    for (std::size_t i = m_decoder.levels.size(); i-- > 0;) {
        x = wholeBlocks(m_decoder.levels[i], x); // [N, widths[i], H/2^i, W/2^i]
        if (i > 0) x = m_decoder.levels[i].up(x);
    }
    return m_decoder.last(m_decoder.norm(x, nn::Activation::silu())).to(at::kFloat);
}

nn::Tensor AutoencoderKl::mean(const nn::Tensor& moments) {
    return moments.narrow(1, 0, moments.size(1) / 2);
}

nn::Tensor AutoencoderKl::sample(const nn::Tensor& moments, const nn::Tensor& noise) {
    const std::int64_t channels = moments.size(1) / 2;
    if (noise.sizes() != mean(moments).sizes())
        throw Error(fmt::format("autoencoder: noise has shape {}, the mean {}", tensor::describe(noise.sizes().vec()),
                                tensor::describe(mean(moments).sizes().vec())));
    const nn::Tensor deviation = moments.narrow(1, channels, channels).clamp(-30.0, 20.0).mul_(0.5).exp_();
    return deviation.mul_(noise).add_(mean(moments));
}

} // namespace ochre::models
