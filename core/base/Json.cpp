// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Json.h"

#include <string>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Text.h"

namespace ochre {
namespace {

// Builds the tree itself rather than through the library's parser callbacks, which know neither depth nor duplicates.
class Builder : public nlohmann::json_sax<Json> {
public:
    Builder(std::string_view subject, int depth) : m_subject(subject), m_depth(depth) {}

    Json root;

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override { return put(value); }
    bool number_float(number_float_t value, const string_t&) override { return put(value); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(Json::object()); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_array() override { return close(); }

    bool key(string_t& value) override {
        if (!m_keys.back().insert(value).second)
            throw broken(fmt::format("{}: the key \"{}\" stands twice in one object", m_subject, value));
        m_key = std::move(value);
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& e) override {
        // The library's own message starts with "[json.exception…]"; what follows the bracket is for people.
        const std::string text = e.what();
        const std::size_t bracket = text.find("] ");
        throw broken(fmt::format("{}: byte {}: {}", m_subject, position,
                                 printable(bracket == std::string::npos ? text : text.substr(bracket + 2))),
                     "the file is not valid JSON");
    }

private:
    bool put(Json value) {
        place(std::move(value));
        return true;
    }

    Json* place(Json value) {
        if (m_stack.empty()) {
            root = std::move(value);
            return &root;
        }
        Json& parent = *m_stack.back();
        if (parent.is_array()) {
            parent.push_back(std::move(value));
            return &parent.back();
        }
        // Keys are known to be new, so no search: ordered_json would compare with every key before.
        auto& entries = parent.get_ref<Json::object_t&>();
        entries.Container::emplace_back(std::move(m_key), std::move(value));
        return &entries.Container::back().second;
    }

    bool open(Json value) {
        if (static_cast<int>(m_stack.size()) >= m_depth)
            throw broken(fmt::format("{}: nested deeper than {} levels", m_subject, m_depth));
        m_stack.push_back(place(std::move(value)));
        m_keys.emplace_back();
        return true;
    }

    bool close() {
        m_stack.pop_back();
        m_keys.pop_back();
        return true;
    }

    std::string m_subject;
    int m_depth;
    std::string m_key;
    std::vector<Json*> m_stack;
    std::vector<std::unordered_set<std::string>> m_keys;
};

} // namespace

Json parseJson(std::string_view text, std::string_view subject, const JsonLimits& limits) {
    if (text.size() > limits.bytes)
        throw broken(fmt::format("{}: {} bytes of JSON, more than the limit of {}", subject, text.size(), limits.bytes));
    Builder builder(subject, limits.depth);
    Json::sax_parse(text.begin(), text.end(), &builder);
    return std::move(builder.root);
}

std::string dumpJson(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

} // namespace ochre
