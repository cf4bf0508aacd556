// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/PickleMachine.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/PickleTorch.h"

namespace ochre::tensor {
namespace {

enum Opcode : std::uint8_t {
    kMark = '(',
    kStop = '.',
    kBinInt = 'J',
    kBinInt1 = 'K',
    kBinInt2 = 'M',
    kNone = 'N',
    kBinPersId = 'Q',
    kReduce = 'R',
    kBinUnicode = 'X',
    kAppend = 'a',
    kBuild = 'b',
    kGlobal = 'c',
    kAppends = 'e',
    kBinGet = 'h',
    kLongBinGet = 'j',
    kBinPut = 'q',
    kLongBinPut = 'r',
    kSetItem = 's',
    kTuple = 't',
    kSetItems = 'u',
    kBinFloat = 'G',
    kShortBinString = 'U',
    kBinString = 'T',
    kEmptyDict = '}',
    kEmptyList = ']',
    kEmptyTuple = ')',
    kProto = 0x80,
    kNewObj = 0x81,
    kTuple1 = 0x85,
    kTuple2 = 0x86,
    kTuple3 = 0x87,
    kNewTrue = 0x88,
    kNewFalse = 0x89,
    kLong1 = 0x8a,
    kBinBytes = 'B',
    kShortBinBytes = 'C',
    kShortBinUnicode = 0x8c,
    kEmptySet = 0x8f,
    kAddItems = 0x90,
    kStackGlobal = 0x93,
    kMemoize = 0x94,
    kFrame = 0x95,
};

constexpr std::size_t kLongestLine = 256;
constexpr std::size_t kLongestKey = std::size_t{1} << 20;

/// Modules whose functions run programs, code or other files: a checkpoint that names one is an attack.
constexpr std::string_view kHostile[] = {"os",
                                         "posix",
                                         "nt",
                                         "subprocess",
                                         "sys",
                                         "shutil",
                                         "socket",
                                         "runpy",
                                         "importlib",
                                         "pickle",
                                         "_pickle",
                                         "cPickle",
                                         "ctypes",
                                         "pty",
                                         "code",
                                         "codeop",
                                         "timeit",
                                         "pdb",
                                         "bdb",
                                         "cProfile",
                                         "profile",
                                         "asyncio",
                                         "multiprocessing",
                                         "commands",
                                         "operator",
                                         "_operator",
                                         "functools",
                                         "webbrowser",
                                         "http",
                                         "urllib",
                                         "requests",
                                         "httplib",
                                         "ftplib",
                                         "smtplib",
                                         "ssl",
                                         "tempfile",
                                         "pip",
                                         "venv",
                                         "idlelib",
                                         "lib2to3",
                                         "types",
                                         "marshal",
                                         "signal",
                                         "threading",
                                         "_thread",
                                         "platform",
                                         "io",
                                         "_io",
                                         "zipimport",
                                         "pkgutil",
                                         "pydoc",
                                         "doctest",
                                         "trace",
                                         "ensurepip",
                                         "linecache",
                                         "logging",
                                         "dill",
                                         "cloudpickle",
                                         "joblib",
                                         "jsonpickle"};
constexpr std::string_view kHarmlessBuiltins[] = {
    "set", "frozenset", "list", "dict", "tuple", "complex",   "slice", "range",   "object",
    "int", "float",     "str",  "bool", "bytes", "bytearray", "long",  "unicode", "xrange"};

template <typename Table>
bool contains(const Table& table, std::string_view name) {
    return std::find(std::begin(table), std::end(table), name) != std::end(table);
}

bool isHostile(std::string_view module, std::string_view name) {
    const std::string_view package = module.substr(0, module.find('.'));
    if (package == "builtins" || package == "__builtin__") return !contains(kHarmlessBuiltins, name);
    return contains(kHostile, package) || module == "torch.hub" || module == "torch.jit" ||
           module == "numpy.testing" || module.starts_with("numpy.testing.") ||
           module.starts_with("numpy.f2py") || module == "torch.utils.cpp_extension";
}

} // namespace

PickleMachine::PickleMachine(std::span<const std::byte> bytes, std::string subject)
    : m_bytes(bytes), m_subject(std::move(subject)) {}

void PickleMachine::fail(const std::string& what, const std::string& hint) const {
    throw broken(fmt::format("{}: pickle byte {}: {}", m_subject, m_operation, what), hint);
}

void PickleMachine::need(std::size_t count) const {
    if (count > m_bytes.size() - m_at)
        fail("ends in the middle of a value", "the file is cut short: download it again");
}

template <typename T>
T PickleMachine::take() {
    need(sizeof(T));
    T value;
    std::memcpy(&value, m_bytes.data() + m_at, sizeof value);
    m_at += sizeof value;
    return value;
}

std::string_view PickleMachine::takeText(std::uint64_t length) {
    if (length > m_limits.text) fail(fmt::format("text of {} bytes, more than {}", length, m_limits.text));
    need(length);
    const std::string_view text(reinterpret_cast<const char*>(m_bytes.data()) + m_at, length);
    m_at += length;
    return text;
}

std::string_view PickleMachine::takeLine() {
    const std::string_view rest(reinterpret_cast<const char*>(m_bytes.data()) + m_at,
                                std::min(kLongestLine + 1, m_bytes.size() - m_at));
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos)
        fail(fmt::format("a name without an end within {} bytes", kLongestLine));
    m_at += end + 1;
    return rest.substr(0, end);
}

PickleRef PickleMachine::add(PickleValue value) {
    if (m_values.size() >= m_limits.values) fail(fmt::format("more than {} values", m_limits.values));
    m_values.push_back(std::move(value));
    return static_cast<PickleRef>(m_values.size() - 1);
}

PickleRef PickleMachine::addText(PickleKind kind, std::string_view text) {
    PickleValue value;
    value.kind = kind;
    value.text = text;
    return add(std::move(value));
}

PickleRef PickleMachine::addInteger(std::int64_t integer) {
    PickleValue value;
    value.kind = PickleKind::Int;
    value.integer = integer;
    return add(std::move(value));
}

void PickleMachine::push(PickleRef ref) {
    if (m_stack.size() >= m_limits.values) fail(fmt::format("stack of more than {} values", m_limits.values));
    m_stack.push_back(ref);
}

PickleRef PickleMachine::pop() {
    const PickleRef ref = top();
    m_stack.pop_back();
    return ref;
}

PickleRef PickleMachine::top() const {
    if (m_stack.size() <= (m_marks.empty() ? 0 : m_marks.back())) fail("takes a value from an empty stack");
    return m_stack.back();
}

std::vector<PickleRef> PickleMachine::popMark() {
    if (m_marks.empty()) fail("no mark on the stack");
    const auto from = m_stack.begin() + static_cast<std::ptrdiff_t>(m_marks.back());
    std::vector<PickleRef> items(from, m_stack.end());
    m_stack.erase(from, m_stack.end());
    m_marks.pop_back();
    return items;
}

PickleRef PickleMachine::run(std::size_t& consumed) {
    for (std::uint64_t i = 0;; ++i) {
        m_operation = m_at;
        if (i >= m_limits.operations) fail(fmt::format("more than {} operations", m_limits.operations));
        if (!step(take<std::uint8_t>())) break;
    }
    if (m_stack.size() != 1 || !m_marks.empty())
        fail(fmt::format("ends with {} values on the stack", m_stack.size()));
    consumed = m_at;
    return m_stack.back();
}

bool PickleMachine::step(std::uint8_t opcode) {
    if (opcode == kStop) return false;
    if (opcode == kProto) {
        const int version = take<std::uint8_t>();
        if (version < 2 || version > 5) fail(fmt::format("pickle protocol {}, 2 to 5 are read", version));
        return true;
    }
    if (opcode == kFrame) {
        take<std::uint64_t>(); // a hint for readers of streams
        return true;
    }
    if (!stepScalar(opcode) && !stepContainer(opcode) && !stepMemo(opcode) && !stepObject(opcode))
        fail(fmt::format("opcode 0x{:02x} is not used by checkpoints", opcode),
             "save the weights alone, as a state_dict");
    return true;
}

bool PickleMachine::stepScalar(std::uint8_t opcode) {
    PickleValue value;
    switch (opcode) {
    case kNone:
        break;
    case kNewTrue:
    case kNewFalse:
        value.kind = PickleKind::Bool;
        value.integer = opcode == kNewTrue;
        break;
    case kBinInt:
        push(addInteger(take<std::int32_t>()));
        return true;
    case kBinInt1:
        push(addInteger(take<std::uint8_t>()));
        return true;
    case kBinInt2:
        push(addInteger(take<std::uint16_t>()));
        return true;
    case kLong1: {
        const std::size_t length = take<std::uint8_t>();
        if (length > 8) fail(fmt::format("whole number of {} bytes, 8 at most", length));
        const std::string_view digits = takeText(length);
        std::uint64_t bits = 0;
        std::memcpy(&bits, digits.data(), length);
        if (length != 0 && length < 8 && (digits.back() & 0x80)) bits |= ~std::uint64_t{0} << (8 * length);
        push(addInteger(static_cast<std::int64_t>(bits)));
        return true;
    }
    case kBinFloat: {
        value.kind = PickleKind::Double;
        value.number = std::bit_cast<double>(__builtin_bswap64(take<std::uint64_t>()));
        break;
    }
    case kBinUnicode:
        push(addText(PickleKind::Text, takeText(take<std::uint32_t>())));
        return true;
    case kShortBinUnicode:
    case kShortBinString:
        push(addText(PickleKind::Text, takeText(take<std::uint8_t>())));
        return true;
    case kBinString:
        push(addText(PickleKind::Text, takeText(take<std::uint32_t>())));
        return true;
    case kBinBytes:
        push(addText(PickleKind::Bytes, takeText(take<std::uint32_t>())));
        return true;
    case kShortBinBytes:
        push(addText(PickleKind::Bytes, takeText(take<std::uint8_t>())));
        return true;
    default:
        return false;
    }
    push(add(std::move(value)));
    return true;
}

void PickleMachine::pushCollected(PickleKind kind, std::vector<PickleRef> items) {
    PickleValue value;
    value.kind = kind;
    value.items = std::move(items);
    push(add(std::move(value)));
}

bool PickleMachine::stepContainer(std::uint8_t opcode) {
    switch (opcode) {
    case kMark:
        if (m_marks.size() >= m_limits.values) fail("too many marks");
        m_marks.push_back(m_stack.size());
        return true;
    case kEmptyDict:
        pushCollected(PickleKind::Dict, {});
        return true;
    case kEmptyList:
        pushCollected(PickleKind::List, {});
        return true;
    case kEmptySet:
        pushCollected(PickleKind::Set, {});
        return true;
    case kEmptyTuple:
        pushCollected(PickleKind::Tuple, {});
        return true;
    case kTuple:
        pushCollected(PickleKind::Tuple, popMark());
        return true;
    case kTuple1:
    case kTuple2:
    case kTuple3: {
        std::vector<PickleRef> items(opcode - kTuple1 + 1u);
        for (std::size_t i = items.size(); i-- > 0;) items[i] = pop();
        pushCollected(PickleKind::Tuple, std::move(items));
        return true;
    }
    case kAppend: {
        const PickleRef item = pop();
        append(top(), {item});
        return true;
    }
    case kAppends:
    case kAddItems: {
        const std::vector<PickleRef> items = popMark();
        append(top(), items);
        return true;
    }
    case kSetItem: {
        const PickleRef value = pop();
        const PickleRef key = pop();
        setItems({key, value});
        return true;
    }
    case kSetItems:
        setItems(popMark());
        return true;
    default:
        return false;
    }
}

void PickleMachine::append(PickleRef target, const std::vector<PickleRef>& items) {
    PickleValue& list = m_values[target];
    if (list.kind == PickleKind::Opaque) return; // an unknown list class: not read
    if (list.kind != PickleKind::List && list.kind != PickleKind::Set)
        fail("appends to something that is no list");
    list.items.insert(list.items.end(), items.begin(), items.end());
}

void PickleMachine::setItems(const std::vector<PickleRef>& items) {
    if (items.size() % 2 != 0) fail("a key without a value");
    PickleValue& dictionary = m_values[top()];
    if (dictionary.kind == PickleKind::Opaque) return; // an unknown dictionary class: not read
    if (dictionary.kind != PickleKind::Dict) fail("sets an item of something that is no dictionary");
    for (std::size_t i = 0; i < items.size(); i += 2) {
        const PickleValue& key = m_values[items[i]];
        if (key.kind == PickleKind::Text && key.text.size() > kLongestKey)
            fail(fmt::format("key of {} bytes, more than {}", key.text.size(), kLongestKey));
    }
    dictionary.items.insert(dictionary.items.end(), items.begin(), items.end());
}

bool PickleMachine::stepMemo(std::uint8_t opcode) {
    std::uint32_t slot = 0;
    switch (opcode) {
    case kBinPut:
    case kBinGet:
        slot = take<std::uint8_t>();
        break;
    case kLongBinPut:
    case kLongBinGet:
        slot = take<std::uint32_t>();
        break;
    case kMemoize:
        slot = static_cast<std::uint32_t>(m_memo.size());
        break;
    default:
        return false;
    }
    if (opcode == kBinGet || opcode == kLongBinGet) {
        const auto it = m_memo.find(slot);
        if (it == m_memo.end()) fail(fmt::format("recalls slot {}, which was never stored", slot));
        push(it->second);
        return true;
    }
    if (m_memo.size() >= m_limits.values) fail(fmt::format("more than {} stored slots", m_limits.values));
    m_memo[slot] = top();
    return true;
}

bool PickleMachine::stepObject(std::uint8_t opcode) {
    switch (opcode) {
    case kGlobal: {
        const std::string_view module = takeLine();
        pushGlobal(module, takeLine());
        return true;
    }
    case kStackGlobal: {
        const PickleValue name = m_values[pop()], module = m_values[pop()];
        if (name.kind != PickleKind::Text || module.kind != PickleKind::Text ||
            name.text.size() + module.text.size() > kLongestLine)
            fail("names a global by something that is no short text");
        pushGlobal(module.text, name.text);
        return true;
    }
    case kReduce:
    case kNewObj:
        reduce();
        return true;
    case kBuild:
        build();
        return true;
    case kBinPersId: {
        const PickleRef id = pop();
        push(PickleTorch{*this}.storage(id));
        return true;
    }
    default:
        return false;
    }
}

void PickleMachine::pushGlobal(std::string_view module, std::string_view name) {
    if (isHostile(module, name))
        fail(fmt::format("asks for {}.{}, which could run programs", module, name),
             "this file is not just weights: delete it, and get the model from a source you trust");
    m_names.push_back(fmt::format("{} {}", module, name));
    push(addText(PickleKind::Global, m_names.back()));
}

void PickleMachine::reduce() {
    const PickleRef arguments = pop();
    const PickleRef callee = pop();
    if (m_values[arguments].kind != PickleKind::Tuple) fail("calls with arguments that are no tuple");
    const PickleKind kind = m_values[callee].kind;
    if (kind == PickleKind::Opaque) {
        push(addText(PickleKind::Opaque, m_values[callee].text));
        return;
    }
    if (kind != PickleKind::Global) fail("calls something that is no name");
    push(PickleTorch{*this}.call(m_values[callee].text, m_values[arguments].items));
}

/// State of ordinary objects is not read: nothing of it is a weight that its owner's name would lead to. But for a
/// dictionary of parameters, whose parameters are in its state.
void PickleMachine::build() {
    const PickleRef state = pop();
    const PickleKind kind = m_values[top()].kind;
    if (kind == PickleKind::Opaque && m_values[top()].text == "torch.nn.modules.container ParameterDict")
        m_values[top()].items = {state};
    if (kind != PickleKind::Dict && kind != PickleKind::Opaque && kind != PickleKind::Tensor)
        fail("sets the state of something that has none");
}

} // namespace ochre::tensor
