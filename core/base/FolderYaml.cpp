// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/FolderYaml.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Text.h"

namespace ochre {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxEntries = 1000;

struct Line {
    std::size_t number = 0;
    std::size_t indent = 0;
    std::string_view text; ///< without the indent and blanks at the end
};

class Reader {
public:
    Reader(std::string_view text, std::string_view subject) : m_subject(subject) {
        std::size_t number = 0;
        while (!text.empty()) {
            const std::size_t end = text.find('\n');
            std::string_view line = text.substr(0, end);
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
            while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '\t'))
                line.remove_suffix(1);
            const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
            m_lines.push_back({++number, indent, line.substr(indent)});
        }
    }

    std::vector<YamlSection> read() {
        while (const Line* line = next()) {
            if (line->text == "---" && m_sections.empty()) continue;
            checkStart(*line);
            if (line->indent == 0)
                section(*line);
            else
                entry(*line);
        }
        return std::move(m_sections);
    }

private:
    [[noreturn]] void fail(const Line& line, const std::string& what) const {
        throw broken(fmt::format("{}: line {}: {}", m_subject, line.number, what),
                     "folders are listed as \"name:\" and below it, indented, \"checkpoints: path\"");
    }

    /// The next line that says something.
    const Line* next() {
        while (m_at < m_lines.size()) {
            const Line& line = m_lines[m_at++];
            if (!line.text.empty() && line.text.front() != '#') return &line;
        }
        return nullptr;
    }

    void checkStart(const Line& line) const {
        if (line.text.front() == '\t') fail(line, "indented with a tab");
        if (line.text.front() == '-') fail(line, "a list, which this reader does not know");
        if (std::string_view("?&*!%@`{}[]|>,").find(line.text.front()) != std::string_view::npos)
            fail(line, fmt::format("starts with '{}', which this reader does not know", line.text.front()));
    }

    /// The key before the colon and what stands behind it.
    std::pair<std::string, std::string_view> keyOf(const Line& line) const {
        std::string_view text = line.text;
        std::string key;
        if (text.front() == '"' || text.front() == '\'') {
            key = quotedText(line, text);
        } else {
            std::size_t colon = text.find(':');
            while (colon != std::string_view::npos && colon + 1 < text.size() && text[colon + 1] != ' ')
                colon = text.find(':', colon + 1);
            if (colon == std::string_view::npos) fail(line, "no \"key: value\"");
            key = text.substr(0, colon);
            while (!key.empty() && key.back() == ' ') key.pop_back();
            text.remove_prefix(colon);
        }
        while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
        if (text.empty() || text.front() != ':' || key.empty()) fail(line, "no \"key: value\"");
        text.remove_prefix(1);
        while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
        if (text.starts_with('#')) text = {};
        return {std::move(key), text};
    }

    /// Takes a quoted text off the front of `text`.
    std::string quotedText(const Line& line, std::string_view& text) const {
        const char quote = text.front();
        std::string out;
        for (std::size_t i = 1; i < text.size(); ++i) {
            const char c = text[i];
            if (c == quote && quote == '\'' && i + 1 < text.size() && text[i + 1] == '\'') {
                out += c;
                ++i;
            } else if (c == quote) {
                text.remove_prefix(i + 1);
                return out;
            } else if (c == '\\' && quote == '"') {
                if (++i == text.size()) break;
                constexpr std::string_view kFrom = "\\\"/nt", kTo = "\\\"/\n\t";
                const std::size_t which = kFrom.find(text[i]);
                if (which == std::string_view::npos)
                    fail(line, fmt::format("the escape \\{} is not known here",
                                           printable(std::string(1, text[i]))));
                out += kTo[which];
            } else {
                out += c;
            }
        }
        fail(line, "a quote that does not end");
    }

    void section(const Line& line) {
        auto [name, value] = keyOf(line);
        if (!value.empty())
            fail(line, fmt::format("\"{}\" has a value where folders should follow", printable(name)));
        for (const YamlSection& s : m_sections)
            if (s.name == name) fail(line, fmt::format("\"{}\" stands twice", printable(name)));
        m_sections.push_back({std::move(name), {}});
        m_indent.reset();
    }

    void entry(const Line& line) {
        if (m_sections.empty()) fail(line, "indented, with nothing above it");
        if (!m_indent) m_indent = line.indent;
        if (line.indent != *m_indent)
            fail(line, fmt::format("indented by {} blanks, the one above by {}", line.indent, *m_indent));
        if (++m_count > kMaxEntries) fail(line, fmt::format("more than {} entries", kMaxEntries));
        auto [key, value] = keyOf(line);
        if (m_sections.back().find(key)) fail(line, fmt::format("\"{}\" stands twice", printable(key)));
        m_sections.back().entries.emplace_back(std::move(key), valueOf(line, value));
    }

    std::string valueOf(const Line& line, std::string_view value) {
        if (value.empty()) return {};
        if (value == "|" || value == "|-" || value == "|+") return block(line);
        if (value.front() == '"' || value.front() == '\'') {
            std::string text = quotedText(line, value);
            while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
            if (!value.empty() && value.front() != '#') fail(line, "text behind the quote");
            return text;
        }
        if (std::string_view("&*!%@`{[|>").find(value.front()) != std::string_view::npos)
            fail(line, fmt::format("a value that starts with '{}', which this reader does not know",
                                   value.front()));
        if (const std::size_t comment = value.find(" #"); comment != std::string_view::npos)
            value = value.substr(0, comment);
        while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
        return std::string(value);
    }

    /// Every line that is indented deeper than its key. '#' is no comment here.
    std::string block(const Line& key) {
        std::string text;
        while (m_at < m_lines.size() && (m_lines[m_at].text.empty() || m_lines[m_at].indent > key.indent)) {
            if (!m_lines[m_at].text.empty()) text += std::string(m_lines[m_at].text) + "\n";
            ++m_at;
        }
        return text;
    }

    std::string m_subject;
    std::vector<Line> m_lines;
    std::vector<YamlSection> m_sections;
    std::optional<std::size_t> m_indent;
    std::size_t m_at = 0, m_count = 0;
};

} // namespace

const std::string* YamlSection::find(std::string_view key) const {
    const auto it =
        std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.first == key; });
    return it == entries.end() ? nullptr : &it->second;
}

std::vector<YamlSection> readFolderYaml(std::string_view text, std::string_view subject) {
    if (text.size() > kMaxBytes)
        throw broken(fmt::format("{}: {} bytes, more than {}", subject, text.size(), kMaxBytes));
    if (!isUtf8(text) || text.find('\0') != std::string_view::npos)
        throw broken(fmt::format("{}: is no UTF-8 text", subject));
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    return Reader(text, subject).read();
}

} // namespace ochre
