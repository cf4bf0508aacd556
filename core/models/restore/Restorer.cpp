// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/Restorer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/image/Filter.h"
#include "core/models/Architectures.h"
#include "core/models/restore/Tiling.h"
#include "core/models/restore/WholePicture.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

using tensor::Device;
using tensor::Placement;
using tensor::Precision;

constexpr std::uint64_t kMostTileMemory = std::uint64_t{1}
                                          << 30; ///< larger tiles are not faster: they leave the cache
constexpr int kSmallestTile = 16;
constexpr int kTrialSide = 64;
/// Of what a network sees that looks at all of a picture first; larger ones are reduced.
constexpr double kWholePixels = 4e6;

float toSrgb(float linear) {
    return linear <= 0.0031308f ? 12.92f * linear : 1.055f * std::pow(linear, 1.0f / 2.4f) - 0.055f;
}

float toLinear(float coded) {
    return coded <= 0.04045f ? coded / 12.92f : std::pow((coded + 0.055f) / 1.055f, 2.4f);
}

/// A run of channels that goes through the network together, repeated to fill its inputs.
struct Pass {
    std::vector<int> channels;
    bool alpha = false;
};

std::vector<Pass> passesOf(const Image& image, int networkChannels) {
    std::vector<Pass> passes;
    const int colors = image.channels() - (image.hasAlpha() ? 1 : 0);
    if (colors == networkChannels) {
        Pass pass;
        for (int c = 0; c < colors; ++c) pass.channels.push_back(c);
        passes.push_back(pass);
    } else {
        for (int c = 0; c < colors; ++c) passes.push_back({{c}});
    }
    if (image.hasAlpha()) passes.push_back({{image.channels() - 1}, true});
    return passes;
}

/// The value of a channel that is the same everywhere (an opaque alpha), or nothing.
std::optional<float> constantValue(const Image& image, int channel) {
    const auto values = image.values();
    const auto step = static_cast<std::size_t>(image.channels());
    const float first = values[static_cast<std::size_t>(channel)];
    for (std::size_t i = static_cast<std::size_t>(channel); i < values.size(); i += step)
        if (values[i] != first) return std::nullopt;
    return first;
}

/// Adds a tile's result into the picture, each pixel by its share.
void blend(Image& out, const nn::Tensor& tile, const Span& across, const Span& down, int scale,
           const Pass& pass, const PictureModel& model) {
    const auto values = out.edit();
    const nn::Tensor picture = nn::channelsLast(tile.to(at::kCPU, at::kFloat));
    const float* in = picture.const_data_ptr<float>();
    const auto tileChannels = static_cast<int>(picture.size(1)),
               tileWidth = static_cast<int>(picture.size(3));
    const int x0 = across.first() * scale, x1 = across.last() * scale;
    std::vector<float> shares;
    for (int x = x0; x < x1; ++x) shares.push_back(static_cast<float>(share(across, (x + 0.5) / scale)));
    for (int y = down.first() * scale; y < down.last() * scale; ++y) {
        const auto vertical = static_cast<float>(share(down, (y + 0.5) / scale));
        float* target = values.data() + (static_cast<std::size_t>(y) * static_cast<std::size_t>(out.width()) +
                                         static_cast<std::size_t>(x0)) *
                                            static_cast<std::size_t>(out.channels());
        const float* source =
            in + (static_cast<std::size_t>(y - down.from * scale) * static_cast<std::size_t>(tileWidth) +
                  static_cast<std::size_t>(x0 - across.from * scale)) *
                     static_cast<std::size_t>(tileChannels);
        for (int x = x0; x < x1; ++x, target += out.channels(), source += tileChannels) {
            const float weight = vertical * shares[static_cast<std::size_t>(x - x0)];
            if (pass.channels.size() == 1) {
                float mean = 0; // the network gave several readings of one channel
                for (int c = 0; c < tileChannels; ++c) mean += source[c];
                target[pass.channels[0]] +=
                    weight * std::clamp(mean / static_cast<float>(tileChannels), model.low, model.high);
            } else {
                for (const int c : pass.channels) target[c] += weight * std::clamp(source[c], model.low, model.high);
            }
        }
    }
}

} // namespace

struct Restorer::State {
    tensor::Weights weights;
    const Architecture* architecture = nullptr;
    double outputScale = 1; ///< of a last bicubic resize, from the file's metadata
    PictureModel facts;     ///< of the float32 model on the CPU
    std::vector<std::string> unused;
    mutable std::mutex mutex;
    mutable std::map<std::pair<int, int>, PictureModel> models; ///< by device and precision

    PictureModel model(Device device, Precision precision) const {
        const std::lock_guard lock(mutex);
        auto& slot = models[{static_cast<int>(device), static_cast<int>(precision)}];
        if (!slot.forward) {
            const Placement placement{device, precision == Precision::Bfloat16 ? at::kBFloat16 : at::kFloat};
            slot = architecture->picture(weights.placed(placement));
        }
        return slot;
    }
};

namespace {

struct Job {
    Device device;
    Precision precision;
    int tile, overlap;
};

/// Side of the tiles whose work fits into the memory that may be used.
int chooseTile(const PictureModel& model, const RestoreOptions& options, const Image& image, int overlap,
               Precision precision) {
    if (options.tile > 0) return std::max(options.tile, model.multiple);
    const std::uint64_t free = tensor::availableMemory();
    const std::uint64_t budget = options.memory > 0 ? options.memory : std::min(kMostTileMemory, free / 2);
    const double bytes = model.bytesPerPixel * (precision == Precision::Bfloat16 ? 0.5 : 1.0);
    const double pixels = static_cast<double>(budget) / bytes;
    if (static_cast<double>(image.pixelCount()) <= pixels) return std::max(image.width(), image.height());
    return std::max(kSmallestTile, static_cast<int>(std::sqrt(pixels)) - 2 * overlap);
}

Image encoded(const Image& image) {
    if (image.colorSpace() != ColorSpace::Linear) return image;
    Image result = image;
    const auto values = result.edit();
    const std::size_t channels = static_cast<std::size_t>(image.channels());
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!image.hasAlpha() || i % channels + 1 != channels) values[i] = toSrgb(values[i]);
    return result;
}

void decode(Image& image) {
    const auto values = image.edit();
    const std::size_t channels = static_cast<std::size_t>(image.channels());
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!image.hasAlpha() || i % channels + 1 != channels) values[i] = toLinear(values[i]);
}

void fill(Image& out, int channel, float value) {
    const auto values = out.edit();
    for (std::size_t i = static_cast<std::size_t>(channel); i < values.size();
         i += static_cast<std::size_t>(out.channels()))
        values[i] = value;
}

void copyChannel(Image& out, const Image& image, int channel) {
    const auto to = out.edit();
    const auto from = image.values();
    for (std::size_t i = static_cast<std::size_t>(channel); i < to.size(); i += static_cast<std::size_t>(out.channels()))
        to[i] = from[i];
}

/// What colours have beyond the range that the network sees; alpha as it is. Empty where there is none of it.
Image excessOf(const Image& image, const PictureModel& model) {
    const std::size_t channels = static_cast<std::size_t>(image.channels()), colors = channels - (image.hasAlpha() ? 1 : 0);
    Image excess = image;
    bool any = false;
    const auto values = excess.edit();
    for (std::size_t i = 0; i < values.size(); ++i)
        if (i % channels < colors) {
            values[i] -= std::clamp(values[i], model.low, model.high);
            any |= values[i] != 0.0f;
        }
    return any ? excess : Image();
}

/// Adds to colours what they had beyond the range that the network sees; `excess` may be empty.
void addExcess(Image& out, const Image& excess) {
    if (excess.empty()) return;
    const std::size_t channels = static_cast<std::size_t>(out.channels()), colors = channels - (out.hasAlpha() ? 1 : 0);
    const auto values = out.edit();
    for (std::size_t i = 0; i < values.size(); ++i)
        if (i % channels < colors) values[i] += excess.values()[i];
}

/// The channels of a pass, clamped, repeated up to what the network takes.
nn::Tensor networkInput(const Image& image, const Pass& pass, const PictureModel& model, const Span& across,
                        const Span& down) {
    std::vector<int> channels = pass.channels;
    channels.resize(static_cast<std::size_t>(model.inChannels), pass.channels.front());
    return tensor::toTensor(image, channels, across.from, down.from, across.size, down.size)
        .clamp_(model.low, model.high);
}

/// The picture in the size of another, bicubically; empty ones stay so.
Image enlarged(const Image& picture, const Image& like, const Cancel& cancel) {
    const bool same = picture.width() == like.width() && picture.height() == like.height();
    return same || picture.empty() ? picture : resize(picture, like.width(), like.height(), ResizeFilter::Bicubic, cancel);
}

/// All of a pass, reduced where it is very large.
nn::Tensor wholePicture(const Image& image, const Pass& pass, const PictureModel& model) {
    const double shrink = std::sqrt(kWholePixels / static_cast<double>(image.pixelCount()));
    const auto side = [shrink](int length) { return std::max(1, static_cast<int>(std::lround(length * shrink))); };
    const Image seen = shrink < 1 ? resize(image, side(image.width()), side(image.height()), ResizeFilter::Area,
                                           tensor::currentCancel())
                                  : image;
    return networkInput(seen, pass, model, {.size = seen.width()}, {.size = seen.height()});
}

} // namespace

Restorer::Restorer(std::unique_ptr<State> state) : m_state(std::move(state)) {}
Restorer::~Restorer() = default;
Restorer::Restorer(Restorer&&) noexcept = default;
Restorer& Restorer::operator=(Restorer&&) noexcept = default;

Restorer Restorer::open(const std::filesystem::path& path) {
    auto state = std::make_unique<State>();
    tensor::run({}, [&] {
        const tensor::Weights file = tensor::Weights::open(path);
        state->architecture = recognise(file, state->weights);
        if (state->architecture && !state->architecture->picture)
            throw Error(fmt::format("{}: holds a network of the kind {}, which is not run on one picture", path.string(), state->architecture->name),
                        "Painter, BEM and Diff-Retinex have nodes of their own; here choose weights of SwinIR, Restormer or another that "
                        "`ochre restore --help` names",
                        ErrorKind::NotMine);
        if (!state->architecture) {
            const auto names = file.names();
            throw Error(
                fmt::format(
                    "{}: no network that restores or enlarges pictures is known with these {} tensors (\"{}\", …)",
                    path.string(), names.size(), names.front()),
                "choose weights of Real-ESRGAN, SwinIR, Restormer or another that `ochre restore --help` names",
                ErrorKind::NotMine);
        }
        state->facts = state->architecture->picture(state->weights);
        if (state->facts.inChannels != state->facts.outChannels)
            throw Error(fmt::format("{}: takes {} channels and gives {}: it wants two views of a scene, as dual-pixel "
                                    "sensors see it",
                                    path.string(), state->facts.inChannels, state->facts.outChannels),
                        "use it in the node Deblur dual pixels, or choose weights for one picture", ErrorKind::NotMine);
        state->unused = state->weights.unused();
        if (state->architecture->isBeside) std::erase_if(state->unused, state->architecture->isBeside);
        state->models[{static_cast<int>(Device::Cpu), static_cast<int>(Precision::Float32)}] = state->facts;
        const auto& metadata = file.checkpoint().metadata;
        if (const auto it = metadata.find("output_scale"); it != metadata.end())
            state->outputScale = std::strtod(it->second.c_str(), nullptr);
        const double scale = state->outputScale * state->facts.scale;
        if (!(scale >= 1 && scale <= 16) || scale != std::round(scale))
            throw broken(
                fmt::format("{}: output_scale {} gives no whole scale", path.string(), state->outputScale));
    });
    if (!state->unused.empty())
        log::warning("{}: {} tensors are not used by {} (\"{}\", …)", path.string(), state->unused.size(),
                     state->architecture->name, state->unused.front());
    return Restorer(std::move(state));
}

const std::string& Restorer::architecture() const {
    return m_state->architecture->name;
}

int Restorer::scale() const {
    return static_cast<int>(std::lround(m_state->outputScale * m_state->facts.scale));
}

int Restorer::defaultOverlap() const {
    return m_state->facts.overlap;
}

const std::vector<std::string>& Restorer::unusedKeys() const {
    return m_state->unused;
}

namespace {

using Forward = PictureModel::Forward;

/// What runs on the tiles of a pass: padded, on the device and in the type of `job`, to float32 on either.
Forward forwardOf(const PictureModel& net, const Image& image, const Pass& pass, const Job& job) {
    const auto type = job.precision == Precision::Bfloat16 ? at::kBFloat16 : at::kFloat;
    const auto device = job.device == Device::Cuda ? at::kCUDA : at::kCPU;
    const Forward inner =
        net.preparedFor ? net.preparedFor(wholePicture(image, pass, net).to(device, type)) : net.forward;
    return [=](const nn::Tensor& tile) {
        const nn::Tensor out = inner(filledUp(tile, net.multiple, net.leastSide).to(device, type)).to(at::kFloat);
        return nn::narrow(nn::narrow(out, 2, 0, tile.size(2) * net.scale), 3, 0, tile.size(3) * net.scale);
    };
}

/// What is mirrored before and after a span, where it reaches the edge of the picture.
struct Edges {
    std::int64_t low = 0, high = 0;

    Edges(const Span& span, int length, const PictureModel& model) {
        const int width = (model.edge + model.multiple - 1) / model.multiple * model.multiple;
        if (span.from == 0) low = width;
        if (span.from + span.size == length) high = width;
    }
};

/// A tile through the network, with its share of the picture's edge around it for that time.
nn::Tensor forwardTile(const Forward& forward, const nn::Tensor& tile, const Edges& x, const Edges& y, int scale) {
    const bool room = tile.size(3) > std::max(x.low, x.high) && tile.size(2) > std::max(y.low, y.high);
    const auto kind = room ? nn::Padding::Reflect : nn::Padding::Replicate; // of a few pixels no more can be mirrored
    const nn::Tensor out = forward(nn::pad(tile, x.low, x.high, y.low, y.high, kind));
    return nn::narrow(nn::narrow(out, 2, y.low * scale, tile.size(2) * scale), 3, x.low * scale, tile.size(3) * scale);
}

/// Auto keeps bfloat16 only where a patch from the middle of the picture stays within the stated error of
/// float32.
Precision tryBfloat16(const PictureModel& half, const PictureModel& full, const Image& image, Job job, double& error) {
    Span across, down;
    across.size = std::min(kTrialSide, image.width());
    down.size = std::min(kTrialSide, image.height());
    across.from = (image.width() - across.size) / 2;
    down.from = (image.height() - down.size) / 2;
    const Pass pass = passesOf(image, full.inChannels).front();
    const nn::Tensor input = networkInput(image, pass, full, across, down);
    const auto run = [&](const PictureModel& model, Precision precision) {
        job.precision = precision;
        const Forward forward = forwardOf(model, image, pass, job);
        return forwardTile(forward, input, {across, image.width(), model}, {down, image.height(), model}, model.scale)
            .clamp(0.0, 1.0);
    };
    const nn::Tensor a = run(half, Precision::Bfloat16), b = run(full, Precision::Float32);
    error = nn::maxAbsDifference(a, b);
    return error <= tensor::kBfloat16MaxError && nn::meanAbsDifference(a, b) <= tensor::kBfloat16MeanError
               ? Precision::Bfloat16
               : Precision::Float32;
}

/// All tiles of all passes into `out`, which is zero.
int runTiles(Image& out, const Image& image, const PictureModel& model, double outputScale, const Job& job,
             const Progress& progress, const Cancel& cancel) {
    const auto across = cutAxis(image.width(), job.tile, job.overlap, model.multiple);
    const auto down = cutAxis(image.height(), job.tile, job.overlap, model.multiple);
    const int scale = static_cast<int>(std::lround(model.scale * outputScale));
    std::vector<Pass> passes = passesOf(image, model.inChannels);
    std::erase_if(passes, [&](const Pass& pass) {
        if (!pass.alpha) return false;
        if (scale == 1) return copyChannel(out, image, pass.channels[0]), true;
        const auto constant = constantValue(image, pass.channels[0]);
        if (constant) fill(out, pass.channels[0], std::clamp(*constant, 0.0f, 1.0f));
        return constant.has_value();
    });
    const std::size_t total = across.size() * down.size() * passes.size();
    std::size_t done = 0;
    for (const Pass& pass : passes) {
        const Forward forward = forwardOf(model, image, pass, job);
        for (const Span& y : down)
            for (const Span& x : across) {
                cancel.check();
                progress.report(done, total, fmt::format("tile {} of {}", done + 1, total));
                nn::Tensor result = forwardTile(forward, networkInput(image, pass, model, x, y),
                                                {x, image.width(), model}, {y, image.height(), model}, model.scale);
                if (outputScale != 1)
                    result =
                        nn::resizeBicubic(result, std::int64_t{y.size} * scale, std::int64_t{x.size} * scale);
                blend(out, result, x, y, scale, pass, model);
                ++done;
            }
    }
    progress.report(total, total, "done");
    return static_cast<int>(total);
}

} // namespace

Image Restorer::restore(const Image& image, const RestoreOptions& options, const Progress& progress,
                        const Cancel& cancel, RestoreReport* report) const {
    if (image.empty()) throw Error("picture: is empty", "load a picture first");
    if (image.channels() > 4)
        throw Error(fmt::format("picture of {} channels: 1 to 4 can be restored or enlarged", image.channels()));
    requireNumbers(image, "picture");
    tensor::useThreads(options.threads);
    const State& state = *m_state;
    RestoreReport local;
    Job job{tensor::deviceFromName(options.device), Precision::Float32, 0,
            options.overlap >= 0 ? options.overlap : state.facts.overlap};
    const Precision asked = tensor::precisionFromName(options.dtype);
    job.precision = tensor::choosePrecision(asked, job.device);
    if (asked == Precision::Auto && job.device == Device::Cpu && !state.facts.halfPays)
        job.precision = Precision::Float32;
    const Image source = encoded(image);
    Image out;
    for (int divisor = 1;; divisor *= 2) {
        try {
            tensor::run(cancel, [&] {
                if (asked == Precision::Auto && job.precision == Precision::Bfloat16 && local.bfloat16Error < 0)
                    job.precision =
                        tryBfloat16(state.model(job.device, Precision::Bfloat16),
                                    state.model(job.device, Precision::Float32), source, job, local.bfloat16Error);
                const PictureModel model = state.model(job.device, job.precision);
                const int whole = chooseTile(model, options, source, job.overlap, job.precision);
                job.tile = std::max(whole / divisor, std::min(whole, kSmallestTile));
                if (divisor > 1 && job.tile == local.tile)
                    throw Error("out of memory even for the smallest tile",
                                "close other programs or use a smaller picture");
                local.tile = job.tile;
                out = Image(image.width() * scale(), image.height() * scale(), image.channels(),
                            image.colorSpace());
                local.tiles = runTiles(out, source, model, state.outputScale, job, progress, cancel);
            });
            break;
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::Memory) throw;
            out = {};
            ++local.retries;
            log::info("restore: out of memory with tiles of {}, trying smaller ones", local.tile);
        }
    }
    addExcess(out, enlarged(excessOf(source, state.facts), out, cancel));
    if (image.colorSpace() == ColorSpace::Linear) decode(out);
    out.setMetadata(image.metadata());
    local.overlap = job.overlap;
    local.dtype = tensor::name(job.precision);
    local.device = tensor::name(job.device);
    if (report) *report = local;
    return out;
}

Image strengthened(const Image& picture, const Image& restored, double strength, const Cancel& cancel) {
    if (!(strength >= 0 && strength <= 1))
        throw Error(fmt::format("strength: is {}", strength), "choose 0 (the picture as it was) to 1 (all of the model)");
    if (strength == 1) return restored;
    Image out = enlarged(encoded(picture), restored, cancel);
    if (strength > 0) {
        const Image other = encoded(restored);
        const auto values = out.edit();
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] += static_cast<float>(strength) * (other.values()[i] - values[i]);
    }
    if (picture.colorSpace() == ColorSpace::Linear) decode(out);
    out.setMetadata(restored.metadata());
    return out;
}

} // namespace ochre::models
