// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/File.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/Error.h"

namespace ochre {
namespace fs = std::filesystem;
namespace {

class Descriptor {
public:
    Descriptor(const fs::path& path, int flags, mode_t mode = 0) : m_fd(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    ~Descriptor() {
        if (m_fd >= 0) ::close(m_fd);
    }
    Descriptor(Descriptor&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    int get() const { return m_fd; }
    explicit operator bool() const { return m_fd >= 0; }

private:
    int m_fd;
};

Error systemError(const fs::path& path, const char* verb) {
    const int code = errno;
    const char* hint = code == ENOSPC || code == EDQUOT ? "free some disk space and try again"
                                                        : "check the path and its permissions";
    return Error(fmt::format("{}: cannot be {}: {}", path.string(), verb, std::strerror(code)), hint);
}

Descriptor openForReading(const fs::path& path, struct stat& info) {
    Descriptor file(path, O_RDONLY | O_NONBLOCK);
    if (!file || ::fstat(file.get(), &info) != 0) throw systemError(path, "opened");
    if (!S_ISREG(info.st_mode)) throw Error(path.string() + ": is not a regular file", "choose a file");
    return file;
}

void syncPath(const fs::path& path, int flags) {
    const Descriptor d(path, flags);
    if (!d || (::fsync(d.get()) != 0 && errno != EINVAL)) throw systemError(path, "flushed to disk");
}

void writeAll(const Descriptor& file, const fs::path& path, std::span<const std::byte> data) {
    while (!data.empty()) {
        const ssize_t n = ::write(file.get(), data.data(), data.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw systemError(path, "written");
        data = data.subspan(static_cast<std::size_t>(n));
    }
}

template <typename Container>
Container readWhole(const fs::path& path, std::uint64_t limit) {
    struct stat info {};
    const Descriptor file = openForReading(path, info);
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size > limit)
        throw Error(fmt::format("{}: {} bytes, more than the limit of {}", path.string(), size, limit),
                    "check that this is the file you mean");
    Container data;
    data.resize(size);
    std::size_t done = 0;
    while (done < size) {
        const ssize_t n = ::read(file.get(), data.data() + done, size - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw systemError(path, "read");
        if (n == 0) throw Error(path.string() + ": became shorter while it was read", "try again");
        done += static_cast<std::size_t>(n);
    }
    return data;
}

} // namespace

std::vector<std::byte> readFile(const fs::path& path, std::uint64_t limit) {
    return readWhole<std::vector<std::byte>>(path, limit);
}

std::string readTextFile(const fs::path& path, std::uint64_t limit) {
    return readWhole<std::string>(path, limit);
}

AtomicFile::AtomicFile(fs::path path) {
    std::error_code ignored;
    m_target = fs::is_symlink(path, ignored) ? fs::weakly_canonical(path) : std::move(path);
    static std::atomic<unsigned> counter{0};
    m_temporary = m_target.parent_path() / fmt::format(".{}.{}-{}.part{}", m_target.stem().string(), ::getpid(),
                                                       counter++, m_target.extension().string());
}

AtomicFile::~AtomicFile() {
    if (!m_committed) ::unlink(m_temporary.c_str());
}

void AtomicFile::commit() {
    struct stat old {};
    if (::stat(m_target.c_str(), &old) == 0) ::chmod(m_temporary.c_str(), old.st_mode & 07777);
    syncPath(m_temporary, O_RDONLY);
    if (::rename(m_temporary.c_str(), m_target.c_str()) != 0) throw systemError(m_target, "replaced");
    m_committed = true;
    const fs::path folder = m_target.parent_path();
    syncPath(folder.empty() ? fs::path(".") : folder, O_RDONLY | O_DIRECTORY);
}

void writeFileAtomic(const fs::path& path, std::span<const std::byte> data) {
    AtomicFile atomic(path);
    {
        const Descriptor file(atomic.temporary(), O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (!file) throw systemError(path, "written");
        writeAll(file, path, data);
    }
    atomic.commit();
}

void writeFileAtomic(const fs::path& path, std::string_view text) {
    writeFileAtomic(path, std::as_bytes(std::span(text)));
}

MappedFile::MappedFile(const fs::path& path) {
    struct stat info {};
    const Descriptor file = openForReading(path, info);
    m_size = static_cast<std::size_t>(info.st_size);
    if (m_size == 0) return;
    m_data = ::mmap(nullptr, m_size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (m_data == MAP_FAILED) {
        m_data = nullptr;
        throw systemError(path, "mapped into memory");
    }
}

MappedFile::~MappedFile() {
    if (m_data) ::munmap(m_data, m_size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)), m_size(std::exchange(other.m_size, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(m_data, other.m_data);
    std::swap(m_size, other.m_size);
    return *this;
}

void giveBackPages(std::span<const std::byte> mapped) {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto start = reinterpret_cast<std::uintptr_t>(mapped.data());
    const std::uintptr_t first = (start + page - 1) / page * page, last = (start + mapped.size()) / page * page;
    if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED); // a hint: it may fail
}

} // namespace ochre
