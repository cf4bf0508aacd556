// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/graph/FileKeys.h"
#include "core/graph/FlatShapes.h"
#include "core/graph/Types.h"

namespace ochre::graph {
namespace {

const Socket* findSocket(const std::vector<Socket>& sockets, const std::string& id) {
    for (const Socket& s : sockets)
        if (s.id == id) return &s;
    return nullptr;
}

void append(std::string& buffer, const void* data, std::size_t size) {
    buffer.append(static_cast<const char*>(data), size);
}

void append(std::string& buffer, const std::string& text) {
    const std::uint64_t size = text.size();
    append(buffer, &size, sizeof size);
    buffer += text;
}

void append(std::string& buffer, const ParameterValue& value) {
    buffer += static_cast<char>(value.index());
    std::visit(
        [&](const auto& v) {
            if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string>)
                append(buffer, v);
            else
                append(buffer, &v, sizeof v);
        },
        value);
}

std::string typeLabel(const TypeName& type) {
    const TypeInfo* info = TypeRegistry::shared().find(type);
    return info ? info->label : type;
}

} // namespace

Hash128 FlatKeys::localKey(const FlatShape& shape) const {
    std::string buffer;
    append(buffer, shape.node->type);
    if (shape.kind == FlatShape::Kind::Unknown) return hashBytes(buffer.data(), buffer.size());
    const NodeDeclaration& d = *shape.declaration;
    const int version = d.version();
    append(buffer, &version, sizeof version);
    for (std::size_t i = 0; i < d.parameters().size(); ++i) {
        const Parameter& p = d.parameters()[i];
        append(buffer, p.id);
        if (shape.findLink(p.id)) continue; // its value comes in with the inputs
        append(buffer, shape.parameters[i]);
        const bool reads = p.kind == ParameterKind::File || p.kind == ParameterKind::Folder ||
                           p.kind == ParameterKind::Model;
        if (!reads) continue;
        if (const auto* text = std::get_if<std::string>(&shape.parameters[i])) {
            const Hash128 file = fileKey(p, *text);
            append(buffer, &file, sizeof file);
        }
    }
    if (d.hasFingerprint()) {
        const NodeDeclaration& bound = m_registry.runnable(d.id());
        const Hash128 print = bound.fingerprintFunction()(FlatParameters(shape));
        append(buffer, &print, sizeof print);
    }
    if (shape.loop) {
        shape.loop->update(shape.loop->graph(), true);
        const FlatSnapshot inside = shape.loop->snapshot();
        inside.entries.forEach([&](FlatId, const FlatEntry& entry) {
            const bool end = entry.shape->node->type == "group.output" && !entry.shape->inGroup;
            const bool sink = entry.runs() && entry.shape->declaration && entry.shape->declaration->isSink();
            if (end || sink) append(buffer, &entry.key, sizeof entry.key);
        });
    }
    return hashBytes(buffer.data(), buffer.size());
}

bool FlatKeys::localChanged(FlatId id) const {
    const FlatEntry* entry = m_entries.find(id);
    if (!entry || !entry->runs()) return false;
    try {
        return localKey(*entry->shape) != entry->local;
    } catch (const Error&) {
        return true; // computed again, which records the error
    }
}

bool FlatKeys::compute(FlatId id, std::shared_ptr<const FlatShape> shape,
                       const SharedMap<FlatEntry>::Batch& batch) {
    FlatEntry entry;
    entry.shape = std::move(shape);
    const FlatEntry* before = m_entries.find(id);
    switch (entry.shape->kind) {
    case FlatShape::Kind::Absent:
        break;
    case FlatShape::Kind::Bound:
        entry.boundKeys = m_boundKeys;
        break;
    case FlatShape::Kind::HandsThrough: {
        Hasher hasher;
        for (const auto& [output, input] : entry.shape->handsOn) {
            const FlatShape::RawLink* link = entry.shape->findLink(input);
            const Source source = link ? lookThrough(link->from) : Source{};
            if (!source) continue;
            const FlatEntry& producer = *m_entries.find(source.node);
            entry.volatileResult = entry.volatileResult || producer.volatileResult;
            if (entry.handsOn.empty()) entry.key = producer.key; // one way through: the same key
            const auto bound = producer.boundKeys.find(source.output);
            hasher.add(output).add(
                bound != producer.boundKeys.end() ? bound->second : outputKey(producer.key, source.output));
            entry.handsOn.emplace_back(output, source);
        }
        if (entry.handsOn.size() > 1 || entry.key.isNull()) entry.key = hasher.finish();
        break;
    }
    case FlatShape::Kind::Unknown:
        entry.error = entry.shape->parameterError
                          ? *entry.shape->parameterError
                          : Error(fmt::format("unknown node \"{}\"", entry.shape->node->type),
                                  "this file was made with nodes that this Ochre does not have");
        entry.local = entry.key = localKey(*entry.shape);
        break;
    case FlatShape::Kind::Runs:
        collect(entry);
        break;
    }
    const bool handsThrough = !entry.runs();
    const bool same =
        before && !handsThrough && before->runs() && before->key == entry.key &&
        before->volatileResult == entry.volatileResult && before->shape->kind == entry.shape->kind &&
        (before->lists == entry.lists || (before->lists && entry.lists && *before->lists == *entry.lists)) &&
        before->shape->outputs == entry.shape->outputs;
    m_entries.set(id, std::move(entry), batch);
    return !same;
}

Source FlatKeys::lookThrough(const Source& from) const {
    const FlatEntry* entry = m_entries.find(from.node);
    if (!entry || entry->shape->kind == FlatShape::Kind::Absent) return {};
    if (entry->shape->kind != FlatShape::Kind::HandsThrough) return from;
    const Source* source = entry->handedOn(from.output);
    return source ? *source : Source{};
}

void FlatKeys::collect(FlatEntry& entry) const {
    const FlatShape& shape = *entry.shape;
    const NodeDeclaration& d = *shape.declaration;
    entry.volatileResult = !d.isCached();
    if (shape.parameterError) entry.error = shape.parameterError;
    try {
        entry.local = localKey(shape);
        for (const Parameter& p : d.parameters())
            if (shape.findLink(p.id)) addInput(entry, nullptr, &p);
        const auto wanted = needed(entry);
        for (const Socket& s : *shape.inputs) {
            if (s.lazy && wanted && !wanted->count(s.id)) continue;
            addInput(entry, &s, nullptr);
            if (s.lazy && !wanted && !entry.inputs.empty() && entry.inputs.back().socket == &s)
                entry.inputs.back().maybe = true;
        }
        findLists(entry);
    } catch (const Error& e) {
        entry.error = e;
    }
    entry.key = nodeKey(entry, [&](const FlatInput& input) {
        const FlatEntry& producer = *m_entries.find(input.source.node);
        const auto bound = producer.boundKeys.find(input.source.output);
        return bound != producer.boundKeys.end() ? bound->second
                                                 : outputKey(producer.key, input.source.output);
    });
}

// Which lazy inputs are wanted; nothing where only a run can tell.
std::optional<std::set<std::string>> FlatKeys::needed(const FlatEntry& entry) const {
    const NodeDeclaration& d = *entry.shape->declaration;
    if (!d.hasNeeds() || !entry.inputs.empty()) return std::nullopt;
    const std::vector<std::string> ids =
        m_registry.runnable(d.id()).needsFunction()(FlatParameters(*entry.shape));
    return std::set<std::string>(ids.begin(), ids.end());
}

void FlatKeys::addInput(FlatEntry& entry, const Socket* socket, const Parameter* parameter) const {
    FlatInput input;
    input.socket = socket;
    input.parameter = parameter;
    const FlatShape::RawLink* link = entry.shape->findLink(input.id());
    input.source = link ? lookThrough(link->from) : Source{};
    if (!input.source) {
        if (parameter)
            entry.error = entry.error ? entry.error
                                      : Error(fmt::format("{}: what drives it gives nothing", parameter->id),
                                              "link it to something else, or take the link away");
        else if (!socket->optional && !socket->lazy && !entry.error &&
                 !(entry.shape->loop && socket->id == "index"))
            entry.error =
                Error(fmt::format("the input \"{}\" is not linked", socket->label),
                      link ? "what it is linked to is muted or gives nothing"
                           : fmt::format("link it to something that gives “{}”", typeLabel(socket->type)));
        return;
    }
    const FlatEntry& producer = *m_entries.find(input.source.node);
    entry.volatileResult = entry.volatileResult || producer.volatileResult;
    if (producer.shape->kind != FlatShape::Kind::Unknown) {
        const Socket* output = findSocket(*producer.shape->outputs, input.source.output);
        input.fromList = producer.mapped() || (output && output->list);
        checkInput(entry, input, output);
    }
    entry.inputs.push_back(std::move(input));
}

void FlatKeys::checkInput(FlatEntry& entry, const FlatInput& input, const Socket* output) const {
    if (entry.error) return;
    const FlatEntry& producer = *m_entries.find(input.source.node);
    if (!output) {
        entry.error = Error(fmt::format("{}: {} has no output \"{}\"", input.id(), producer.shape->title(),
                                        input.source.output),
                            "link it to another output");
        return;
    }
    const TypeName wanted = input.socket ? input.socket->type : input.parameter->socketType();
    if (!TypeRegistry::shared().accepts(wanted, output->type))
        entry.error = Error(fmt::format("{}: it takes “{}”, not “{}”", input.id(), typeLabel(wanted),
                                        typeLabel(output->type)),
                            "put a node between them that makes one from the other");
    else if (producer.mapped() && output->list)
        entry.error = Error(
            fmt::format("{}: {} gives a list for each item of a list", input.id(), producer.shape->title()),
            "collect the inner list before");
}

void FlatKeys::findLists(FlatEntry& entry) const {
    std::set<Source> lists;
    std::shared_ptr<const std::vector<Source>> shared;
    for (const FlatInput& input : entry.inputs) {
        if (!input.fromList || input.takesList()) continue;
        const FlatEntry& producer = *m_entries.find(input.source.node);
        if (producer.mapped()) {
            shared = producer.lists;
            lists.insert(producer.lists->begin(), producer.lists->end());
        } else {
            lists.insert(input.source);
        }
    }
    if (lists.empty()) return;
    // Along a chain all share one vector.
    if (shared && shared->size() == lists.size())
        entry.lists = shared;
    else
        entry.lists = std::make_shared<const std::vector<Source>>(lists.begin(), lists.end());
}

} // namespace ochre::graph
