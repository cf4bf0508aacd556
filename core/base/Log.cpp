// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Log.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/spdlog.h>

namespace ochre::log {
namespace {

struct State {
    std::mutex mutex;
    std::map<int, std::function<void(const Line&)>> listeners;
    std::shared_ptr<spdlog::logger> file;
    int nextId = 1;
    std::atomic<Level> consoleLevel{Level::Warning};
};

State& state() {
    static State* s = new State; // never destroyed: threads may log while the program ends
    return *s;
}

const char* name(Level level) {
    switch (level) {
    case Level::Debug: return "debug";
    case Level::Info: return "info";
    case Level::Warning: return "warning";
    case Level::Error: return "error";
    }
    return "";
}

spdlog::level::level_enum toSpdlog(Level level) {
    switch (level) {
    case Level::Debug: return spdlog::level::debug;
    case Level::Info: return spdlog::level::info;
    case Level::Warning: return spdlog::level::warn;
    case Level::Error: return spdlog::level::err;
    }
    return spdlog::level::info;
}

} // namespace

void write(Level level, std::string text) {
    using namespace std::chrono;
    const Line line{level, std::move(text),
                    duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
    State& s = state();
    if (level >= s.consoleLevel.load(std::memory_order_relaxed))
        std::fprintf(stderr, "ochre: %s: %s\n", name(level), line.text.c_str());
    std::map<int, std::function<void(const Line&)>> listeners;
    {
        std::lock_guard lock(s.mutex);
        if (s.file) s.file->log(toSpdlog(level), line.text);
        listeners = s.listeners;
    }
    for (const auto& [id, listener] : listeners) listener(line);
}

void setConsoleLevel(Level level) {
    state().consoleLevel = level;
}

void openFile(const std::string& path) {
    try {
        auto file = spdlog::rotating_logger_mt("ochre-file", path, 5u << 20, 5);
        file->set_level(spdlog::level::debug);
        file->flush_on(spdlog::level::info);
        std::lock_guard lock(state().mutex);
        state().file = std::move(file);
    } catch (const spdlog::spdlog_ex& e) {
        warning("{}: the log file cannot be opened: {}", path, e.what());
    }
}

int addListener(std::function<void(const Line&)> listener) {
    State& s = state();
    std::lock_guard lock(s.mutex);
    s.listeners.emplace(s.nextId, std::move(listener));
    return s.nextId++;
}

void removeListener(int id) {
    State& s = state();
    std::lock_guard lock(s.mutex);
    s.listeners.erase(id);
}

} // namespace ochre::log
