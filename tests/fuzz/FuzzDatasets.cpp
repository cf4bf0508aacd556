// SPDX-License-Identifier: GPL-3.0-or-later
// The first byte chooses the reader: I the two IDX files (cut at the byte after it), C a CIFAR-10 batch, T a
// list of emoji, X annotations. Any bytes either are pictures whose sizes agree, or give an Error.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "core/base/Error.h"
#include "core/training/data/Cifar10.h"
#include "core/training/data/EmojiNames.h"
#include "core/training/data/EmojiWords.h"
#include "core/training/data/Mnist.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ochre::training;
    if (size < 2) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
    try {
        if (data[0] == 'I') {
            const auto rest = bytes.subspan(1);
            const std::size_t cut = std::min<std::size_t>(data[1], rest.size());
            const Mnist mnist(rest.subspan(cut), "images", rest.first(cut), "labels");
            for (std::size_t i = 0; i < mnist.size(); ++i) {
                const Example example = mnist.example(i, 0);
                if (example.pixels.size() != static_cast<std::size_t>(example.width * example.height))
                    std::abort();
            }
        }
        if (data[0] == 'C') {
            const Cifar10 cifar(bytes, "batch");
            for (std::size_t i = 0; i < cifar.size(); ++i)
                if (cifar.example(i, 0).pixels.size() != 3072) std::abort();
        }
        if (data[0] == 'T')
            for (const EmojiName& emoji : readEmojiTest(text, "test"))
                if (wordingOf(emoji.name).said().empty()) std::abort();
        if (data[0] == 'X') {
            Annotations into;
            readAnnotations(text, "xml", into);
        }
    } catch (const ochre::Error&) {
    }
    return 0;
}
