// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/interop/ComfyTable.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "core/project/interop/ComfyRows.h"

namespace ochre::project::interop {
namespace {

struct Word {
    const char* kind;
    const char* comfy;
    const char* ochre;
};
// Words that differ; all others are the same on both sides.
constexpr Word kWords[] = {
    {"resize", "nearest-exact", "nearest"},
    {"crop", "disabled", "none"},
    {"flip", "x-axis: vertically", "vertical"},
    {"flip", "y-axis: horizontally", "horizontal"},
    {"turn", "none", "0"},
    {"turn", "90 degrees", "90"},
    {"turn", "180 degrees", "180"},
    {"turn", "270 degrees", "270"},
    {"prediction", "v_prediction", "v"},
    {"load_channel", "alpha", "transparency"}, // a mask of theirs is 1 where a picture is clear
    {"dither", "floyd-steinberg", "floyd_steinberg"},
    {"dither", "bayer-2", "bayer_2"},
    {"dither", "bayer-4", "bayer_4"},
    {"dither", "bayer-8", "bayer_8"},
    {"dither", "bayer-16", "bayer_16"},
};
constexpr std::array kWordKinds{"resize",    "crop",    "flip",  "turn", "prediction", "load_channel", "dither",
                                "scheduler", "channel", "blend", "word", "text", "sampler"};

struct Type {
    const char* comfy;
    const char* ochre;
};
constexpr Type kTypes[] = {{"MODEL", "model"},
                           {"CLIP", "text_encoder"},
                           {"VAE", "autoencoder"},
                           {"CONTROL_NET", "controlnet"},
                           {"CONDITIONING", "conditioning"},
                           {"LATENT", "latent"},
                           {"SIGMAS", "sigmas"},
                           {"IMAGE", "image"},
                           {"MASK", "mask"},
                           {"INT", "int"},
                           {"FLOAT", "float"},
                           {"STRING", "text"},
                           {"BOOLEAN", "bool"},
                           {"COMBO", "text"}};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

template <typename Visit>
void eachPart(std::string_view list, const Visit& visit) {
    while (!list.empty()) {
        const std::size_t end = list.find(';');
        if (const std::string_view part = trimmed(list.substr(0, end)); !part.empty()) visit(part);
        list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
    }
}

/// "comfy>ochre" or "same".
std::pair<std::string, std::string> names(std::string_view text) {
    const std::size_t arrow = text.find('>');
    if (arrow == std::string_view::npos) return {std::string(text), std::string(text)};
    const std::string_view ochre = text.substr(arrow + 1);
    return {std::string(text.substr(0, arrow)), ochre == "-" ? std::string() : std::string(ochre)};
}

Json literal(std::string_view text) {
    if (text == "true" || text == "false") return text == "true";
    std::int64_t whole = 0;
    const char* const end = text.data() + text.size();
    if (const auto r = std::from_chars(text.data(), end, whole); r.ec == std::errc{} && r.ptr == end)
        return whole;
    double number = 0;
    if (const auto r = std::from_chars(text.data(), end, number); r.ec == std::errc{} && r.ptr == end)
        return number;
    return std::string(text);
}

WidgetRule widgetRule(std::string_view text) {
    const std::size_t equals = text.find('='), colon = text.substr(0, equals).find(':');
    WidgetRule rule;
    std::tie(rule.comfy, rule.parameter) = names(text.substr(0, colon));
    rule.kind = text.substr(colon + 1, equals - colon - 1);
    rule.fallback = literal(text.substr(equals + 1));
    if (rule.kind == "keep" || rule.kind == "only") rule.parameter.clear();
    return rule;
}

SocketRule socketRule(std::string_view text) {
    SocketRule rule;
    const std::size_t mark = text.find_first_of(":@");
    rule.part = text[mark] == '@';
    std::tie(rule.comfy, rule.ochre) = names(text.substr(0, mark));
    std::string_view type = text.substr(mark + 1);
    rule.inverted = type.ends_with('!');
    if (rule.inverted) type.remove_suffix(1);
    rule.type = type;
    if (rule.part) rule.ochre.clear();
    return rule;
}

std::vector<Row> readRows() {
    std::vector<Row> rows;
    for (const RowText& text : rowTexts()) {
        Row row{text.comfy, text.ochre, {}, {}, {}, {}};
        eachPart(text.widgets, [&](std::string_view part) { row.widgets.push_back(widgetRule(part)); });
        eachPart(text.inputs, [&](std::string_view part) { row.inputs.push_back(socketRule(part)); });
        eachPart(text.outputs, [&](std::string_view part) { row.outputs.push_back(socketRule(part)); });
        eachPart(text.fixed, [&](std::string_view part) {
            const std::size_t equals = part.find('=');
            row.fixed.emplace_back(part.substr(0, equals),
                                   graph::parameterFromJson(literal(part.substr(equals + 1))));
        });
        rows.push_back(std::move(row));
    }
    return rows;
}

std::optional<std::int64_t> wholeOf(const Json& value) {
    // Seeds are unsigned in ComfyUI; Ochre's end one bit earlier.
    if (value.is_number_unsigned()) return static_cast<std::int64_t>(value.get<std::uint64_t>() & INT64_MAX);
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (value.is_number_float()) {
        const double number = value.get<double>();
        if (std::floor(number) == number && std::abs(number) <= 0x1p53)
            return static_cast<std::int64_t>(number);
    }
    return std::nullopt;
}

std::optional<double> numberOf(const Json& value) {
    if (!value.is_number() || !std::isfinite(value.get<double>())) return std::nullopt;
    return value.get<double>();
}

double numberOf(const graph::ParameterValue& value) {
    if (const auto* number = std::get_if<double>(&value)) return *number;
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? 1 : 0;
    return 0;
}

Json scalar(const graph::ParameterValue& value, bool whole) {
    const double number = numberOf(value);
    if (whole && std::holds_alternative<std::int64_t>(value)) return std::get<std::int64_t>(value);
    if (whole) return static_cast<std::int64_t>(std::llround(std::clamp(number, -0x1p53, 0x1p53)));
    return number;
}

std::string slashes(std::string text) {
    std::replace(text.begin(), text.end(), '\\', '/');
    return text;
}

constexpr std::string_view kPictureEnd = "_{index}.png", kLatentEnd = "_{index}.latent";

/// A prefix of ComfyUI names a place in its output folder. Foreign text must not lead out of where the artist
/// works.
std::string pathOfPrefix(const std::string& prefix, std::string_view end) {
    std::string path;
    std::string_view rest = prefix;
    while (!rest.empty()) {
        const std::size_t slash = rest.find_first_of("/\\");
        const std::string_view step = rest.substr(0, slash);
        if (!step.empty() && step != "." && step != ".." && step.find('\0') == std::string_view::npos)
            path += (path.empty() ? "" : "/") + std::string(step);
        rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    }
    return (path.empty() ? "ComfyUI" : path) + std::string(end);
}

std::string prefixOfPath(const std::string& path, std::string_view end) {
    if (path.ends_with(end)) return path.substr(0, path.size() - end.size());
    const std::size_t dot = path.rfind('.'), slash = path.rfind('/');
    const bool hasEnding = dot != std::string::npos && (slash == std::string::npos || dot > slash);
    return hasEnding ? path.substr(0, dot) : path;
}

graph::Color colorOf(std::int64_t rgb) {
    const auto channel = [&](int shift) { return static_cast<float>(rgb >> shift & 255) / 255.0F; };
    return {channel(16), channel(8), channel(0), 1};
}

std::int64_t rgbOf(const graph::Color& color) {
    std::int64_t rgb = 0;
    for (int i = 0; i < 3; ++i)
        rgb = rgb << 8 | std::lround(std::clamp(color[static_cast<std::size_t>(i)], 0.0F, 1.0F) * 255.0F);
    return rgb;
}

bool isWordKind(const std::string& kind) {
    return std::find(kWordKinds.begin(), kWordKinds.end(), kind) != kWordKinds.end();
}

std::string wordOf(const std::string& kind, const std::string& word, bool fromComfy) {
    for (const Word& w : kWords)
        if (kind == w.kind && word == (fromComfy ? w.comfy : w.ochre)) return fromComfy ? w.ochre : w.comfy;
    return word;
}

} // namespace

const SocketRule* Row::inputOf(std::string_view comfyName) const {
    const auto it =
        std::find_if(inputs.begin(), inputs.end(), [&](const SocketRule& s) { return s.comfy == comfyName; });
    return it == inputs.end() ? nullptr : &*it;
}

const WidgetRule* Row::widgetOf(std::string_view comfyName) const {
    const auto it = std::find_if(widgets.begin(), widgets.end(),
                                 [&](const WidgetRule& w) { return w.comfy == comfyName; });
    return it == widgets.end() ? nullptr : &*it;
}

const std::vector<Row>& allRows() {
    static const std::vector<Row> rows = readRows();
    return rows;
}

const Row* rowOfClass(std::string_view comfyClass) {
    static const std::map<std::string_view, const Row*> byClass = [] {
        std::map<std::string_view, const Row*> map;
        for (const Row& row : allRows()) map.emplace(row.comfy, &row);
        return map;
    }();
    const auto it = byClass.find(comfyClass);
    return it == byClass.end() ? nullptr : it->second;
}

std::vector<const Row*> rowsOf(std::string_view ochreId) {
    std::vector<const Row*> rows;
    for (const Row& row : allRows())
        if (row.ochre == ochreId) rows.push_back(&row);
    return rows;
}

std::optional<graph::ParameterValue> toOchre(const WidgetRule& rule, const Json& value) {
    const std::string& kind = rule.kind;
    if (kind == "int" || kind == "seed" || kind == "clip" || kind == "color") {
        const auto whole = wholeOf(value);
        if (!whole) return std::nullopt;
        if (kind == "color") return colorOf(*whole);
        // ComfyUI counts from the end: -1 is the last layer. INT64_MIN has no opposite.
        if (kind == "clip")
            return *whole < 0 && *whole > -1000 ? std::optional<graph::ParameterValue>(-*whole)
                                                : std::nullopt;
        return *whole;
    }
    if (kind == "float" || kind == "tenth") {
        const auto number = numberOf(value);
        if (!number) return std::nullopt;
        return kind == "tenth" ? *number * 10 : *number;
    }
    if (kind == "bool") {
        if (value.is_boolean()) return value.get<bool>();
        return std::nullopt;
    }
    if (!value.is_string()) return std::nullopt;
    const std::string& text = value.get_ref<const std::string&>();
    if (kind == "enable") return text == "enable";
    if (kind == "bounds") return text == "mask bounds";
    if (kind == "model" || kind == "file") return slashes(text);
    if (kind == "save_image") return pathOfPrefix(text, kPictureEnd);
    if (kind == "save_latent") return pathOfPrefix(text, kLatentEnd);
    if (isWordKind(kind)) return wordOf(kind, text, true);
    return std::nullopt;
}

Json toComfy(const WidgetRule& rule, const graph::ParameterValue& value) {
    const std::string& kind = rule.kind;
    if (kind == "int" || kind == "seed") return scalar(value, true);
    if (kind == "clip") return -scalar(value, true).get<std::int64_t>();
    if (kind == "float") return scalar(value, false);
    if (kind == "tenth") return numberOf(value) / 10;
    if (kind == "bool") return numberOf(value) != 0;
    if (kind == "enable") return numberOf(value) != 0 ? "enable" : "disable";
    if (kind == "bounds") return numberOf(value) != 0 ? "mask bounds" : "default";
    if (kind == "color") {
        const auto* color = std::get_if<graph::Color>(&value);
        return color ? rgbOf(*color) : std::int64_t{0};
    }
    const std::string text = graph::toText(value);
    if (kind == "file")
        return text.substr(text.find_last_of('/') + 1); // loaders list the files of one folder
    if (kind == "save_image") return prefixOfPath(text, kPictureEnd);
    if (kind == "save_latent") return prefixOfPath(text, kLatentEnd);
    return wordOf(kind, text, false);
}

std::string socketTypeOf(std::string_view comfyType) {
    for (const Type& type : kTypes)
        if (comfyType == type.comfy) return type.ochre;
    return "any";
}

std::string comfyTypeOf(std::string_view socketType) {
    for (const Type& type : kTypes)
        if (socketType == type.ochre) return type.comfy;
    return "*";
}

bool isVirtualClass(std::string_view c) {
    return c == "Reroute" || c == "PrimitiveNode" || c == "Note" || c == "MarkdownNote";
}

} // namespace ochre::project::interop
