// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/Metadata.h"

namespace ochre {
namespace {

constexpr DigitalSourceType kMarked[] = {DigitalSourceType::AlgorithmicallyEnhanced,
                                         DigitalSourceType::CompositeWithTrainedAlgorithmicMedia,
                                         DigitalSourceType::TrainedAlgorithmicMedia};

} // namespace

const char* name(DigitalSourceType type) {
    switch (type) {
    case DigitalSourceType::None:
        return "";
    case DigitalSourceType::AlgorithmicallyEnhanced:
        return "algorithmicallyEnhanced";
    case DigitalSourceType::CompositeWithTrainedAlgorithmicMedia:
        return "compositeWithTrainedAlgorithmicMedia";
    case DigitalSourceType::TrainedAlgorithmicMedia:
        return "trainedAlgorithmicMedia";
    }
    return "";
}

DigitalSourceType digitalSourceTypeOf(const Image& image) {
    const auto found = image.metadata().find(kDigitalSourceTypeKey);
    if (found != image.metadata().end())
        for (const DigitalSourceType type : kMarked)
            if (found->second == name(type)) return type;
    return DigitalSourceType::None;
}

void markDigitalSourceType(Image& image, DigitalSourceType type) {
    if (type > digitalSourceTypeOf(image)) image.setMetadata(kDigitalSourceTypeKey, name(type));
}

namespace codec {
namespace {

/// Entries that have a place of their own in files, or that describe the file they came from.
bool isPlainText(const std::string& key) {
    return !key.empty() && key != "XMP" && key != "Software" && key != kDigitalSourceTypeKey &&
           !key.starts_with("Exif:") && !key.starts_with("IPTC:") && !key.starts_with("ICC:") &&
           !key.starts_with("File:");
}

std::string sourceWord(const Image& image, const WriteOptions& options) {
    const DigitalSourceType own = digitalSourceTypeOf(image);
    if (options.source > own) return name(options.source);
    // A word of IPTC's list that we do not set ourselves ("digitalCapture") is kept as it came.
    const auto found = image.metadata().find(kDigitalSourceTypeKey);
    return found == image.metadata().end() || !options.keepMetadata ? name(own) : found->second;
}

/// ComfyUI looks for its texts in these EXIF fields of a WebP. A camera's own entries stay.
void addComfyFields(Metadata& metadata, const Metadata& text) {
    for (const auto& [field, key] : {std::pair{"Exif:Model", "prompt"}, std::pair{"Exif:Make", "workflow"}})
        if (const auto it = text.find(key); it != text.end() && !metadata.contains(field))
            metadata[field] = std::string(key) + ":" + it->second;
}

} // namespace

Embedded embed(const Image& image, const WriteOptions& options, bool textInXmp, std::size_t xmpLimit) {
    Embedded result;
    Metadata metadata = options.keepMetadata ? image.metadata() : Metadata{};
    for (const auto& [key, value] : metadata)
        if (isPlainText(key)) result.text[key] = value;
    std::size_t size = 0;
    for (const auto& [key, value] : options.text) result.text[key] = value;
    for (const auto& [key, value] : result.text) size += key.size() + value.size();
    if (size > kMaxTextBytes)
        throw Error(fmt::format("the texts to embed take {} bytes", size),
                    fmt::format("files hold at most {}: leave the graph out", kMaxTextBytes));
    if (textInXmp && result.text.contains("parameters"))
        metadata["Exif:UserComment"] = result.text.at("parameters");
    if (textInXmp && xmpLimit == SIZE_MAX) addComfyFields(metadata, result.text);
    if (options.keepMetadata) metadata["Exif:Software"] = programName();
    result.exif = writeExif(metadata);
    result.iptc = writeIptc(metadata);

    const std::string source = sourceWord(image, options);
    const auto base = metadata.find("XMP");
    const std::string_view packet = base == metadata.end() ? std::string_view{} : base->second;
    if (!textInXmp) {
        if (!source.empty()) result.text[kDigitalSourceTypeKey] = source;
        if (!packet.empty() || !source.empty()) result.xmp = writeXmp(packet, source, {});
        return result;
    }
    result.xmp = writeXmp(packet, source, result.text);
    if (result.xmp.size() > xmpLimit) {
        result.xmpExtended =
            writeXmp(packet.size() > xmpLimit / 2 ? packet : std::string_view{}, {}, result.text);
        result.xmp = writeXmp(packet.size() > xmpLimit / 2 ? std::string_view{} : packet, source, {});
    }
    return result;
}

} // namespace codec
} // namespace ochre
