// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/DiskCache.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <zstd.h>

#include "core/base/File.h"
#include "core/base/Log.h"
#include "core/base/Paths.h"
#include "core/graph/Types.h"

namespace ochre::graph {
namespace {
namespace fs = std::filesystem;

constexpr char kMagic[8] = {'O', 'C', 'H', 'R', 'C', 'A', 'C', 'H'};
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kMaxRaw = std::uint64_t{16} << 30;
constexpr std::uint64_t kMaxQueued = std::uint64_t{1}
                                     << 30; // beyond it results are not worth the memory they would hold
constexpr const char* kExtension = ".result";

struct Header {
    char magic[8];
    std::uint32_t version;
    std::uint32_t count;
    std::uint64_t rawBytes;
    std::uint64_t packedBytes;
    Hash128 key;
    Hash128 check; ///< of the packed bytes
};

void append(std::vector<std::byte>& out, const void* data, std::size_t size) {
    const auto* begin = static_cast<const std::byte*>(data);
    out.insert(out.end(), begin, begin + size);
}

void appendSized(std::vector<std::byte>& out, const void* data, std::size_t size) {
    const std::uint64_t length = size;
    append(out, &length, sizeof length);
    append(out, data, size);
}

std::span<const std::byte> takeSized(std::span<const std::byte>& in) {
    std::uint64_t length = 0;
    if (in.size() < sizeof length) throw broken("it ends too early");
    std::memcpy(&length, in.data(), sizeof length);
    in = in.subspan(sizeof length);
    if (length > in.size()) throw broken("a part is longer than the file");
    const auto part = in.first(length);
    in = in.subspan(length);
    return part;
}

std::string textOf(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Nothing where a value has no way to disk.
std::optional<std::vector<std::byte>> pack(const Outputs& outputs) {
    std::vector<std::byte> raw;
    for (const auto& [id, value] : outputs) {
        const TypeInfo* info = TypeRegistry::shared().find(value.type());
        if (value.empty() || !info || !info->write || !info->read) return std::nullopt;
        appendSized(raw, id.data(), id.size());
        appendSized(raw, info->name.data(), info->name.size());
        try {
            const std::vector<std::byte> bytes = info->write(value);
            appendSized(raw, bytes.data(), bytes.size());
        } catch (const Error&) {
            return std::nullopt; // a list, or another payload that the type cannot write
        }
    }
    return raw;
}

std::vector<std::byte> encode(const Hash128& key, const Outputs& outputs, const std::vector<std::byte>& raw) {
    std::vector<std::byte> file(sizeof(Header) + ZSTD_compressBound(raw.size()));
    const std::size_t packed =
        ZSTD_compress(file.data() + sizeof(Header), file.size() - sizeof(Header), raw.data(), raw.size(), 1);
    if (ZSTD_isError(packed)) throw Error(std::string("compression: ") + ZSTD_getErrorName(packed));
    file.resize(sizeof(Header) + packed);
    Header header{};
    std::memcpy(header.magic, kMagic, sizeof kMagic);
    header.version = kVersion;
    header.count = static_cast<std::uint32_t>(outputs.size());
    header.rawBytes = raw.size();
    header.packedBytes = packed;
    header.key = key;
    header.check = hashBytes(file.data() + sizeof(Header), packed);
    std::memcpy(file.data(), &header, sizeof header);
    return file;
}

Outputs decode(const Hash128& key, std::span<const std::byte> file) {
    Header header;
    if (file.size() < sizeof header) throw broken("it ends too early");
    std::memcpy(&header, file.data(), sizeof header);
    const auto packed = file.subspan(sizeof header);
    if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0 || header.version != kVersion)
        throw broken("another version or kind of file");
    if (header.key != key || header.packedBytes != packed.size() || header.rawBytes > kMaxRaw ||
        header.check != hashBytes(packed.data(), packed.size()))
        throw broken("its check does not match");
    if (ZSTD_getFrameContentSize(packed.data(), packed.size()) != header.rawBytes)
        throw broken("its sizes contradict each other");
    std::vector<std::byte> raw(header.rawBytes);
    const std::size_t got = ZSTD_decompress(raw.data(), raw.size(), packed.data(), packed.size());
    if (ZSTD_isError(got) || got != raw.size()) throw broken("it does not unpack");
    Outputs outputs;
    std::span<const std::byte> rest = raw;
    for (std::uint32_t i = 0; i < header.count; ++i) {
        const std::string id = textOf(takeSized(rest)), type = textOf(takeSized(rest));
        const TypeInfo* info = TypeRegistry::shared().find(type);
        const auto bytes = takeSized(rest);
        if (!info || !info->read) throw broken("the type \"" + type + "\" is not known here");
        outputs[id] = info->read(bytes);
    }
    return outputs;
}

std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

} // namespace

DiskCache::DiskCache(fs::path folder, std::uint64_t budget) : m_folder(std::move(folder)), m_budget(budget) {
    scan();
    m_thread = std::thread([this] { work(); });
}

DiskCache::~DiskCache() {
    {
        std::lock_guard lock(m_mutex);
        m_stopping = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

fs::path DiskCache::pathOf(const Hash128& key) const {
    const std::string hex = key.hex();
    return m_folder / hex.substr(0, 2) / (hex + kExtension);
}

void DiskCache::scan() {
    std::error_code error;
    for (fs::recursive_directory_iterator it(m_folder, error), end; !error && it != end;
         it.increment(error)) {
        const auto key = Hash128::fromHex(it->path().stem().string());
        struct stat s {};
        if (!key || it->path().extension() != kExtension || ::stat(it->path().c_str(), &s) != 0) continue;
        const std::int64_t used =
            static_cast<std::int64_t>(s.st_mtim.tv_sec) * 1'000'000'000 + s.st_mtim.tv_nsec;
        m_files[*key] = {static_cast<std::uint64_t>(s.st_size), used};
        m_bytes += static_cast<std::uint64_t>(s.st_size);
    }
}

bool DiskCache::has(const Hash128& key) const {
    std::lock_guard lock(m_mutex);
    return m_files.count(key) > 0;
}

std::optional<Outputs> DiskCache::get(const Hash128& key) {
    if (!has(key)) return std::nullopt;
    const fs::path path = pathOf(key);
    try {
        const MappedFile file(path);
        Outputs outputs = decode(key, file.bytes());
        ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
        std::lock_guard lock(m_mutex);
        if (const auto it = m_files.find(key); it != m_files.end()) it->second.used = now();
        return outputs;
    } catch (...) {
        const Error e = currentError();
        log::warning("cache: {}: {}; removed", path.string(), e.message());
        std::lock_guard lock(m_mutex);
        forget(key, true);
        return std::nullopt;
    }
}

void DiskCache::put(const Hash128& key, Outputs outputs) {
    std::uint64_t bytes = 0;
    for (const auto& [id, value] : outputs) bytes += value.bytes();
    if (outputs.empty() || bytes > m_budget) return;
    std::lock_guard lock(m_mutex);
    if (m_files.count(key) || m_queuedBytes + bytes > kMaxQueued) return;
    m_queuedBytes += bytes;
    m_queue.push_back({key, std::move(outputs)});
    m_wake.notify_one();
}

void DiskCache::work() {
    std::unique_lock lock(m_mutex);
    for (;;) {
        m_wake.wait(lock, [&] { return m_stopping || !m_queue.empty(); });
        if (m_queue.empty()) return;
        const Job job = std::move(m_queue.front());
        m_queue.pop_front();
        m_writing = true;
        lock.unlock();
        try {
            write(job);
        } catch (...) {
            log::warning("cache: {}", currentError().full());
        }
        lock.lock();
        for (const auto& [id, value] : job.outputs) m_queuedBytes -= value.bytes();
        m_writing = false;
        m_idle.notify_all();
    }
}

void DiskCache::write(const Job& job) {
    const auto raw = pack(job.outputs);
    if (!raw || raw->size() > kMaxRaw) return;
    const std::vector<std::byte> file = encode(job.key, job.outputs, *raw);
    const fs::path path = pathOf(job.key);
    paths::ensure(path.parent_path());
    writeFileAtomic(path, file);
    std::lock_guard lock(m_mutex);
    forget(job.key, false);
    m_files[job.key] = {file.size(), now()};
    m_bytes += file.size();
    shrink();
}

void DiskCache::forget(const Hash128& key, bool remove) {
    const auto it = m_files.find(key);
    if (it == m_files.end()) return;
    m_bytes -= it->second.bytes;
    m_files.erase(it);
    std::error_code ignored;
    if (remove) fs::remove(pathOf(key), ignored);
}

// Down to nine tenths, longest unused first, so that not every write has to.
void DiskCache::shrink() {
    if (m_bytes <= m_budget) return;
    std::vector<std::pair<std::int64_t, Hash128>> byAge;
    for (const auto& [key, file] : m_files) byAge.emplace_back(file.used, key);
    std::sort(byAge.begin(), byAge.end());
    for (const auto& [used, key] : byAge) {
        if (m_bytes <= m_budget / 10 * 9) break;
        forget(key, true);
    }
}

void DiskCache::wait() {
    std::unique_lock lock(m_mutex);
    m_idle.wait(lock, [&] { return m_queue.empty() && !m_writing; });
}

void DiskCache::clear() {
    std::unique_lock lock(m_mutex);
    for (const Job& job : std::exchange(m_queue, {}))
        for (const auto& [id, value] : job.outputs) m_queuedBytes -= value.bytes();
    m_idle.wait(lock, [&] { return !m_writing; });
    while (!m_files.empty()) forget(Hash128(m_files.begin()->first), true);
}

std::uint64_t DiskCache::entries() const {
    std::lock_guard lock(m_mutex);
    return m_files.size();
}

std::uint64_t DiskCache::bytes() const {
    std::lock_guard lock(m_mutex);
    return m_bytes;
}

} // namespace ochre::graph
