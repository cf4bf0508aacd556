// SPDX-License-Identifier: GPL-3.0-or-later
// The emoji of this machine, loaded once for all tests; tests skip where set-up did not install them.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "core/base/Error.h"
#include "core/training/data/Compose.h"

namespace ochre::test {

struct Loaded {
    std::shared_ptr<const training::EmojiSet> set;
    std::string missing;
};

inline const Loaded& loadedEmoji() {
    static const Loaded loaded = [] {
        Loaded result;
        training::EmojiSources sources;
        try {
            sources = training::EmojiSources::find();
        } catch (const Error& error) {
            result.missing = error.full();
            return result;
        }
        result.set = std::make_shared<training::EmojiSet>(sources);
        return result;
    }();
    return loaded;
}

inline const training::EmojiExamples& emojiExamples() {
    static const training::EmojiExamples examples(loadedEmoji().set);
    return examples;
}

} // namespace ochre::test

#define OCHRE_EMOJI_OR_SKIP(variable)                                                                        \
    if (!::ochre::test::loadedEmoji().set)                                                                   \
        GTEST_SKIP() << "needs the emoji packages: " << ::ochre::test::loadedEmoji().missing;                \
    [[maybe_unused]] const ::ochre::training::EmojiSet& variable = *::ochre::test::loadedEmoji().set
