// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/Machine.h"

#include <cstdio>
#include <cstdlib>
#include <set>

namespace ochre::test {
namespace fs = std::filesystem;
namespace {

const std::set<std::string> kOwn{"denoise.safetensors", "low-light.safetensors", "segment.safetensors", "starter.safetensors"};

} // namespace

Setting::Setting(const char* name, const std::string& value) : m_name(name) {
    if (const char* before = std::getenv(name)) m_before = before;
    ::setenv(name, value.c_str(), 1);
}

Setting::~Setting() {
    if (m_before)
        ::setenv(m_name, m_before->c_str(), 1);
    else
        ::unsetenv(m_name);
}

std::optional<std::string> toolOutput(const std::string& program, const std::vector<std::string>& arguments) {
    std::string command = program;
    for (const std::string& a : arguments) command += " '" + a + "'"; // of tests: none holds a quote
    FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
    if (!pipe) return std::nullopt;
    std::string out;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) out += static_cast<char>(c);
    return ::pclose(pipe) == 0 ? std::optional(out) : std::nullopt;
}

StarterModel::StarterModel(const fs::path& file) {
    const fs::path models = m_folder / "models", real = fs::absolute(sourceFile("resources"));
    fs::create_directories(models);
    for (const fs::directory_entry& entry : fs::directory_iterator(real))
        if (entry.path().filename() != "models")
            fs::create_symlink(entry.path(), m_folder / entry.path().filename().string());
    for (const fs::directory_entry& entry : fs::directory_iterator(real / "models"))
        if (!kOwn.contains(entry.path().filename().string()))
            fs::create_symlink(entry.path(), models / entry.path().filename());
    if (!file.empty()) fs::create_symlink(fs::absolute(file), models / "starter.safetensors");
    m_setting.emplace("OCHRE_RESOURCES_DIR", m_folder.path().string());
}

} // namespace ochre::test
