// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes either are a hash field, whose values can be looked up everywhere, or give an Error.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "core/base/Error.h"
#include "core/models/field/FieldFile.h"
#include "core/scene/field/FieldKernels.h"
#include "core/scene/field/PlacedField.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ochre;
    HashField field;
    try {
        field = models::decodeField(std::as_bytes(std::span(data, size)), "fuzz");
    } catch (const Error& error) {
        if (error.message().empty()) std::abort();
        return 0;
    }
    for (const double v : upright(std::make_shared<const HashField>(field)).toWorld)
        if (!std::isfinite(v)) std::abort();
    if (!(field.focus().radius > 0)) std::abort();
    const float at[] = {0, 0.3f, 1}, along[] = {0, 0, 1}, across[] = {0, 0, 0};
    const auto work = std::make_unique<field::Work>();
    field::bestKernels().forward(field::View(field), {at, at, at, across, across, along}, 0, 3, *work);
    return 0;
}
