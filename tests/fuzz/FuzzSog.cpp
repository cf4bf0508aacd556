// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes either are a zipped .sog scene or give an Error; text that begins with a brace is taken as the
// meta.json of a small scene's textures.
#include <map>
#include <string>

#include "core/scene/Sog.h"
#include "core/scene/Texture.h"
#include "tests/fuzz/FuzzScene.h"

namespace {

/// Some textures of every shape that a scene of twelve splats may name.
const std::map<std::string, std::vector<std::byte>>& textures() {
    static const auto made = [] {
        std::map<std::string, std::vector<std::byte>> files;
        const auto add = [&](const std::string& name, std::size_t width, std::size_t height,
                             std::uint8_t alpha) {
            ochre::Texture t{width, height, std::vector<std::uint8_t>(4 * width * height)};
            for (std::size_t i = 0; i < t.count(); ++i) {
                for (std::size_t k = 0; k < 3; ++k) t.texel(i)[k] = static_cast<std::uint8_t>(i * 7 + k);
                t.texel(i)[3] = alpha;
            }
            files[name] = ochre::writeTexture(t);
        };
        add("a", 4, 3, 255);
        add("b", 4, 3, 253);
        add("c", 192, 1, 255);
        add("d", 512, 1, 255);
        return files;
    }();
    return made;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return ochre::fuzz::run([&] {
        if (size == 0 || data[0] != '{')
            return ochre::readSogZip(ochre::fuzz::asBytes(data, size), "input.sog");
        const ochre::Json meta = ochre::parseJson({reinterpret_cast<const char*>(data), size}, "meta.json");
        const auto file = [](const std::string& name) {
            const auto found = textures().find(name);
            if (found == textures().end()) throw ochre::broken("input.sog: a file that is not there");
            return found->second;
        };
        return ochre::readSog(meta, file, "input.sog");
    });
}
