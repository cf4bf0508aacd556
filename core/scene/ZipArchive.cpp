// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/ZipArchive.h"

#include <ctime>

#include <fmt/format.h>
#include <zip.h>

#include "core/base/Error.h"
#include "core/scene/Compression.h"

namespace ochre {
namespace {

constexpr std::time_t kDate = 315619200; // 1980-01-02, within what a zip can hold in every time zone

struct FailureText {
    zip_error_t error{};
    FailureText() { zip_error_init(&error); }
    ~FailureText() { zip_error_fini(&error); }
    FailureText(const FailureText&) = delete;
    FailureText& operator=(const FailureText&) = delete;
    std::string text() { return zip_error_strerror(&error); }
};

} // namespace

bool isZip(std::span<const std::byte> bytes) {
    return bytes.size() >= 4 && bytes[0] == std::byte{'P'} && bytes[1] == std::byte{'K'} &&
           bytes[2] == std::byte{3} && bytes[3] == std::byte{4};
}

void ZipArchive::Close::operator()(zip* archive) const {
    zip_discard(archive);
}

ZipArchive::ZipArchive(std::span<const std::byte> bytes, std::string subject)
    : m_subject(std::move(subject)) {
    FailureText failure;
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &failure.error);
    zip_t* archive = source ? zip_open_from_source(source, ZIP_RDONLY, &failure.error) : nullptr;
    if (!archive) {
        if (source) zip_source_free(source);
        throw broken(fmt::format("{}: the zip archive cannot be opened: {}", m_subject, failure.text()),
                     "the file is damaged or cut short: fetch it again");
    }
    m_zip.reset(archive);
}

bool ZipArchive::has(const std::string& name) const {
    return zip_name_locate(m_zip.get(), name.c_str(), 0) >= 0;
}

std::vector<std::byte> ZipArchive::read(const std::string& name, std::uint64_t most) const {
    zip_stat_t info{};
    if (zip_stat(m_zip.get(), name.c_str(), 0, &info) != 0)
        throw broken(fmt::format("{}: has no \"{}\"", m_subject, name), "the scene is incomplete");
    constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
    if ((info.valid & kNeeded) != kNeeded)
        throw broken(fmt::format("{}: {}: of unknown size", m_subject, name));
    if (info.size > most)
        throw broken(fmt::format("{}: {}: {} bytes: {} are the most", m_subject, name, info.size, most));
    checkExpansion(info.comp_size, info.size, m_subject + ": " + name);
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(zip_fopen(m_zip.get(), name.c_str(), 0),
                                                                 zip_fclose);
    if (!file)
        throw broken(fmt::format("{}: {}: cannot be opened: {}", m_subject, name, zip_strerror(m_zip.get())),
                     "encrypted archives are not read");
    std::vector<std::byte> bytes(info.size);
    std::byte more;
    // The read past the end makes libzip compare the checksum.
    if (zip_fread(file.get(), bytes.data(), bytes.size()) != static_cast<zip_int64_t>(bytes.size()) ||
        zip_fread(file.get(), &more, 1) != 0)
        throw broken(fmt::format("{}: {}: damaged: {}", m_subject, name, zip_file_strerror(file.get())),
                     "fetch the file again");
    return bytes;
}

std::vector<std::byte> makeZip(const std::vector<std::pair<std::string, std::vector<std::byte>>>& files) {
    FailureText failure;
    zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &failure.error);
    if (!target) throw Error("zip: " + failure.text());
    zip_source_keep(target); // it is read after the archive is closed
    const std::unique_ptr<zip_source_t, void (*)(zip_source_t*)> keep(target, zip_source_free);
    zip_t* archive = zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &failure.error);
    if (!archive) {
        zip_source_free(target);
        throw Error("zip: " + failure.text());
    }
    const auto fail = [&] {
        const std::string why = zip_strerror(archive);
        zip_discard(archive);
        return Error("zip: " + why);
    };
    for (const auto& [name, bytes] : files) {
        zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
        const zip_int64_t index = source ? zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8) : -1;
        if (index < 0) {
            if (source) zip_source_free(source);
            throw fail();
        }
        const auto entry = static_cast<zip_uint64_t>(index);
        if (zip_set_file_compression(archive, entry, ZIP_CM_STORE, 0) != 0 ||
            zip_file_set_mtime(archive, entry, kDate, 0) != 0)
            throw fail();
    }
    if (zip_close(archive) != 0) throw fail();
    zip_stat_t info{};
    if (zip_source_stat(target, &info) != 0 || !(info.valid & ZIP_STAT_SIZE) || zip_source_open(target) != 0)
        throw Error("zip: the archive cannot be read back");
    std::vector<std::byte> bytes(info.size);
    const zip_int64_t got = zip_source_read(target, bytes.data(), bytes.size());
    zip_source_close(target);
    if (got != static_cast<zip_int64_t>(bytes.size())) throw Error("zip: the archive cannot be read back");
    return bytes;
}

} // namespace ochre
