// SPDX-License-Identifier: GPL-3.0-or-later
// A feature map kept as horizontal stripes, so that a layer's input is given back while its output grows, and with the
// sums that a GroupNorm over all of it needs. Networks with large maps are computed this way without seams: each stripe
// of a layer is exact, whatever its height.
#pragma once

#include <vector>

#include "core/tensor/GroupStatistics.h"

namespace ochre::models {

enum class MapStorage {
    Exact, ///< in the type that is computed in
    Half,  ///< float32 as 16 bits, divided by 64 against overflow: relative error 2^-11, range ±4·10⁶, half the memory
};

/// Of one picture: [1, channels, height, width], channels-last. Not thread-safe.
class StripedMap {
public:
    StripedMap() = default;
    StripedMap(std::int64_t channels, std::int64_t height, std::int64_t width, MapStorage storage);
    /// A map that is there already. [1, C, H, W]
    StripedMap(const nn::Tensor& whole, MapStorage storage);

    std::int64_t channels() const { return m_statistics.channels(); }
    std::int64_t height() const { return m_height; }
    std::int64_t width() const { return m_width; }
    const nn::GroupStatistics& statistics() const { return m_statistics; } ///< of the rows that were appended

    /// The next rows from the top: [1, channels, rows, width]. The map may share their memory.
    void append(const nn::Tensor& rows);

    /// Rows first … first + count − 1, channels-last; those outside the map are zeros, those dropped a mistake. They may
    /// lie in the map: never write to them.
    nn::Tensor rows(std::int64_t first, std::int64_t count) const;
    /// activation(norm(map)) of these rows; zeros outside the map come after the norm. `scratch` is where they go; it is
    /// made larger where it has to be.
    nn::Tensor normalized(const nn::GroupNorm& norm, const nn::Activation& activation, std::int64_t first,
                          std::int64_t count, nn::Tensor& scratch) const;

    void dropBefore(std::int64_t row); ///< frees the stripes that lie wholly above `row`
    nn::Tensor take();                 ///< all rows, and leaves the map empty
    /// The first stripe that is left, to write into, and drops it; undefined after the last.
    nn::Tensor takeStripe();

private:
    struct Stripe {
        std::int64_t first = 0;
        nn::Tensor rows; ///< undefined once dropped
    };
    template <typename Copy>
    nn::Tensor gather(std::int64_t first, std::int64_t count, nn::Tensor& scratch, const Copy& copy) const;
    nn::Tensor unpacked(const nn::Tensor& rows) const;

    std::int64_t m_height = 0, m_width = 0, m_filled = 0;
    MapStorage m_storage = MapStorage::Exact;
    bool m_packs = false; ///< Half, and the rows are float32
    std::vector<Stripe> m_stripes;
    nn::GroupStatistics m_statistics;
};

} // namespace ochre::models
