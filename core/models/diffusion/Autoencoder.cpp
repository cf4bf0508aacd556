// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Autoencoder.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/image/Color.h"
#include "core/models/diffusion/FeatheredTiles.h"
#include "core/models/diffusion/Latent.h"
#include "core/models/diffusion/Networks.h"
#include "core/tensor/Convert.h"

namespace ochre::models {
namespace {
namespace fs = std::filesystem;

constexpr int kLeastTile = 64, kMostTile = 8192;

struct TileSize {
    std::int64_t tile, overlap; ///< pixels
};

TileSize checkedTile(const AutoencodeOptions& options) {
    if (options.tile < kLeastTile || options.tile > kMostTile || options.tile % kLatentSide != 0)
        throw Error(
            fmt::format("tile is {} px", options.tile),
            fmt::format("give 0 (one pass), or a multiple of 8 from {} to {}", kLeastTile, kMostTile));
    if (options.overlap < 0) throw Error(fmt::format("overlap is {} px", options.overlap), "give 0 or more");
    // Halved tiles need room for what they share.
    const std::int64_t overlap = options.tile < options.overlap * 4 ? options.tile / 4 : options.overlap;
    return {options.tile, overlap / kLatentSide * kLatentSide};
}

/// Picture by picture: maps of a whole batch would only take memory.
nn::Tensor oneByOne(const nn::Tensor& x, const Piecewise& function, const AutoencodeOptions& options) {
    std::vector<nn::Tensor> results;
    const auto count = static_cast<std::uint64_t>(x.size(0));
    for (std::uint64_t n = 0; n < count; ++n) {
        options.cancel.check();
        results.push_back(function(x.narrow(0, static_cast<std::int64_t>(n), 1)));
        options.progress.report(n + 1, count);
    }
    return results.size() == 1 ? results.front() : nn::cat(results, 0);
}

template <typename Network>
std::shared_ptr<const Network> built(const tensor::Weights& weights, const std::string& identity) {
    return Networks::shared().get<Network>(
        NetworkKind::Autoencoder, identity, weightBytes(weights), [&]() -> std::shared_ptr<const Network> {
            std::shared_ptr<const Network> net;
            const Cancel cancel = tensor::currentCancel();
            tensor::run(cancel, [&] {
                const auto config = Network::Config::fromWeights(weights);
                if (!config)
                    throw broken(weights.subject() +
                                     ": its autoencoder lacks layers or has them in other shapes",
                                 "fetch the file again, or choose another");
                net = std::make_shared<const Network>(weights, *config);
            });
            return net;
        });
}

/// Fills in what the weights show. False where they are of another network.
bool describe(Autoencoder& autoencoder, const tensor::Weights& view) {
    if (const auto config = AutoencoderKl::Config::fromWeights(view)) {
        const int pixels = std::max(config->inChannels, config->outChannels) / 3; // that are the channels of one
        const int unshuffle = static_cast<int>(std::lround(std::sqrt(pixels)));
        const int scale = config->scale() * unshuffle;
        const bool known = config->latentChannels == 4 || unshuffle > 1; // the starter model's may have others
        if (!known || scale != kLatentSide || unshuffle * unshuffle != pixels)
            throw Error(fmt::format("{}: is an autoencoder of {} channels at 1/{}", view.subject(),
                                    config->latentChannels, scale),
                        "choose one of Stable Diffusion 1, 2 or XL: 4 channels at 1/8");
        autoencoder.unshuffle = unshuffle;
        autoencoder.canEncode = config->encoder;
        autoencoder.canDecode = config->decoder;
    } else if (const auto tiny = Taesd::Config::fromWeights(view)) {
        if (tiny->latentChannels != 4 || tiny->scale != kLatentSide)
            throw Error(fmt::format("{}: is a tiny autoencoder of {} channels at 1/{}", view.subject(),
                                    tiny->latentChannels, tiny->scale),
                        "choose taesd or taesdxl");
        autoencoder.tiny = true;
        autoencoder.canEncode = !tiny->encoder.empty();
        autoencoder.canDecode = !tiny->decoder.empty();
    } else {
        return false;
    }
    autoencoder.weights = view;
    return true;
}

LatentScale scaleOf(const DiffusionCheckpoint& checkpoint) {
    return {checkpoint.latentScale, 0};
}

std::string lowerName(const std::string& subject) {
    std::string text = fs::path(subject).filename().string();
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

} // namespace

nn::Tensor pixelsOf(const std::vector<Image>& images) {
    if (images.empty()) throw Error("no picture to encode");
    std::vector<nn::Tensor> pictures;
    for (const Image& given : images) {
        if (given.empty()) throw Error("an empty picture cannot be encoded");
        if (given.width() != images.front().width() || given.height() != images.front().height())
            throw Error(fmt::format("pictures of {}×{} and {}×{} cannot be one batch", images.front().width(),
                                    images.front().height(), given.width(), given.height()),
                        "resize them to one size first");
        const Image image = toColorSpace(given, ColorSpace::Srgb);
        const std::vector<int> channels =
            image.channels() < 3 ? std::vector<int>{0, 0, 0} : std::vector<int>{0, 1, 2};
        pictures.push_back(tensor::toTensor(image, channels, 0, 0, image.width(), image.height()));
    }
    return pictures.size() == 1 ? pictures.front() : nn::cat(pictures, 0);
}

nn::Tensor croppedToLatents(const nn::Tensor& pixels) {
    nn::Tensor x = pixels;
    for (const int side : {2, 3}) {
        const std::int64_t length = x.size(side), kept = length / kLatentSide * kLatentSide;
        if (kept == 0)
            throw Error(fmt::format("the picture is {}×{} px", pixels.size(3), pixels.size(2)),
                        fmt::format("a latent needs {} px each way: resize the picture first", kLatentSide));
        x = x.narrow(side, (length % kLatentSide) / 2, kept);
    }
    return x;
}

void Autoencoder::requireWeights() const {
    if (!weights)
        throw Error(subject + ": holds no autoencoder",
                    "load one of a file of its own with the node Load autoencoder");
}

std::shared_ptr<const AutoencoderKl> Autoencoder::networkKl() const {
    requireWeights();
    if (tiny) throw Error(subject + ": is no AutoencoderKL");
    return built<AutoencoderKl>(*weights, identity);
}

std::shared_ptr<const Taesd> Autoencoder::networkTiny() const {
    requireWeights();
    if (!tiny) throw Error(subject + ": is no TAESD");
    return built<Taesd>(*weights, identity);
}

nn::Tensor Autoencoder::encode(const std::vector<Image>& images, const AutoencodeOptions& options) const {
    return encode(croppedToLatents(pixelsOf(images)), options);
}

nn::Tensor Autoencoder::encode(const nn::Tensor& pixels, const AutoencodeOptions& options) const {
    if (!canEncode)
        throw Error(subject + ": holds a decoder only", "choose an autoencoder with both halves to encode");
    nn::Tensor result;
    tensor::run(options.cancel, [&] {
        Piecewise one;
        if (tiny)
            one = [this, net = networkTiny()](const nn::Tensor& x) {
                return scale.fromModel(net->encode(x));
            };
        else
            one = [this, net = networkKl()](const nn::Tensor& x) {
                const nn::Tensor values = x.mul(2).sub_(1);
                return AutoencoderKl::mean(net->encode(unshuffle > 1 ? nn::pixelUnshuffle(values, unshuffle) : values));
            };
        if (options.tile > 0) {
            const TileSize size = checkedTile(options);
            result = inThreeCuts(pixels, size.tile, size.overlap, 1.0 / kLatentSide, one, options.progress,
                                 options.cancel);
        } else {
            result = oneByOne(pixels, one, options);
        }
        result = result.to(at::kFloat).contiguous();
    });
    return result;
}

nn::Tensor Autoencoder::decodePixels(const nn::Tensor& latent, const AutoencodeOptions& options) const {
    if (!canDecode)
        throw Error(subject + ": holds an encoder only", "choose an autoencoder with both halves to decode");
    nn::Tensor result;
    tensor::run(options.cancel, [&] {
        Piecewise one;
        if (tiny) // to −1…1, so that both are clamped in one place
            one = [this, net = networkTiny()](const nn::Tensor& z) {
                return net->decode(scale.toModel(z)).mul(2).sub_(1);
            };
        else
            one = [this, net = networkKl()](const nn::Tensor& z) {
                const nn::Tensor values = net->decode(z);
                return unshuffle > 1 ? nn::pixelShuffle(values, unshuffle) : values;
            };
        if (options.tile > 0) {
            const TileSize size = checkedTile(options);
            result = inThreeCuts(latent, size.tile / kLatentSide, size.overlap / kLatentSide, kLatentSide,
                                 one, options.progress, options.cancel);
        } else {
            result = oneByOne(latent, one, options);
        }
        result = result.to(at::kFloat).add(1).div_(2).clamp_(0, 1);
    });
    return result;
}

std::vector<Image> Autoencoder::decode(const nn::Tensor& latent, const AutoencodeOptions& options) const {
    const nn::Tensor pixels = decodePixels(latent, options);
    if (!std::isfinite(nn::maxAbs(pixels)))
        throw Error(subject + ": the decoded picture holds values that are no finite numbers",
                    "load the autoencoder in float32, or choose another");
    std::vector<Image> images;
    for (std::int64_t n = 0; n < pixels.size(0); ++n)
        images.push_back(tensor::toImage(pixels.narrow(0, n, 1)));
    return images;
}

Autoencoder Autoencoder::of(const DiffusionCheckpoint& checkpoint, const std::string& identity) {
    Autoencoder autoencoder;
    autoencoder.subject = checkpoint.subject;
    autoencoder.identity = identity + "|vae";
    autoencoder.family = checkpoint.family;
    autoencoder.scale = scaleOf(checkpoint);
    if (checkpoint.vae && !describe(autoencoder, *checkpoint.vae))
        throw broken(checkpoint.subject + ": its autoencoder lacks layers or has them in other shapes",
                     "load another autoencoder beside it");
    return autoencoder;
}

Autoencoder Autoencoder::open(const fs::path& path, const OpenModelOptions& options) {
    Autoencoder autoencoder;
    autoencoder.subject = path.string();
    autoencoder.identity = identityOf(path, options) + "|vae";
    const tensor::Weights file = tensor::Weights::open(path, options.placement());
    for (const tensor::Weights& view : file.unwrapped())
        for (const char* prefix : {"first_stage_model.", "vae.", ""}) {
            const tensor::Weights part = view.sub(prefix);
            if (part.names().empty() || !describe(autoencoder, part.finiteOnly())) continue;
            if (std::string_view(prefix) == "first_stage_model.") {
                const DiffusionCheckpoint whole = DiffusionCheckpoint::from(file, {options.placement(), {}});
                autoencoder.family = whole.family;
                autoencoder.scale = scaleOf(whole);
            } else if (autoencoder.tiny && lowerName(autoencoder.subject).find("xl") != std::string::npos) {
                autoencoder.family = DiffusionFamily::Sdxl;
                autoencoder.scale = kSdxlLatents;
            }
            return autoencoder;
        }
    const WeightsKind kind = kindOfWeights(file);
    const bool known = !kind.what.empty() && kind.what != "an autoencoder (VAE)";
    throw Error(fmt::format("{}: is {}", path.string(),
                            known ? kind.what + ", not an autoencoder" : "no autoencoder that is known here"),
                known ? kind.hint : "choose a VAE of Stable Diffusion 1, 2 or XL, or TAESD",
                ErrorKind::NotMine);
}

} // namespace ochre::models
