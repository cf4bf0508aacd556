// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/flow/ValueList.h"

#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::nodes::flow {
namespace {

constexpr std::size_t kMost = 10'000;
constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Reads from a text bit by bit; each step says whether it found what it looked for.
class Scanner {
public:
    explicit Scanner(std::string_view text) : m_rest(trimmed(text)) {}

    bool take(char c) {
        if (m_rest.empty() || m_rest.front() != c) return false;
        m_rest = trimmed(m_rest.substr(1));
        return true;
    }
    std::optional<double> number() {
        double value = 0;
        const char* begin = m_rest.data();
        if (begin != begin + m_rest.size() && *begin == '+') ++begin;
        const auto [end, error] = std::from_chars(begin, m_rest.data() + m_rest.size(), value);
        if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
        m_rest = trimmed(m_rest.substr(static_cast<std::size_t>(end - m_rest.data())));
        return value;
    }
    bool done() const { return m_rest.empty(); }

private:
    std::string_view m_rest;
};

struct Range {
    double from, to, step;
    std::size_t count;
};

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
    throw Error(fmt::format("values: \"{}\" {}", text, why), "write a range as 1-10 (+3) or 0-1 [5]");
}

/// Steps from `from` that do not go beyond `to`; a little is forgiven, so that 0-1 (+0.1) ends at 1.
std::size_t stepsTo(std::string_view text, double from, double to, double step) {
    if (step == 0 || (to - from) * step < 0)
        refuse(text, fmt::format("never arrives at {} by steps of {}", to, step));
    const double count = std::floor((to - from) / step + 1e-9) + 1;
    if (count > static_cast<double>(kMost))
        refuse(text, fmt::format("gives {} values, the limit is {}", count, kMost));
    return static_cast<std::size_t>(count);
}

std::optional<Range> rangeOf(std::string_view text) {
    Scanner scan(text);
    const auto from = scan.number();
    if (!from || !scan.take('-')) return std::nullopt;
    const auto to = scan.number();
    if (!to) return std::nullopt;
    if (scan.done()) {
        const double step = *to >= *from ? 1 : -1;
        return Range{*from, *to, step, stepsTo(text, *from, *to, step)};
    }
    if (scan.take('(')) {
        const auto step = scan.number();
        if (!step || !scan.take(')') || !scan.done()) return std::nullopt;
        return Range{*from, *to, *step, stepsTo(text, *from, *to, *step)};
    }
    if (!scan.take('[')) return std::nullopt;
    const auto count = scan.number();
    if (!count || !scan.take(']') || !scan.done()) return std::nullopt;
    if (*count < 1 || *count != std::floor(*count) || *count > static_cast<double>(kMost))
        refuse(text, fmt::format("asks for {} values, 1 to {} are possible", *count, kMost));
    return Range{*from, *to, *count > 1 ? (*to - *from) / (*count - 1) : 0, static_cast<std::size_t>(*count)};
}

/// Without the noise of repeated addition: twelve digits are enough for any step that people write.
std::string written(double value) {
    const std::string text = fmt::format("{:.12g}", value);
    return text == "-0" ? "0" : text;
}

void add(std::vector<std::string>& values, std::string value) {
    if (values.size() == kMost)
        throw Error(fmt::format("values: there are more than {}", kMost), "use several lists");
    values.push_back(std::move(value));
}

void addField(std::vector<std::string>& values, std::string_view field, bool quoted) {
    if (quoted) return add(values, std::string(field));
    field = trimmed(field);
    if (field.empty()) return;
    const auto range = rangeOf(field);
    if (!range) return add(values, std::string(field));
    for (std::size_t i = 0; i < range->count; ++i)
        add(values, written(range->from + range->step * static_cast<double>(i)));
}

/// A quoted value that begins at `at`, without its quotes; a doubled quote is one. Moves `at` behind it.
std::string quotedValue(std::string_view text, std::size_t& at) {
    std::string value;
    for (++at; at < text.size(); ++at) {
        if (text[at] != '"') {
            value += text[at];
        } else if (at + 1 < text.size() && text[at + 1] == '"') {
            value += text[++at];
        } else {
            ++at;
            return value;
        }
    }
    throw Error(fmt::format("values: the quote before \"{}\" is not closed", value.substr(0, 40)),
                "end the value with a quote");
}

} // namespace

std::vector<std::string> parseValues(std::string_view text) {
    text = trimmed(text);
    const char separator = text.find('\n') != std::string_view::npos ? '\n' : ',';
    std::vector<std::string> values;
    for (std::size_t at = 0; at < text.size();) {
        at = std::min(text.find_first_not_of(kBlanks, at), text.size());
        if (at < text.size() && text[at] == '"') {
            addField(values, quotedValue(text, at), true);
            const std::size_t end = std::min(text.find(separator, at), text.size());
            if (!trimmed(text.substr(at, end - at)).empty())
                throw Error(
                    fmt::format("values: \"{}\" follows a closing quote", trimmed(text.substr(at, end - at))),
                    "put a comma or a line break between values");
            at = end + 1;
            continue;
        }
        const std::size_t end = std::min(text.find(separator, at), text.size());
        addField(values, text.substr(at, end - at), false);
        at = end + 1;
    }
    return values;
}

} // namespace ochre::nodes::flow
