// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Types.h"

#include <cstring>
#include <mutex>

#include <fmt/format.h>

#include "core/base/Math.h"
#include "core/nodes/ClipFiles.h"
#include "core/nodes/Make.h"
#include "core/nodes/ModelTypes.h"

namespace ochre::nodes {
namespace {

// On disk: this, then each metadata text as length + bytes (key, value, key, …), then the floats.
struct ImageHeader {
    std::uint32_t version = 1;
    std::int32_t width = 0, height = 0, channels = 0;
    std::uint32_t space = 0;
    std::uint32_t metadataCount = 0;
};

std::size_t metadataBytes(const Image& image) {
    std::size_t bytes = 0;
    for (const auto& [key, value] : image.metadata()) bytes += key.size() + value.size();
    return bytes;
}

class Writer {
public:
    explicit Writer(std::size_t size) { m_bytes.reserve(size); }
    void put(const void* data, std::size_t size) {
        const auto* begin = static_cast<const std::byte*>(data);
        m_bytes.insert(m_bytes.end(), begin, begin + size);
    }
    void text(const std::string& text) {
        const std::uint64_t size = text.size();
        put(&size, sizeof size);
        put(text.data(), text.size());
    }
    std::vector<std::byte> take() { return std::move(m_bytes); }

private:
    std::vector<std::byte> m_bytes;
};

class Reader {
public:
    explicit Reader(std::span<const std::byte> bytes) : m_bytes(bytes) {}
    void get(void* into, std::size_t size) {
        if (size > m_bytes.size()) throw broken("stored picture: it ends too early");
        std::memcpy(into, m_bytes.data(), size);
        m_bytes = m_bytes.subspan(size);
    }
    std::string text() {
        std::uint64_t size = 0;
        get(&size, sizeof size);
        if (size > m_bytes.size()) throw broken("stored picture: a text is longer than the file");
        std::string text(size, '\0');
        get(text.data(), text.size());
        return text;
    }
    std::size_t left() const { return m_bytes.size(); }

private:
    std::span<const std::byte> m_bytes;
};

std::vector<std::byte> writeImage(const graph::Value& value) {
    const Image& image = value.as<Image>();
    ImageHeader header;
    header.width = image.width();
    header.height = image.height();
    header.channels = image.channels();
    header.space = static_cast<std::uint32_t>(image.colorSpace());
    header.metadataCount = static_cast<std::uint32_t>(image.metadata().size());
    Writer out(sizeof header + metadataBytes(image) + 16 * image.metadata().size() + image.bytes());
    out.put(&header, sizeof header);
    for (const auto& [key, text] : image.metadata()) {
        out.text(key);
        out.text(text);
    }
    const std::span<const float> values = image.values();
    out.put(values.data(), values.size_bytes());
    return out.take();
}

Image readImage(std::span<const std::byte> bytes) {
    Reader in(bytes);
    ImageHeader header;
    in.get(&header, sizeof header);
    if (header.version != 1) throw broken(fmt::format("stored picture: unknown version {}", header.version));
    if (header.space > static_cast<std::uint32_t>(ColorSpace::Raw))
        throw broken(fmt::format("stored picture: unknown colour space {}", header.space));
    std::map<std::string, std::string> metadata;
    for (std::uint32_t i = 0; i < header.metadataCount; ++i) {
        std::string key = in.text();
        metadata[std::move(key)] = in.text();
    }
    // The size is known to be there before anything of that size is allocated.
    const auto side = [](std::int32_t v) { return static_cast<std::uint64_t>(std::max(v, 0)); };
    const auto pixels = checkedMultiply(side(header.width), side(header.height));
    const auto values = pixels ? checkedMultiply(*pixels, side(header.channels)) : std::nullopt;
    const auto wanted = values ? checkedMultiply(*values, std::uint64_t{sizeof(float)}) : std::nullopt;
    if (!wanted || *wanted != in.left())
        throw broken(fmt::format("stored picture: {}×{}×{} does not fit its {} bytes", header.width,
                                 header.height, header.channels, in.left()));
    if (*wanted == 0) return {};
    Image image(header.width, header.height, header.channels, static_cast<ColorSpace>(header.space));
    in.get(image.edit().data(), static_cast<std::size_t>(*wanted));
    image.setMetadata(std::move(metadata));
    return image;
}

int channelsOf(const graph::Value& value) {
    return value.as<Image>().channels();
}

void registerPictures(graph::TypeRegistry& registry) {
    registry.add({.name = types::kImage,
                  .label = "Image",
                  .write = writeImage,
                  .read = [](std::span<const std::byte> bytes) { return makeImageValue(readImage(bytes)); },
                  .channels = channelsOf});
    registry.add({.name = types::kMask,
                  .label = "Mask",
                  .write = writeImage,
                  .read = [](std::span<const std::byte> bytes) { return makeMaskValue(readImage(bytes)); },
                  .channels = channelsOf});
    registry.addConversion(types::kImage, types::kMask, [](const graph::Value& value) {
        return makeMaskValue(maskFromImage(value.as<Image>()));
    });
    registry.addConversion(types::kMask, types::kImage, [](const graph::Value& value) {
        return makeImageValue(imageFromMask(value.as<Image>()));
    });
}

// Kept on disk with the part that it was cut with.
void registerRegion(graph::TypeRegistry& registry) {
    registry.add({.name = types::kRegion,
                  .label = "Region",
                  .write =
                      [](const graph::Value& value) {
                          Writer out(sizeof(WorkRegion));
                          out.put(&value.as<WorkRegion>(), sizeof(WorkRegion));
                          return out.take();
                      },
                  .read =
                      [](std::span<const std::byte> bytes) {
                          WorkRegion region;
                          Reader in(bytes);
                          in.get(&region, sizeof region);
                          return makeRegionValue(region);
                      }});
}

void registerDetections(graph::TypeRegistry& registry) {
    const auto text = [](const graph::Value& value) { return dumpJson(detectionsToJson(value.as<Detections>())); };
    registry.add({.name = types::kDetections,
                  .label = "Boxes",
                  .write =
                      [text](const graph::Value& value) {
                          const std::string json = text(value);
                          Writer out(json.size());
                          out.put(json.data(), json.size());
                          return out.take();
                      },
                  .read =
                      [](std::span<const std::byte> bytes) {
                          const std::string_view json(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                          return makeDetectionsValue(detectionsFromJson(parseJson(json, "stored boxes")));
                      }});
    registry.addConversion(types::kDetections, graph::types::kText,
                           [text](const graph::Value& value) { return graph::makeText(text(value)); });
}

} // namespace

graph::Value makeImageValue(Image image) {
    const std::size_t bytes = image.bytes() + metadataBytes(image);
    return graph::Value::make<Image>(types::kImage, std::move(image), bytes);
}

graph::Value makeMaskValue(Image mask) {
    if (!mask.empty() && mask.channels() != 1)
        throw Error(fmt::format("mask: it has {} channels, not one", mask.channels()),
                    "this is a fault in the node");
    mask.setColorSpace(ColorSpace::Raw);
    const std::size_t bytes = mask.bytes() + metadataBytes(mask);
    return graph::Value::make<Image>(types::kMask, std::move(mask), bytes);
}

graph::Value makeSceneValue(SplatCloud cloud) {
    const std::size_t bytes = cloud.bytes();
    return graph::Value::make<SplatCloud>(types::kScene, std::move(cloud), bytes);
}

graph::Value makeLayersValue(SplatScene scene) {
    const std::size_t bytes = scene.bytes();
    return graph::Value::make<SplatScene>(types::kLayers, std::move(scene), bytes);
}

SplatScene sceneOf(const graph::Value& value) {
    if (const SplatCloud* cloud = value.tryAs<SplatCloud>()) return SplatScene(*cloud);
    return value.as<SplatScene>();
}

graph::Value makeCameraValue(const Camera& camera) {
    return graph::Value::make<Camera>(types::kCamera, camera);
}

graph::Value makeCameraPathValue(CameraPath path) {
    const std::size_t bytes = path.keys.size() * sizeof(CameraKey);
    return graph::Value::make<CameraPath>(types::kCameraPath, std::move(path), bytes);
}

graph::Value makeRegionValue(const WorkRegion& region) {
    return graph::Value::make<WorkRegion>(types::kRegion, region);
}

graph::Value makeDetectionsValue(Detections detections) {
    std::size_t bytes = detections.size() * sizeof(Detection);
    for (const Detection& detection : detections) bytes += detection.label.size();
    return graph::Value::make<Detections>(types::kDetections, std::move(detections), bytes);
}

Image maskFromImage(const Image& image) {
    if (image.empty()) return {};
    Image mask(image.width(), image.height(), 1, ColorSpace::Raw);
    const std::size_t n = image.pixelCount(), channels = static_cast<std::size_t>(image.channels());
    const float* in = image.values().data();
    float* out = mask.edit().data();
    for (std::size_t i = 0; i < n; ++i, in += channels) {
        if (image.hasAlpha())
            out[i] = in[channels - 1];
        else if (channels >= 3)
            out[i] = 0.2126f * in[0] + 0.7152f * in[1] + 0.0722f * in[2];
        else
            out[i] = in[0];
    }
    return mask;
}

Image imageFromMask(const Image& mask) {
    if (mask.empty()) return {};
    Image image(mask.width(), mask.height(), 3, ColorSpace::Srgb);
    const float* in = mask.values().data();
    float* out = image.edit().data();
    for (std::size_t i = 0; i < mask.pixelCount(); ++i)
        for (std::size_t c = 0; c < 3; ++c)
            out[3 * i + c] = in[i * static_cast<std::size_t>(mask.channels())];
    return image;
}

void registerTypes() {
    static std::once_flag once;
    std::call_once(once, [] {
        graph::TypeRegistry& registry = graph::TypeRegistry::shared();
        registerPictures(registry);
        registry.add({.name = types::kLayers, .label = "Scenes"});
        registry.add({.name = types::kScene, .label = "Scene", .parent = types::kLayers});
        registry.addConversion(types::kLayers, types::kScene, [](const graph::Value& value) { return makeSceneValue(sceneOf(value).merged()); });
        registry.add({.name = types::kCamera, .label = "Camera"});
        registry.add({.name = types::kCameraPath, .label = "Camera path"});
        registerRegion(registry);
        registerDetections(registry);
        registry.add({.name = types::kVideo, .label = "Video"});
        registerModelTypes();
    });
}

} // namespace ochre::nodes
