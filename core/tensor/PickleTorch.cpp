// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/PickleTorch.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::tensor {
namespace {

struct TypeName {
    std::string_view storage, dtype;
    Dtype type;
};

constexpr TypeName kTypes[] = {{"FloatStorage", "float32", Dtype::F32},
                               {"DoubleStorage", "float64", Dtype::F64},
                               {"HalfStorage", "float16", Dtype::F16},
                               {"BFloat16Storage", "bfloat16", Dtype::BF16},
                               {"LongStorage", "int64", Dtype::I64},
                               {"IntStorage", "int32", Dtype::I32},
                               {"ShortStorage", "int16", Dtype::I16},
                               {"CharStorage", "int8", Dtype::I8},
                               {"ByteStorage", "uint8", Dtype::U8},
                               {"BoolStorage", "bool", Dtype::Bool},
                               {"ComplexFloatStorage", "complex64", Dtype::C64},
                               {"ComplexDoubleStorage", "complex128", Dtype::C128},
                               {"", "uint16", Dtype::U16},
                               {"", "uint32", Dtype::U32},
                               {"", "uint64", Dtype::U64},
                               {"", "float8_e5m2", Dtype::F8E5M2},
                               {"", "float8_e4m3fn", Dtype::F8E4M3}};

constexpr std::string_view kRefused[] = {"_rebuild_sparse_tensor",
                                         "_rebuild_sparse_csr_tensor",
                                         "_rebuild_qtensor",
                                         "_rebuild_meta_tensor_no_storage",
                                         "_rebuild_wrapper_subclass",
                                         "_rebuild_nested_tensor",
                                         "_rebuild_device_tensor_from_numpy",
                                         "_rebuild_device_tensor_from_cpu_tensor"};

/// "torch FloatStorage" → F32; "torch.storage UntypedStorage" → bytes.
std::optional<Dtype> storageType(std::string_view global, bool& untyped) {
    untyped = global == "torch.storage UntypedStorage" || global == "torch UntypedStorage";
    if (untyped) return Dtype::U8;
    const std::size_t space = global.find(' ');
    const std::string_view module = global.substr(0, space), name = global.substr(space + 1);
    if (module != "torch" && module != "torch.cuda") return std::nullopt;
    for (const TypeName& type : kTypes)
        if (!type.storage.empty() && type.storage == name) return type.type;
    return std::nullopt;
}

std::string dotted(std::string_view global) {
    std::string text(global);
    std::replace(text.begin(), text.end(), ' ', '.');
    return text;
}

} // namespace

const PickleValue& PickleTorch::argument(const std::vector<PickleRef>& arguments, std::size_t index,
                                         PickleKind kind, const char* what) {
    if (index >= arguments.size() || machine.m_values[arguments[index]].kind != kind)
        machine.fail(fmt::format("argument {} of {} is missing or of another kind", index, what));
    return machine.m_values[arguments[index]];
}

PickleRef PickleTorch::storage(PickleRef id) {
    const PickleValue tuple = machine.m_values[id];
    const auto& parts = tuple.items;
    if (tuple.kind != PickleKind::Tuple || (parts.size() != 5 && parts.size() != 6) ||
        argument(parts, 0, PickleKind::Text, "a storage").text != "storage")
        machine.fail("a persistent id that is no storage");
    PickleStorage storage;
    const std::string_view type = argument(parts, 1, PickleKind::Global, "a storage").text;
    const auto dtype = storageType(type, storage.untyped);
    if (!dtype) machine.fail(fmt::format("storage of the type {}, which is not known", dotted(type)));
    storage.dtype = *dtype;
    storage.key = argument(parts, 2, PickleKind::Text, "a storage").text;
    if (storage.key.empty() || storage.key.size() > 32 ||
        storage.key.find_first_not_of("0123456789") != std::string::npos)
        machine.fail(fmt::format("storage key \"{}\" is no number", storage.key.substr(0, 40)));
    argument(parts, 3, PickleKind::Text,
             "a storage"); // the device it was saved from: always read to main memory
    const std::int64_t count = argument(parts, 4, PickleKind::Int, "a storage").integer;
    if (count < 0) machine.fail(fmt::format("storage of {} elements", count));
    storage.count = static_cast<std::uint64_t>(count);
    const auto [it, isNew] =
        machine.m_storageKeys.emplace(storage.key, static_cast<std::uint32_t>(machine.m_storages.size()));
    if (isNew) machine.m_storages.push_back(storage);
    const PickleStorage& known = machine.m_storages[it->second];
    if (known.dtype != storage.dtype || known.count != storage.count || known.untyped != storage.untyped)
        machine.fail(fmt::format("storage {} is declared twice, as {} × {} and {} × {}", storage.key,
                                 known.count, name(known.dtype), storage.count, name(storage.dtype)));
    PickleValue value;
    value.kind = PickleKind::Storage;
    value.integer = it->second;
    if (parts.size() == 6 && machine.m_values[parts[5]].kind != PickleKind::None)
        value.integer = view(it->second, parts[5]);
    return machine.add(std::move(value));
}

/// A window of a storage: (key, offset, size), as files of before PyTorch 1.6 have them.
std::uint32_t PickleTorch::view(std::uint32_t root, PickleRef tuple) {
    const std::vector<PickleRef> parts = machine.m_values[tuple].items;
    argument(parts, 0, PickleKind::Text, "a storage view");
    const std::int64_t offset = argument(parts, 1, PickleKind::Int, "a storage view").integer;
    const std::int64_t size = argument(parts, 2, PickleKind::Int, "a storage view").integer;
    PickleStorage window = machine.m_storages[root];
    const std::uint64_t whole = window.count;
    if (offset < 0 || size < 0 || static_cast<std::uint64_t>(offset) > whole ||
        static_cast<std::uint64_t>(size) > whole - static_cast<std::uint64_t>(offset))
        machine.fail(fmt::format("a view of {} elements at {} of a storage of {}", size, offset, whole));
    window.isView = true;
    window.viewOffset = static_cast<std::uint64_t>(offset);
    window.count = static_cast<std::uint64_t>(size);
    machine.m_storages.push_back(std::move(window));
    return static_cast<std::uint32_t>(machine.m_storages.size() - 1);
}

PickleRef PickleTorch::call(std::string_view name, const std::vector<PickleRef>& arguments) {
    const std::vector<PickleRef> copy = arguments; // adding values may move the list that `arguments` lies in
    const std::size_t space = name.find(' ');
    const std::string_view module = name.substr(0, space), function = name.substr(space + 1);
    PickleValue value;
    if (name == "collections OrderedDict" || name == "collections Counter" || name == "builtins dict" ||
        name == "__builtin__ dict") {
        value.kind = PickleKind::Dict;
        if (!copy.empty()) { // OrderedDict([[key, value], …]) of Python 2
            const PickleValue pairs = machine.m_values[copy[0]];
            if (pairs.kind != PickleKind::List && pairs.kind != PickleKind::Dict &&
                pairs.kind != PickleKind::Tuple)
                machine.fail("a dictionary of something that is no list of pairs");
            if (pairs.kind == PickleKind::Dict)
                value.items = pairs.items;
            else
                for (const PickleRef pair : pairs.items) {
                    const PickleValue& two = machine.m_values[pair];
                    if ((two.kind != PickleKind::Tuple && two.kind != PickleKind::List) ||
                        two.items.size() != 2)
                        machine.fail("a dictionary of something that is no list of pairs");
                    value.items.insert(value.items.end(), two.items.begin(), two.items.end());
                }
        }
        return machine.add(std::move(value));
    }
    if (name == "torch Size") {
        value.kind = PickleKind::Tuple;
        value.items = argument(copy, 0, PickleKind::Tuple, "torch.Size").items;
        return machine.add(std::move(value));
    }
    if (name == "_codecs encode")
        return machine.addText(PickleKind::Bytes, argument(copy, 0, PickleKind::Text, "_codecs.encode").text);
    if (name == "torch._tensor _rebuild_from_type_v2") {
        const std::string_view inner = argument(copy, 0, PickleKind::Global, "_rebuild_from_type_v2").text;
        if (inner == name) machine.fail("_rebuild_from_type_v2 of itself");
        return call(inner, argument(copy, 2, PickleKind::Tuple, "_rebuild_from_type_v2").items);
    }
    if (name == "torch._utils _rebuild_parameter" || name == "torch._utils _rebuild_parameter_with_state" ||
        name == "torch.nn.parameter Parameter") {
        argument(copy, 0, PickleKind::Tensor, "a parameter");
        return copy[0];
    }
    if (module == "torch._utils" &&
        std::find(std::begin(kRefused), std::end(kRefused), function) != std::end(kRefused))
        machine.fail(fmt::format("holds a tensor of a kind that is not read ({})", dotted(name)),
                     "save it as dense tensors");
    if (module == "torch._utils" && function.starts_with("_rebuild_tensor")) return rebuild(function, copy);
    // An old-style class instance says its class in the first argument.
    const bool reconstructs = (module == "copyreg" || module == "copy_reg") && !copy.empty();
    if (reconstructs && machine.m_values[copy[0]].kind == PickleKind::Global)
        name = machine.m_values[copy[0]].text;
    return machine.addText(PickleKind::Opaque, name);
}

Shape PickleTorch::integers(PickleRef tuple, const char* what) {
    const PickleValue& value = machine.m_values[tuple];
    if (value.kind != PickleKind::Tuple || value.items.size() > 64)
        machine.fail(fmt::format("tensor {} is no short tuple", what));
    Shape result;
    for (const PickleRef item : value.items) {
        const PickleValue& number = machine.m_values[item];
        if (number.kind != PickleKind::Int || number.integer < 0)
            machine.fail(fmt::format("tensor {} holds no whole number of 0 or more", what));
        result.push_back(number.integer);
    }
    return result;
}

PickleRef PickleTorch::rebuild(std::string_view function, const std::vector<PickleRef>& arguments) {
    const bool third = function == "_rebuild_tensor_v3";
    if (!third && function != "_rebuild_tensor_v2" && function != "_rebuild_tensor")
        machine.fail(fmt::format("builds a tensor by {}, which is not known", function));
    if (arguments.size() < (third ? 7u : 4u)) machine.fail("builds a tensor with too few arguments");
    PickleTensor tensor;
    tensor.storage =
        static_cast<std::uint32_t>(argument(arguments, 0, PickleKind::Storage, "a tensor").integer);
    const std::int64_t offset = argument(arguments, 1, PickleKind::Int, "a tensor").integer;
    if (offset < 0) machine.fail(fmt::format("tensor at the offset {}", offset));
    tensor.offset = static_cast<std::uint64_t>(offset);
    tensor.shape = integers(arguments[2], "shape");
    tensor.strides = integers(arguments[3], "strides");
    const PickleStorage& storage = machine.m_storages[tensor.storage];
    tensor.dtype = storage.dtype;
    if (third) {
        const std::string_view dtype = argument(arguments, 6, PickleKind::Global, "a tensor").text;
        const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeName& t) {
            return dtype == fmt::format("torch {}", t.dtype);
        });
        if (type == std::end(kTypes) || !storage.untyped)
            machine.fail(fmt::format("tensor of the type {}, which is not known", dotted(dtype)));
        tensor.dtype = type->type;
    } else if (storage.untyped) {
        machine.fail("tensor without a type");
    }
    return makeTensor(std::move(tensor));
}

/// Everything the tensor addresses must lie in its storage; an expanded one may not be larger than what was
/// stored.
PickleRef PickleTorch::makeTensor(PickleTensor tensor) {
    const PickleStorage& storage = machine.m_storages[tensor.storage];
    if (tensor.shape.size() != tensor.strides.size())
        machine.fail("tensor with shape and strides of different lengths");
    const auto count = elementCount(tensor.shape);
    if (!count)
        machine.fail(fmt::format("tensor of shape {} does not fit in memory", describe(tensor.shape)));
    const std::uint64_t has = storage.untyped ? storage.count / byteSize(tensor.dtype) : storage.count;
    std::uint64_t last = tensor.offset;
    bool fits = true;
    for (std::size_t i = 0; i < tensor.shape.size() && *count > 0; ++i) {
        std::uint64_t reach = 0;
        fits = fits &&
               !__builtin_mul_overflow(static_cast<std::uint64_t>(tensor.shape[i] - 1),
                                       static_cast<std::uint64_t>(tensor.strides[i]), &reach) &&
               !__builtin_add_overflow(last, reach, &last);
    }
    if (!fits || (*count > 0 && last >= has) || tensor.offset > has)
        machine.fail(fmt::format("tensor {} with strides {} at {} reaches past its storage of {} elements",
                                 describe(tensor.shape), describe(tensor.strides), tensor.offset, has));
    if (*count > has && *count - has > (std::uint64_t{1} << 24))
        machine.fail(fmt::format("tensor {} repeats a storage of {} elements", describe(tensor.shape), has));
    tensor.offset += storage.viewOffset;
    PickleValue value;
    value.kind = PickleKind::Tensor;
    value.integer = static_cast<std::int64_t>(machine.m_tensors.size());
    machine.m_tensors.push_back(std::move(tensor));
    return machine.add(std::move(value));
}

} // namespace ochre::tensor
