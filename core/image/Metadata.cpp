// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Metadata.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Text.h"

namespace ochre::codec {
namespace {

// IPTC-IIM 4.2, record 2.
struct IptcField {
    std::uint8_t id;
    const char* name;
};
constexpr IptcField kIptcFields[] = {
    {5, "ObjectName"},   {15, "Category"},       {25, "Keywords"}, {40, "Instructions"},
    {55, "DateCreated"}, {60, "TimeCreated"},    {80, "Creator"},  {85, "AuthorsPosition"},
    {90, "City"},        {95, "State"},          {101, "Country"}, {103, "TransmissionReference"},
    {105, "Headline"},   {110, "Provider"},      {115, "Source"},  {116, "CopyrightNotice"},
    {120, "Caption"},    {122, "CaptionWriter"},
};

constexpr const char* kOurNamespace = "https://ochre.studio/xmp/1.0/";
// Everything Ochre adds stands between these, so that the next write can take it out again.
constexpr std::string_view kOursBegin = "<rdf:Description rdf:about=\"\" ochre:block=\"1\"";
constexpr std::string_view kOursEnd = "</rdf:Description><!--ochre-->";
constexpr std::string_view kSourceTypeBase = "http://cv.iptc.org/newscodes/digitalsourcetype/";

std::string escapeXml(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\r':
            out += "&#13;";
            break;
        case '\n':
            out += "&#10;";
            break;
        case '\t':
            out += "&#9;";
            break;
        default:
            // Other control characters have no place in XML 1.0.
            if (static_cast<unsigned char>(c) >= 0x20) out += c;
        }
    }
    return out;
}

std::string unescapeXml(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '&') {
            out += text[i];
            continue;
        }
        const std::size_t end = text.find(';', i);
        const std::string_view entity =
            end == std::string_view::npos ? std::string_view{} : text.substr(i, end - i + 1);
        char c = 0;
        if (entity == "&amp;")
            c = '&';
        else if (entity == "&lt;")
            c = '<';
        else if (entity == "&gt;")
            c = '>';
        else if (entity == "&quot;")
            c = '"';
        else if (entity == "&apos;")
            c = '\'';
        else if (entity == "&#13;" || entity == "&#xD;")
            c = '\r';
        else if (entity == "&#10;" || entity == "&#xA;")
            c = '\n';
        else if (entity == "&#9;" || entity == "&#x9;")
            c = '\t';
        if (c == 0) {
            out += '&';
            continue;
        }
        out += c;
        i = end;
    }
    return out;
}

/// What stands between `open` and `close` at or after `from`; moves `from` behind it.
std::optional<std::string_view> between(std::string_view text, std::string_view open, std::string_view close,
                                        std::size_t& from) {
    const std::size_t begin = text.find(open, from);
    if (begin == std::string_view::npos) return std::nullopt;
    const std::size_t end = text.find(close, begin + open.size());
    if (end == std::string_view::npos) return std::nullopt;
    from = end + close.size();
    return text.substr(begin + open.size(), end - begin - open.size());
}

/// The packet without its wrapper and without our own block.
std::string strippedBase(std::string_view base) {
    std::string text(base);
    for (std::size_t begin = text.find(kOursBegin); begin != std::string::npos;
         begin = text.find(kOursBegin)) {
        const std::size_t end = text.find(kOursEnd, begin);
        if (end == std::string::npos) break;
        text.erase(begin, end + kOursEnd.size() - begin);
    }
    // So does the pointer to the extension of a JPEG, which is joined when read.
    const std::size_t note = text.find("<rdf:Description rdf:about=\"\" xmlns:xmpNote=");
    const std::size_t noteEnd = note == std::string::npos ? note : text.find("/>", note);
    if (noteEnd != std::string::npos) text.erase(note, noteEnd + 2 - note);
    return text;
}

std::string ourBlock(const std::string& sourceType, const Metadata& text) {
    std::string block(kOursBegin);
    block += fmt::format(" xmlns:ochre=\"{}\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\""
                         " xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\">",
                         kOurNamespace);
    block += fmt::format("<xmp:CreatorTool>{}</xmp:CreatorTool>", escapeXml(programName()));
    if (!sourceType.empty())
        block += fmt::format("<Iptc4xmpExt:DigitalSourceType>{}{}</Iptc4xmpExt:DigitalSourceType>",
                             kSourceTypeBase, escapeXml(sourceType));
    if (!text.empty()) {
        block += "<ochre:texts><rdf:Bag>";
        for (const auto& [key, value] : text)
            block += fmt::format("<rdf:li rdf:parseType=\"Resource\"><ochre:key>{}</ochre:key><ochre:value>{}"
                                 "</ochre:value></rdf:li>",
                                 escapeXml(key), escapeXml(value));
        block += "</rdf:Bag></ochre:texts>";
    }
    block += kOursEnd;
    return block;
}

} // namespace

std::string programName() {
    return "Ochre " OCHRE_VERSION;
}

std::string latin1ToUtf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char raw : text) {
        const auto c = static_cast<unsigned char>(raw);
        if (c < 0x80)
            out += raw;
        else
            out += {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    }
    return out;
}

std::string cleanText(std::string_view text) {
    while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
    return isUtf8(text) ? std::string(text) : latin1ToUtf8(text);
}

void readIptc(ByteView records, Metadata& metadata) {
    std::size_t at = 0;
    const auto byte = [&](std::size_t i) { return std::to_integer<std::uint32_t>(records[i]); };
    while (at + 5 <= records.size() && byte(at) == 0x1c) {
        const std::uint32_t record = byte(at + 1), id = byte(at + 2);
        const std::size_t size = byte(at + 3) << 8 | byte(at + 4);
        at += 5;
        if (size >= 0x8000 || records.size() - at < size) return; // extended lengths do not occur in pictures
        const auto field = std::find_if(std::begin(kIptcFields), std::end(kIptcFields),
                                        [&](const IptcField& f) { return f.id == id; });
        if (record == 2 && field != std::end(kIptcFields)) {
            std::string& value = metadata[std::string("IPTC:") + field->name];
            if (!value.empty()) value += "; ";
            value += cleanText({reinterpret_cast<const char*>(records.data()) + at, size});
        }
        at += size;
    }
}

Bytes writeIptc(const Metadata& metadata) {
    Bytes out;
    const auto add = [&](std::uint8_t record, std::uint8_t id, std::string_view value) {
        value = value.substr(0, 0x7fff);
        for (const std::uint32_t b :
             {std::uint32_t{0x1c}, std::uint32_t{record}, std::uint32_t{id},
              static_cast<std::uint32_t>(value.size() >> 8), static_cast<std::uint32_t>(value.size() & 255)})
            out.push_back(static_cast<std::byte>(b));
        const auto* bytes = reinterpret_cast<const std::byte*>(value.data());
        out.insert(out.end(), bytes, bytes + value.size());
    };
    for (const IptcField& field : kIptcFields) {
        const auto found = metadata.find(std::string("IPTC:") + field.name);
        if (found == metadata.end()) continue;
        if (out.empty()) add(1, 90, "\x1b%G"); // the texts are UTF-8
        std::string_view rest = found->second;
        while (field.id == 25 && rest.find("; ") != std::string_view::npos) {
            add(2, field.id, rest.substr(0, rest.find("; ")));
            rest.remove_prefix(rest.find("; ") + 2);
        }
        add(2, field.id, rest);
    }
    return out;
}

void readXmp(std::string_view packet, Metadata& metadata) {
    if (packet.size() > kMaxTextBytes || !isUtf8(packet)) return;
    while (!packet.empty() && packet.back() == '\0') packet.remove_suffix(1);
    if (packet.find("<rdf:RDF") == std::string_view::npos) return;
    // Several packets (JPEG's extension): the first is the one kept whole.
    metadata.try_emplace("XMP", packet);
    const std::size_t type = packet.find(kSourceTypeBase);
    if (type != std::string_view::npos) {
        const std::string_view rest = packet.substr(type + kSourceTypeBase.size());
        const std::string_view word = rest.substr(0, rest.find_first_of("<\"'"));
        if (word.size() < 64) metadata[kDigitalSourceTypeKey] = std::string(word);
    }
    const std::size_t block = packet.find("<ochre:texts>");
    if (block == std::string_view::npos) return;
    std::size_t from = block;
    while (const auto key = between(packet, "<ochre:key>", "</ochre:key>", from)) {
        const auto value = between(packet, "<ochre:value>", "</ochre:value>", from);
        if (!value) return;
        metadata[unescapeXml(*key)] = unescapeXml(*value);
    }
}

std::string writeXmp(std::string_view base, const std::string& sourceType, const Metadata& text) {
    std::string packet = strippedBase(base);
    // A source type that another program wrote gives way to ours.
    if (!sourceType.empty()) {
        const std::string open = "<Iptc4xmpExt:DigitalSourceType>",
                          close = "</Iptc4xmpExt:DigitalSourceType>";
        for (std::size_t begin = packet.find(open); begin != std::string::npos; begin = packet.find(open)) {
            const std::size_t end = packet.find(close, begin);
            if (end == std::string::npos) break;
            packet.erase(begin, end + close.size() - begin);
        }
        const std::string attribute = "Iptc4xmpExt:DigitalSourceType=\"";
        const std::size_t begin = packet.find(attribute);
        const std::size_t end =
            begin == std::string::npos ? begin : packet.find('"', begin + attribute.size());
        if (end != std::string::npos) packet.erase(begin, end + 1 - begin);
    }
    const std::string block = ourBlock(sourceType, text);
    const std::size_t close = packet.rfind("</rdf:RDF>");
    if (close != std::string::npos) return packet.insert(close, block);
    return fmt::format(
        "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"{}\">"
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">{}</rdf:RDF></x:xmpmeta>"
        "<?xpacket end=\"w\"?>",
        programName(), block);
}

} // namespace ochre::codec
