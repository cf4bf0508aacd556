// SPDX-License-Identifier: GPL-3.0-or-later
// Where the results of a batch go: pictures into a folder, or frames into parts of a video that are joined at the end.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/session/BatchPlan.h"
#include "core/session/BatchRecord.h"

namespace ochre {
class Image;
}

namespace ochre::session {

class BatchTarget {
public:
    virtual ~BatchTarget() = default;
    /// Whether the item's result is there and is of this key.
    virtual bool has(std::size_t index) const = 0;
    /// Whether there is one that is of another key.
    virtual bool hasOther(std::size_t index) const = 0;
    /// `text`: the graph, for pictures that can carry it.
    virtual void write(std::size_t index, const Image& image, const std::string& text) = 0;
    /// When all are there; else only what is whole so far is put away.
    virtual void finish(bool all, const Cancel& cancel) = 0;

    /// How many items these entries of a record stand for.
    static std::size_t countIn(const BatchRecord::Content& content);

    /// `keys`: of each item's result. All are to live longer.
    static std::unique_ptr<BatchTarget> make(const BatchPlan& plan, const BatchOptions& options, const std::vector<Hash128>& keys,
                                             BatchRecord& record);
};

} // namespace ochre::session
