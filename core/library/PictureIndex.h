// SPDX-License-Identifier: GPL-3.0-or-later
// What the pictures of a folder look like to a network, kept in a database, and which of them look alike.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"

namespace ochre::library {

/// One folder seen by one network. The file is made anew where it is of another network, or damaged: all of it can be
/// computed again.
class PictureIndex {
public:
    /// Where the index of that pair lies: in the user's cache.
    static std::filesystem::path fileFor(const std::filesystem::path& folder, const std::string& model);

    /// `model` names the network and its weights; `width` is how many numbers describe a picture. Throws Error.
    PictureIndex(const std::filesystem::path& file, const std::filesystem::path& folder, const std::string& model, int width);
    ~PictureIndex();
    PictureIndex(const PictureIndex&) = delete;
    PictureIndex& operator=(const PictureIndex&) = delete;

    /// `width` numbers of a picture, of any length. May throw Error: the picture is passed over until it changes.
    using Describe = std::function<std::vector<float>(const std::filesystem::path&)>;
    struct Update {
        std::size_t added = 0, changed = 0, removed = 0, unchanged = 0, unreadable = 0;
    };
    /// Follows the folder, at any depth: only what is new or has another time or size is described. What is done is kept
    /// every few seconds, also when it is stopped (throws Error, Cancelled), so the next call goes on from there.
    Update update(const Describe& describe, const Progress& progress = {}, const Cancel& cancel = {});

    struct Match {
        std::filesystem::path path;
        float likeness; ///< cosine of the two descriptions, −1…1
    };
    /// The most alike first, at most `most`. Throws Error where `description` has another width.
    std::vector<Match> query(std::span<const float> description, std::size_t most) const;
    std::size_t size() const; ///< pictures that can be found

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace ochre::library
