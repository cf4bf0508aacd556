// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::graph {
namespace {

bool isSnakeCase(const std::string& id) {
    return !id.empty() && id.front() >= 'a' && id.front() <= 'z' &&
           std::all_of(id.begin(), id.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool isNodeId(const std::string& id) {
    std::size_t begin = 0;
    for (;;) {
        const std::size_t dot = id.find('.', begin);
        if (!isSnakeCase(id.substr(begin, dot - begin))) return false;
        if (dot == std::string::npos) return true;
        begin = dot + 1;
    }
}

template <typename T>
const T* findById(const std::vector<T>& list, const std::string& id) {
    const auto it = std::find_if(list.begin(), list.end(), [&](const T& item) { return item.id == id; });
    return it == list.end() ? nullptr : &*it;
}

const char* laneName(Lane lane) {
    return lane == Lane::Model ? "model" : lane == Lane::Display ? "display" : "free";
}

Json socketJson(const Socket& s) {
    Json json = {{"id", s.id}, {"label", s.label}, {"type", s.type}};
    if (!s.help.empty()) json["help"] = s.help;
    if (s.list) json["list"] = true;
    if (s.optional) json["optional"] = true;
    if (s.lazy) json["lazy"] = true;
    if (s.constraint.minChannels) json["min_channels"] = s.constraint.minChannels;
    if (s.constraint.maxChannels) json["max_channels"] = s.constraint.maxChannels;
    if (!s.constraint.modelFamily.empty()) json["model_family"] = s.constraint.modelFamily;
    return json;
}

Json socketsJson(const std::vector<Socket>& sockets) {
    Json list = Json::array();
    for (const Socket& s : sockets) list.push_back(socketJson(s));
    return list;
}

Socket socketFromJson(const Json& json) {
    Socket s;
    s.id = json.at("id").get<std::string>();
    s.label = json.value("label", std::string());
    s.help = json.value("help", std::string());
    s.type = json.at("type").get<std::string>();
    s.list = json.value("list", false);
    s.optional = json.value("optional", false);
    s.lazy = json.value("lazy", false);
    s.constraint.minChannels = json.value("min_channels", 0);
    s.constraint.maxChannels = json.value("max_channels", 0);
    s.constraint.modelFamily = json.value("model_family", std::string());
    return s;
}

using Problems = std::vector<std::string>;

void checkSockets(const std::vector<Socket>& sockets, const char* side, std::set<std::string>& ids,
                  Problems& found) {
    for (const Socket& s : sockets) {
        if (!isSnakeCase(s.id))
            found.push_back(fmt::format("{} \"{}\": the id is not snake_case", side, s.id));
        if (!ids.insert(s.id).second)
            found.push_back(fmt::format("{} \"{}\": the id is there twice", side, s.id));
        if (s.label.empty()) found.push_back(fmt::format("{} \"{}\": no label", side, s.id));
        if (s.type.empty()) found.push_back(fmt::format("{} \"{}\": no type", side, s.id));
        const Constraint& c = s.constraint;
        if (c.minChannels < 0 || c.maxChannels < 0 || (c.maxChannels && c.minChannels > c.maxChannels))
            found.push_back(
                fmt::format("{} \"{}\": channels {} to {}", side, s.id, c.minChannels, c.maxChannels));
    }
}

void checkRanges(const Parameter& p, Problems& found) {
    const auto contradicts = [](const std::optional<double>& low, const std::optional<double>& high) {
        return low && high && *low > *high;
    };
    if (contradicts(p.min, p.max) || contradicts(p.softMin, p.softMax) || contradicts(p.min, p.softMin) ||
        contradicts(p.softMax, p.max))
        found.push_back(fmt::format("parameter \"{}\": the ranges contradict each other", p.id));
    if (p.step < 0) found.push_back(fmt::format("parameter \"{}\": the step {} is negative", p.id, p.step));
}

void checkParameter(const Parameter& p, std::set<std::string>& ids, Problems& found) {
    const auto say = [&](const std::string& what) {
        found.push_back(fmt::format("parameter \"{}\": {}", p.id, what));
    };
    if (!isSnakeCase(p.id)) say("the id is not snake_case");
    if (!ids.insert(p.id).second) say("the id is there twice");
    if (p.label.empty()) say("no label");
    if (p.help.empty()) say("no help");
    checkRanges(p, found);
    if (p.kind == ParameterKind::Choice && p.choices.empty()) say("no choices");
    std::set<std::string> choices;
    for (const Choice& c : p.choices) {
        if (c.id.empty() || c.label.empty()) say("a choice without id or label");
        if (!choices.insert(c.id).second) say(fmt::format("the choice \"{}\" is there twice", c.id));
    }
    try {
        if (p.check(p.defaultValue).index() != p.defaultValue.index()) say("the default is of another kind");
    } catch (const Error& e) {
        say("the default: " + e.full());
    }
}

} // namespace

NodeDeclaration::NodeDeclaration(std::string id, int version, std::string label, std::string category)
    : m_id(std::move(id)), m_label(std::move(label)), m_category(std::move(category)), m_version(version) {}

NodeDeclaration& NodeDeclaration::describe(std::string help) {
    m_help = std::move(help);
    return *this;
}
NodeDeclaration& NodeDeclaration::keywords(std::string words) {
    m_keywords = std::move(words);
    return *this;
}
NodeDeclaration& NodeDeclaration::input(Socket socket) {
    m_inputs.push_back(std::move(socket));
    return *this;
}
NodeDeclaration& NodeDeclaration::output(Socket socket) {
    m_outputs.push_back(std::move(socket));
    return *this;
}
NodeDeclaration& NodeDeclaration::parameter(Parameter parameter) {
    // `.defaultValue = 4` and `= 4.0` both read naturally for a number; keep the kind's own type.
    try {
        parameter.defaultValue = parameter.check(parameter.defaultValue);
    } catch (const Error&) {
        // problems() reports it with the rest
    }
    m_parameters.push_back(std::move(parameter));
    return *this;
}
NodeDeclaration& NodeDeclaration::lane(Lane lane) {
    m_lane = lane;
    return *this;
}
NodeDeclaration& NodeDeclaration::sink() {
    m_sink = true;
    return *this;
}
NodeDeclaration& NodeDeclaration::uncached() {
    m_cached = false;
    return *this;
}
NodeDeclaration& NodeDeclaration::needsRuntime() {
    m_runtime = true;
    return *this;
}
NodeDeclaration& NodeDeclaration::passThrough() {
    m_passThrough = true;
    return *this;
}
NodeDeclaration& NodeDeclaration::groupSockets() {
    m_groupSockets = true;
    return *this;
}
NodeDeclaration& NodeDeclaration::onRun(Run run) {
    m_run = std::move(run);
    return *this;
}
NodeDeclaration& NodeDeclaration::onNeeds(Needs needs) {
    m_hasNeeds = static_cast<bool>(needs);
    m_needs = std::move(needs);
    return *this;
}
NodeDeclaration& NodeDeclaration::onFingerprint(Fingerprint fingerprint) {
    m_hasFingerprint = static_cast<bool>(fingerprint);
    m_fingerprint = std::move(fingerprint);
    return *this;
}

const Socket* NodeDeclaration::findInput(const std::string& id) const {
    return findById(m_inputs, id);
}
const Socket* NodeDeclaration::findOutput(const std::string& id) const {
    return findById(m_outputs, id);
}
const Parameter* NodeDeclaration::findParameter(const std::string& id) const {
    return findById(m_parameters, id);
}

std::vector<std::string> NodeDeclaration::problems() const {
    Problems found;
    if (!isNodeId(m_id)) found.push_back(fmt::format("the id \"{}\" is not of the form area.verb", m_id));
    if (m_version < 1) found.push_back(fmt::format("the version is {}, the first is 1", m_version));
    if (m_label.empty()) found.emplace_back("no label");
    if (m_category.empty()) found.emplace_back("no category");
    if (m_help.empty()) found.emplace_back("no help");
    std::set<std::string> inputIds, outputIds;
    checkSockets(m_inputs, "input", inputIds, found);
    checkSockets(m_outputs, "output", outputIds, found);
    // A link to a parameter's id drives it, so inputs and parameters share one set of names.
    for (const Parameter& p : m_parameters) checkParameter(p, inputIds, found);
    for (const Parameter& p : m_parameters)
        if (!p.visibleWhenId.empty() && !findParameter(p.visibleWhenId))
            found.push_back(
                fmt::format("parameter \"{}\": shown by the unknown \"{}\"", p.id, p.visibleWhenId));
    if (!m_run && !m_passThrough && !m_groupSockets) found.emplace_back("no run function");
    if (m_outputs.empty() && !m_sink && !m_groupSockets) found.emplace_back("neither an output nor a sink");
    if (m_hasNeeds && std::none_of(m_inputs.begin(), m_inputs.end(), [](const Socket& s) { return s.lazy; }))
        found.emplace_back("onNeeds without a lazy input");
    return found;
}

Json NodeDeclaration::toJson() const {
    Json json = {
        {"id", m_id}, {"version", m_version}, {"label", m_label}, {"category", m_category}, {"help", m_help}};
    if (!m_keywords.empty()) json["keywords"] = m_keywords;
    json["inputs"] = socketsJson(m_inputs);
    json["outputs"] = socketsJson(m_outputs);
    Json list = Json::array();
    for (const Parameter& p : m_parameters) list.push_back(p.toJson());
    json["parameters"] = std::move(list);
    if (m_lane != Lane::Free) json["lane"] = laneName(m_lane);
    if (m_sink) json["sink"] = true;
    if (!m_cached) json["uncached"] = true;
    if (m_runtime) json["runtime"] = true;
    if (m_passThrough) json["pass_through"] = true;
    if (m_groupSockets) json["group_sockets"] = true;
    if (m_hasNeeds) json["needs"] = true;
    if (m_hasFingerprint) json["fingerprint"] = true;
    return json;
}

NodeDeclaration NodeDeclaration::fromJson(const Json& json) {
    try {
        const auto textOf = [&](const char* key) { return json.at(key).get<std::string>(); };
        NodeDeclaration d(textOf("id"), json.at("version").get<int>(), textOf("label"), textOf("category"));
        d.m_help = textOf("help");
        d.m_keywords = json.value("keywords", std::string());
        for (const Json& s : json.at("inputs")) d.m_inputs.push_back(socketFromJson(s));
        for (const Json& s : json.at("outputs")) d.m_outputs.push_back(socketFromJson(s));
        for (const Json& p : json.at("parameters")) d.parameter(Parameter::fromJson(p));
        const std::string lane = json.value("lane", std::string("free"));
        d.m_lane = lane == "model" ? Lane::Model : lane == "display" ? Lane::Display : Lane::Free;
        d.m_sink = json.value("sink", false);
        d.m_cached = !json.value("uncached", false);
        d.m_runtime = json.value("runtime", false);
        d.m_passThrough = json.value("pass_through", false);
        d.m_groupSockets = json.value("group_sockets", false);
        d.m_hasNeeds = json.value("needs", false);
        d.m_hasFingerprint = json.value("fingerprint", false);
        return d;
    } catch (const Json::exception& e) {
        throw broken(fmt::format("node catalogue: {}", e.what()), "build Ochre again");
    }
}

} // namespace ochre::graph
