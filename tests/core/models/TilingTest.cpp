// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/Tiling.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace ochre::models {
namespace {

TEST(Tiling, SharesAddUpToOneAndLieInTheWindow) {
    for (const int length : {1, 7, 16, 33, 100, 301})
        for (const int tile : {1, 5, 16, 64, 400})
            for (const int overlap : {0, 1, 6, 32})
                for (const int multiple : {1, 2, 4}) {
                    const auto spans = cutAxis(length, tile, overlap, multiple);
                    ASSERT_EQ(spans.front().begin, 0);
                    ASSERT_EQ(spans.back().end, length);
                    for (const Span& span : spans) {
                        ASSERT_EQ(span.from % multiple, 0);
                        ASSERT_GE(span.from, 0);
                        ASSERT_LE(span.from + span.size, length);
                        ASSERT_LE(span.from, span.first());
                        ASSERT_GE(span.from + span.size, span.last());
                        // All the surroundings asked for, but for the picture's edges.
                        ASSERT_LE(span.from, std::max(0, span.begin - overlap));
                        ASSERT_GE(span.from + span.size, std::min(length, span.end + overlap));
                    }
                    for (int i = 0; i < 4 * length; ++i) {
                        const double position = (i + 0.5) / 4;
                        double sum = 0;
                        for (const Span& span : spans) {
                            const double part = share(span, position);
                            ASSERT_TRUE(part == 0 || (position > span.first() && position < span.last()));
                            sum += part;
                        }
                        ASSERT_NEAR(sum, 1.0, 1e-12)
                            << length << " " << tile << " " << overlap << " at " << position;
                    }
                }
}

TEST(Tiling, OneTileIsTheWholePicture) {
    const auto spans = cutAxis(50, 50, 32, 1);
    ASSERT_EQ(spans.size(), 1u);
    EXPECT_EQ(spans[0].size, 50);
}

} // namespace
} // namespace ochre::models
