// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/library/PictureIndex.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <sqlite3.h>

#include "core/base/Error.h"
#include "core/base/Hash.h"
#include "core/base/Paths.h"
#include "core/image/PictureFiles.h"

namespace ochre::library {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kVersion = "1"; ///< of the tables
constexpr auto kKeptEvery = std::chrono::seconds(3);

struct File {
    std::int64_t time, size;
    bool operator==(const File&) const = default;
};

/// Pictures below the folder, by their path in it.
std::map<std::string, File> picturesIn(const fs::path& folder, const Cancel& cancel) {
    std::map<std::string, File> files;
    for (const fs::path& file : picturesBelow(folder, cancel)) {
        std::error_code gone;
        const auto time = fs::last_write_time(file, gone).time_since_epoch().count();
        const auto size = static_cast<std::int64_t>(fs::file_size(file, gone));
        if (!gone) files[file.lexically_relative(folder).string()] = {time, size};
    }
    return files;
}

/// Sums of products. Sixteen sums at a time become vector instructions without reordering any one of them.
float product(const float* a, const float* b, std::size_t count) {
    std::array<float, 16> sums{};
    std::size_t i = 0;
    for (; i + 16 <= count; i += 16)
        for (std::size_t k = 0; k < 16; ++k) sums[k] += a[i + k] * b[i + k];
    float sum = 0;
    for (const float s : sums) sum += s;
    for (; i < count; ++i) sum += a[i] * b[i];
    return sum;
}

/// Of length 1; nothing where it has none.
std::vector<float> normalised(std::span<const float> v) {
    const float length = std::sqrt(product(v.data(), v.data(), v.size()));
    std::vector<float> out;
    if (!(length > 0) || !std::isfinite(length)) return out;
    for (const float x : v) out.push_back(x / length);
    return out;
}

/// A statement that ends with its scope.
class Statement {
public:
    Statement(sqlite3* database, const std::string& subject, const char* sql) : m_database(database), m_subject(subject) {
        must(sqlite3_prepare_v2(database, sql, -1, &m_statement, nullptr));
    }
    ~Statement() { sqlite3_finalize(m_statement); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    Statement& bind(int at, const std::string& text) {
        must(sqlite3_bind_text(m_statement, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT));
        return *this;
    }
    Statement& bind(int at, std::int64_t number) {
        must(sqlite3_bind_int64(m_statement, at, number));
        return *this;
    }
    Statement& bind(int at, std::span<const float> values) {
        must(values.empty() ? sqlite3_bind_null(m_statement, at)
                            : sqlite3_bind_blob(m_statement, at, values.data(), static_cast<int>(values.size_bytes()), SQLITE_TRANSIENT));
        return *this;
    }
    bool step() {
        const int result = sqlite3_step(m_statement);
        if (result != SQLITE_ROW && result != SQLITE_DONE) must(result);
        return result == SQLITE_ROW;
    }
    void run() {
        step();
        must(sqlite3_reset(m_statement));
    }
    std::string text(int column) const {
        const auto* t = sqlite3_column_text(m_statement, column);
        return t ? reinterpret_cast<const char*>(t) : std::string();
    }
    std::int64_t number(int column) const { return sqlite3_column_int64(m_statement, column); }
    std::span<const std::byte> bytes(int column) const {
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(m_statement, column));
        return {static_cast<const std::byte*>(sqlite3_column_blob(m_statement, column)), size};
    }

private:
    void must(int result) const {
        if (result != SQLITE_OK && result != SQLITE_ROW && result != SQLITE_DONE)
            throw Error(fmt::format("{}: the index cannot be used: {}", m_subject, sqlite3_errmsg(m_database)),
                        "delete it, it is made again; look at the free space");
    }
    sqlite3* m_database;
    const std::string& m_subject;
    sqlite3_stmt* m_statement = nullptr;
};

} // namespace

struct PictureIndex::State {
    State(const fs::path& file, const fs::path& of, std::string model, int numbers)
        : name(file.string()), folder(of), width(static_cast<std::size_t>(numbers)), network(std::move(model)) {
        fs::create_directories(file.parent_path());
        if (open(file)) return;
        close(); // of another network, or no database at all
        for (const char* ending : {"", "-wal", "-shm", "-journal"}) fs::remove(file.string() + ending);
        if (!open(file)) throw Error(name + ": the index cannot be made", "look at the free space and the permissions");
    }
    ~State() { close(); }

    void close() {
        sqlite3_close(database);
        database = nullptr;
    }

    /// False where what is there is not for us.
    bool open(const fs::path& file) {
        if (sqlite3_open(file.c_str(), &database) != SQLITE_OK) return false;
        sqlite3_busy_timeout(database, 5000);
        try {
            execute("PRAGMA journal_mode = WAL");
            execute("PRAGMA synchronous = NORMAL");
            execute("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID");
            execute("CREATE TABLE IF NOT EXISTS pictures (path TEXT PRIMARY KEY, time INTEGER, size INTEGER, feature BLOB) WITHOUT ROWID");
            const std::map<std::string, std::string> wanted{
                {"folder", folder.string()}, {"model", network}, {"version", kVersion}, {"width", std::to_string(width)}};
            std::map<std::string, std::string> facts;
            for (Statement all(database, name, "SELECT name, value FROM facts"); all.step();) facts[all.text(0)] = all.text(1);
            if (!facts.empty() && facts != wanted) return false;
            Statement put(database, name, "INSERT OR REPLACE INTO facts VALUES (?, ?)");
            for (const auto& [key, value] : wanted) put.bind(1, key).bind(2, value).run();
            load();
            return true;
        } catch (const Error&) {
            return false;
        }
    }

    void execute(const char* sql) { Statement(database, name, sql).step(); }

    void load() {
        paths.clear();
        features.clear();
        for (Statement all(database, name, "SELECT path, feature FROM pictures WHERE feature NOT NULL ORDER BY path"); all.step();) {
            const std::span<const std::byte> feature = all.bytes(1);
            if (feature.size() != width * sizeof(float)) throw Error(name + ": a description has another width");
            paths.push_back(all.text(0));
            features.resize(features.size() + width);
            std::memcpy(&features[features.size() - width], feature.data(), feature.size());
        }
    }

    std::map<std::string, File> known() {
        std::map<std::string, File> files;
        for (Statement all(database, name, "SELECT path, time, size FROM pictures"); all.step();)
            files[all.text(0)] = {all.number(1), all.number(2)};
        return files;
    }

    std::string name;
    fs::path folder;
    std::size_t width;
    std::string network;
    sqlite3* database = nullptr;
    std::vector<std::string> paths;
    std::vector<float> features; ///< of length 1, one after the other
};

fs::path PictureIndex::fileFor(const fs::path& folder, const std::string& model) {
    return paths::cache() / "pictures" / (hashText(fs::weakly_canonical(folder).string() + "\n" + model).hex() + ".sqlite");
}

PictureIndex::PictureIndex(const fs::path& file, const fs::path& folder, const std::string& model, int width)
    : m_state(std::make_unique<State>(file, folder, model, width)) {}

PictureIndex::~PictureIndex() = default;

PictureIndex::Update PictureIndex::update(const Describe& describe, const Progress& progress, const Cancel& cancel) {
    State& s = *m_state;
    const auto files = picturesIn(s.folder, cancel);
    const auto known = s.known();
    Update update;
    std::vector<std::pair<std::string, File>> open;
    for (const auto& [path, file] : files) {
        const auto there = known.find(path);
        if (there != known.end() && there->second == file)
            ++update.unchanged;
        else
            open.emplace_back(path, file);
    }
    s.execute("BEGIN IMMEDIATE");
    auto kept = Clock::now();
    try {
        Statement drop(s.database, s.name, "DELETE FROM pictures WHERE path = ?");
        for (const auto& [path, file] : known)
            if (!files.contains(path)) {
                drop.bind(1, path).run();
                ++update.removed;
            }
        Statement put(s.database, s.name, "INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?)");
        for (std::size_t i = 0; i < open.size(); ++i) {
            cancel.check();
            const auto& [path, file] = open[i];
            progress.report(i, open.size(), fmt::format("Picture {} of {}", i + 1, open.size()));
            std::vector<float> feature;
            try {
                feature = normalised(describe(s.folder / path));
                if (!feature.empty() && feature.size() != s.width)
                    throw Error(fmt::format("{}: {} numbers describe it, not {}", path, feature.size(), s.width), "this is a fault in the network");
            } catch (const Error& e) {
                if (e.cancelled() || e.kind() == ErrorKind::Memory) throw;
            }
            put.bind(1, path).bind(2, file.time).bind(3, file.size).bind(4, std::span<const float>(feature)).run();
            ++(feature.empty() ? update.unreadable : known.contains(path) ? update.changed : update.added);
            if (Clock::now() - kept < kKeptEvery) continue;
            s.execute("COMMIT");
            s.execute("BEGIN IMMEDIATE");
            kept = Clock::now();
        }
    } catch (...) {
        s.execute("COMMIT"); // what is described stays
        s.load();
        throw;
    }
    s.execute("COMMIT");
    if (update.removed + open.size() > 0) s.load();
    return update;
}

std::vector<PictureIndex::Match> PictureIndex::query(std::span<const float> description, std::size_t most) const {
    const State& s = *m_state;
    if (description.size() != s.width)
        throw Error(fmt::format("{} numbers describe the picture, {} those of the index", description.size(), s.width));
    const std::vector<float> wanted = normalised(description);
    if (wanted.empty()) return {};
    std::vector<std::pair<float, std::size_t>> all;
    all.reserve(s.paths.size());
    for (std::size_t i = 0; i < s.paths.size(); ++i) all.emplace_back(product(wanted.data(), s.features.data() + i * s.width, s.width), i);
    const std::size_t count = std::min(most, all.size());
    std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(count), [](const auto& a, const auto& b) {
        return a.first > b.first || (a.first == b.first && a.second < b.second);
    });
    std::vector<Match> matches;
    for (std::size_t i = 0; i < count; ++i) matches.push_back({s.folder / s.paths[all[i].second], all[i].first});
    return matches;
}

std::size_t PictureIndex::size() const {
    return m_state->paths.size();
}

} // namespace ochre::library
