// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a Python pickle as data. Nothing is imported, called or built: callables are names, and calling one
// only notes that it was asked for. Opcodes: CPython Lib/pickletools.py; the accepted set is that of torch's
// weights-only reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/tensor/Checkpoint.h"

namespace ochre::tensor {

/// Index of a value in the machine; values form a graph that may share nodes, never own each other.
using PickleRef = std::uint32_t;

enum class PickleKind : std::uint8_t {
    None,
    Bool,
    Int,
    Double,
    Text,
    Bytes,
    Tuple,
    List,
    Dict,
    Set,
    Global,
    Storage,
    Tensor,
    Opaque
};

struct PickleValue {
    PickleKind kind = PickleKind::None;
    std::int64_t integer = 0;     ///< Int, Bool; Storage and Tensor: index into the machine's table
    double number = 0;            ///< Double
    std::string_view text;        ///< Text, Bytes: inside the pickle; Global and Opaque: "module name"
    std::vector<PickleRef> items; ///< Tuple, List, Set; Dict: key, value, key, value, …
};

struct PickleStorage {
    std::string key;
    Dtype dtype = Dtype::U8;
    bool untyped = false;
    std::uint64_t count = 0; ///< elements (bytes where untyped)
    bool isView = false;     ///< legacy: a window of the storage of that key
    std::uint64_t viewOffset = 0;
};

struct PickleTensor {
    std::uint32_t storage = 0;
    Dtype dtype = Dtype::F32;
    std::uint64_t offset = 0; ///< elements
    Shape shape, strides;
};

class PickleMachine {
public:
    struct Limits {
        std::uint64_t operations = 20'000'000;
        std::size_t values = 4'000'000;
        std::size_t text = std::size_t{64} << 20; ///< strings; dictionary keys have their own, 1 MiB
    };

    /// `bytes` must outlive the machine. Messages start with `subject`.
    PickleMachine(std::span<const std::byte> bytes, std::string subject);

    /// Runs to STOP. Throws Error (Broken) naming opcode and offset. `consumed` is the number of bytes up to
    /// and with STOP.
    PickleRef run(std::size_t& consumed);

    const PickleValue& value(PickleRef ref) const { return m_values[ref]; }
    const std::vector<PickleStorage>& storages() const { return m_storages; }
    const std::vector<PickleTensor>& tensors() const { return m_tensors; }

private:
    friend struct PickleTorch; // the few torch constructors that are understood

    [[noreturn]] void fail(const std::string& what, const std::string& hint = {}) const;
    void need(std::size_t count) const;
    template <typename T>
    T take();
    std::string_view takeText(std::uint64_t length);
    std::string_view takeLine();

    PickleRef add(PickleValue value);
    PickleRef addText(PickleKind kind, std::string_view text);
    PickleRef addInteger(std::int64_t integer);
    void push(PickleRef ref);
    PickleRef pop();
    PickleRef top() const;
    std::vector<PickleRef> popMark();

    bool step(std::uint8_t opcode); ///< false at STOP
    bool stepScalar(std::uint8_t opcode);
    bool stepContainer(std::uint8_t opcode);
    bool stepMemo(std::uint8_t opcode);
    bool stepObject(std::uint8_t opcode);

    void pushGlobal(std::string_view module, std::string_view name);
    void pushCollected(PickleKind kind, std::vector<PickleRef> items);
    void setItems(const std::vector<PickleRef>& items);
    void append(PickleRef target, const std::vector<PickleRef>& items);
    void reduce();
    void build();

    std::span<const std::byte> m_bytes;
    std::string m_subject;
    std::size_t m_at = 0;
    std::size_t m_operation = 0; ///< offset of the present opcode
    Limits m_limits;
    std::vector<PickleValue> m_values;
    std::vector<PickleRef> m_stack;
    std::vector<std::size_t> m_marks;
    std::unordered_map<std::uint32_t, PickleRef> m_memo;
    std::unordered_map<std::string, std::uint32_t> m_storageKeys;
    std::vector<PickleStorage> m_storages;
    std::vector<PickleTensor> m_tensors;
    std::deque<std::string> m_names; ///< "module name" of globals; views into it stay valid
};

} // namespace ochre::tensor
