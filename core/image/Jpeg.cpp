// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG through libjpeg-turbo. What libjpeg calls a warning but loses pixels is an error here.
#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>
#include <openssl/evp.h>

// After <cstdio>, which it needs.
#include <jpeglib.h>
#include <jerror.h>

#include "core/image/Metadata.h"

namespace ochre::codec {
namespace {

constexpr std::string_view kXmpLead{"http://ns.adobe.com/xap/1.0/\0", 29};
constexpr std::string_view kXmpExtensionLead{"http://ns.adobe.com/xmp/extension/\0", 35};
constexpr std::string_view kExifLead{"Exif\0\0", 6};
constexpr std::string_view kIptcLead{"Photoshop 3.0\0", 14};
constexpr std::string_view kIccLead{"ICC_PROFILE\0", 12};
constexpr std::size_t kMaxSegment = 65533;
constexpr std::size_t kMaxXmp = 65000;
constexpr std::size_t kExtensionPiece = 65400;
constexpr int kProgressiveScanLimit = 500; // a small file with thousands of scans takes hours

struct State {
    jpeg_error_mgr base; // first: libjpeg knows only this part
    std::jmp_buf jump;
    char message[JMSG_LENGTH_MAX + 1];
    int scans;
};

[[noreturn]] void onError(j_common_ptr info) {
    auto* state = reinterpret_cast<State*>(info->err);
    info->err->format_message(info, state->message);
    std::longjmp(state->jump, 1);
}

void onMessage(j_common_ptr info, int level) {
    if (level >= 0) return;
    switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_BOGUS_PROGRESSION:
        onError(info);
    default:
        ++info->err->num_warnings;
    }
}

void onOutput(j_common_ptr) {}

void onProgress(j_common_ptr info) {
    auto* decoder = reinterpret_cast<j_decompress_ptr>(info);
    if (info->is_decompressor && decoder->input_scan_number > kProgressiveScanLimit) {
        auto* state = reinterpret_cast<State*>(info->err);
        std::snprintf(state->message, sizeof state->message, "more than %d scans", kProgressiveScanLimit);
        std::longjmp(state->jump, 1);
    }
}

void prepare(State& state) {
    jpeg_std_error(&state.base);
    state.base.error_exit = onError;
    state.base.emit_message = onMessage;
    state.base.output_message = onOutput;
}

struct Decoder {
    jpeg_decompress_struct info{};
    jpeg_progress_mgr progress{};
    State state{};
    bool made = false;
    ~Decoder() {
        if (made) jpeg_destroy_decompress(&info);
    }
};

/// No object with a destructor may be made in the frames that call setjmp: errors leave them by longjmp.
bool readHeader(Decoder& d, const Source& source) {
    if (setjmp(d.state.jump)) return false;
    d.info.err = &d.state.base;
    jpeg_create_decompress(&d.info);
    d.made = true;
    d.progress.progress_monitor = onProgress;
    d.info.progress = &d.progress;
    d.info.mem->max_memory_to_use = long{2} << 30;
    jpeg_mem_src(&d.info, reinterpret_cast<const unsigned char*>(source.bytes.data()), source.bytes.size());
    for (const int marker : {1, 2, 13}) jpeg_save_markers(&d.info, JPEG_APP0 + marker, 0xffff);
    jpeg_save_markers(&d.info, JPEG_COM, 0xffff);
    jpeg_read_header(&d.info, TRUE);
    return true;
}

enum class Outcome { Done, Failed, Stopped };

Outcome startDecode(Decoder& d) {
    if (setjmp(d.state.jump)) return Outcome::Failed;
    jpeg_start_decompress(&d.info);
    return Outcome::Done;
}

Outcome readRows(Decoder& d, const Cancel& cancel, std::uint8_t* row, float* out) {
    if (setjmp(d.state.jump)) return Outcome::Failed;
    const auto& table = byteToFloat();
    const std::size_t count =
        static_cast<std::size_t>(d.info.output_width) * static_cast<std::size_t>(d.info.output_components);
    while (d.info.output_scanline < d.info.output_height) {
        if (cancel.requested()) return Outcome::Stopped;
        float* to = out + static_cast<std::size_t>(d.info.output_scanline) * count;
        JSAMPROW rows[1] = {row};
        jpeg_read_scanlines(&d.info, rows, 1);
        for (std::size_t i = 0; i < count; ++i) to[i] = table[row[i]];
    }
    jpeg_finish_decompress(&d.info);
    return Outcome::Done;
}

/// The IIM records inside Photoshop's resource blocks.
void readPhotoshop(ByteView body, Metadata& metadata) {
    std::size_t at = kIptcLead.size();
    while (body.size() >= at + 12) {
        const auto byte = [&](std::size_t i) { return std::to_integer<std::size_t>(body[i]); };
        if (std::memcmp(body.data() + at, "8BIM", 4) != 0) return;
        const std::size_t id = byte(at + 4) << 8 | byte(at + 5);
        const std::size_t nameSize = (byte(at + 6) + 2) & ~std::size_t{1}; // with its length byte, even
        const std::size_t sizeAt = at + 6 + nameSize;
        if (sizeAt + 4 > body.size()) return;
        const std::size_t size =
            byte(sizeAt) << 24 | byte(sizeAt + 1) << 16 | byte(sizeAt + 2) << 8 | byte(sizeAt + 3);
        if (size > body.size() - sizeAt - 4) return;
        if (id == 0x0404) readIptc(body.subspan(sizeAt + 4, size), metadata);
        at = sizeAt + 4 + ((size + 1) & ~std::size_t{1});
    }
}

class Segments {
public:
    void read(const jpeg_decompress_struct& info, Picture& picture) {
        for (const jpeg_marker_struct* m = info.marker_list; m; m = m->next) {
            const ByteView body(reinterpret_cast<const std::byte*>(m->data), m->data_length);
            const std::string_view text(reinterpret_cast<const char*>(m->data), m->data_length);
            if (m->marker == JPEG_COM)
                picture.metadata["Comment"] = cleanText(text);
            else if (text.starts_with(kExifLead))
                readExif(body.subspan(kExifLead.size()), picture.metadata);
            else if (text.starts_with(kXmpLead))
                m_xmp = text.substr(kXmpLead.size());
            else if (text.starts_with(kXmpExtensionLead))
                extension(text.substr(kXmpExtensionLead.size()));
            else if (text.starts_with(kIptcLead))
                readPhotoshop(body, picture.metadata);
            else if (text.starts_with(kIccLead) && text.size() > 14)
                m_icc[static_cast<unsigned char>(text[12])] = body.subspan(14);
        }
        readXmp(m_xmp, picture.metadata);
        readXmp(m_extension, picture.metadata);
        int next = 1; // a profile with a piece missing is no profile
        for (const auto& [number, piece] : m_icc) {
            if (number != next++) return picture.icc.clear();
            picture.icc.insert(picture.icc.end(), piece.begin(), piece.end());
        }
    }

private:
    /// 32 digits, whole length, offset, piece. Pieces come in order from every writer.
    void extension(std::string_view text) {
        if (text.size() < 40) return;
        std::size_t offset = 0;
        for (int i = 36; i < 40; ++i)
            offset = offset << 8 | static_cast<unsigned char>(text[static_cast<std::size_t>(i)]);
        if (offset == m_extension.size() && offset + text.size() <= kMaxTextBytes)
            m_extension += text.substr(40);
    }

    std::string m_xmp, m_extension;
    std::map<int, ByteView> m_icc;
};

int shrinkFor(const Decoder& d, int wantedSide) {
    const auto side = static_cast<int>(std::max(d.info.image_width, d.info.image_height));
    int shrink = 1;
    while (shrink < 8 && side / (shrink * 2) >= wantedSide) shrink *= 2;
    return shrink;
}

void readPixels(const Source& source, Decoder& d, Picture& picture) {
    if (startDecode(d) != Outcome::Done) source.fail(d.state.message);
    picture.width = static_cast<int>(d.info.output_width);
    picture.height = static_cast<int>(d.info.output_height);
    if (d.info.output_components != picture.channels) source.fail("its colour model contradicts its header");
    picture.image = Image(picture.width, picture.height, picture.channels);
    std::vector<std::uint8_t> row(static_cast<std::size_t>(d.info.output_width) *
                                  static_cast<std::size_t>(d.info.output_components));
    switch (readRows(d, source.cancel, row.data(), picture.image.edit().data())) {
    case Outcome::Done:
        break;
    case Outcome::Failed:
        source.fail(d.state.message);
    case Outcome::Stopped:
        source.cancel.check();
    }
    // Adobe's files hold inks inverted.
    if (picture.cmyk && d.info.saw_Adobe_marker)
        for (float& v : picture.image.edit()) v = 1.0f - v;
}

struct Encoder {
    jpeg_compress_struct info{};
    State state{};
    unsigned char* buffer = nullptr;
    unsigned long size = 0;
    bool made = false;
    ~Encoder() {
        if (made) jpeg_destroy_compress(&info);
        std::free(buffer);
    }
};

using Segment = std::pair<int, std::string>;

std::string md5Hex(std::string_view data) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    std::string out;
    if (EVP_Digest(data.data(), data.size(), digest, &size, EVP_md5(), nullptr) != 1)
        throw Error("MD5 is not available", "JPEG needs it for metadata beyond 64 KiB: embed less");
    for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02X}", digest[i]);
    return out;
}

std::string bigEndian(std::size_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
            static_cast<char>(value)};
}

std::vector<Segment> segmentsOf(const Embedded& embedded) {
    std::vector<Segment> segments;
    const auto asText = [](const Bytes& b) {
        return std::string(reinterpret_cast<const char*>(b.data()), b.size());
    };
    const auto add = [&](int marker, std::string_view lead, const std::string& body) {
        if (body.empty() || lead.size() + body.size() > kMaxSegment) return;
        segments.emplace_back(marker, std::string(lead) + body);
    };
    add(1, kExifLead, asText(embedded.exif));
    std::string xmp = embedded.xmp;
    if (!embedded.xmpExtended.empty()) {
        const std::string guid = md5Hex(embedded.xmpExtended);
        const std::size_t close = xmp.rfind("</rdf:RDF>");
        xmp.insert(
            close,
            fmt::format("<rdf:Description rdf:about=\"\" xmlns:xmpNote=\"http://ns.adobe.com/xmp/note/\" "
                        "xmpNote:HasExtendedXMP=\"{}\"/>",
                        guid));
        add(1, kXmpLead, xmp);
        for (std::size_t at = 0; at < embedded.xmpExtended.size(); at += kExtensionPiece)
            add(1, kXmpExtensionLead,
                guid + bigEndian(embedded.xmpExtended.size()) + bigEndian(at) +
                    embedded.xmpExtended.substr(at, kExtensionPiece));
    } else {
        add(1, kXmpLead, xmp);
    }
    if (!embedded.iptc.empty()) {
        std::string block("8BIM\x04\x04\0\0", 8);
        block += bigEndian(embedded.iptc.size()) + asText(embedded.iptc);
        if (block.size() % 2) block += '\0';
        add(13, kIptcLead, block);
    }
    return segments;
}

bool pack(Encoder& e, const Image& image, const WriteOptions& options, const std::vector<Segment>& segments,
          std::uint8_t* row) {
    if (setjmp(e.state.jump)) return false;
    e.info.err = &e.state.base;
    jpeg_create_compress(&e.info);
    e.made = true;
    jpeg_mem_dest(&e.info, &e.buffer, &e.size);
    e.info.image_width = static_cast<JDIMENSION>(image.width());
    e.info.image_height = static_cast<JDIMENSION>(image.height());
    e.info.input_components = image.channels();
    e.info.in_color_space = image.channels() == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&e.info);
    jpeg_set_quality(&e.info, options.quality, TRUE);
    e.info.optimize_coding = options.compression == Compression::Fast ? FALSE : TRUE;
    // Above this, halved colour is what one sees first.
    if (options.quality >= 90) e.info.comp_info[0].h_samp_factor = e.info.comp_info[0].v_samp_factor = 1;
    if (options.compression == Compression::Small) jpeg_simple_progression(&e.info);
    jpeg_start_compress(&e.info, TRUE);
    for (const Segment& s : segments)
        jpeg_write_marker(&e.info, JPEG_APP0 + s.first, reinterpret_cast<const JOCTET*>(s.second.data()),
                          static_cast<unsigned>(s.second.size()));
    const std::size_t count =
        static_cast<std::size_t>(image.width()) * static_cast<std::size_t>(image.channels());
    while (e.info.next_scanline < e.info.image_height) {
        const float* values = image.pixel(0, static_cast<int>(e.info.next_scanline));
        for (std::size_t i = 0; i < count; ++i) row[i] = toByte(values[i]);
        JSAMPROW rows[1] = {row};
        jpeg_write_scanlines(&e.info, rows, 1);
    }
    jpeg_finish_compress(&e.info);
    return true;
}

} // namespace

Picture readJpeg(const Source& source) {
    Decoder d;
    prepare(d.state);
    if (!readHeader(d, source)) source.fail(d.state.message);
    Picture picture;
    picture.format = ImageFormat::Jpeg;
    picture.channels = d.info.num_components;
    if (picture.channels != 1 && picture.channels != 3 && picture.channels != 4)
        source.fail(fmt::format("{} colour components are not read", picture.channels));
    checkLimits(source, d.info.image_width, d.info.image_height, static_cast<std::uint64_t>(picture.channels),
                1);
    picture.cmyk = picture.channels == 4;
    d.info.out_color_space = picture.channels == 1 ? JCS_GRAYSCALE : picture.cmyk ? JCS_CMYK : JCS_RGB;
    if (source.wantedSide > 0) {
        d.info.scale_num = 1;
        d.info.scale_denom = static_cast<unsigned>(shrinkFor(d, source.wantedSide));
    }
    picture.width = static_cast<int>(d.info.image_width);
    picture.height = static_cast<int>(d.info.image_height);
    Segments().read(d.info, picture);
    picture.orientation = orientationOf(picture.metadata);
    if (source.pixels) readPixels(source, d, picture);
    return picture;
}

Bytes writeJpeg(const Image& image, const WriteOptions& options, const Embedded& embedded) {
    Encoder e;
    prepare(e.state);
    const std::vector<Segment> segments = segmentsOf(embedded);
    std::vector<std::uint8_t> row(static_cast<std::size_t>(image.width()) *
                                  static_cast<std::size_t>(image.channels()));
    if (!pack(e, image, options, segments, row.data())) throw Error(std::string("JPEG: ") + e.state.message);
    const auto* bytes = reinterpret_cast<const std::byte*>(e.buffer);
    return Bytes(bytes, bytes + e.size);
}

} // namespace ochre::codec
