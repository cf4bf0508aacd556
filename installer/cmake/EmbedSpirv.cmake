# Turns INPUT (SPIR-V) into OUTPUT, a C++ source that defines ochre::shaders::NAME as a span of words.
file(READ "${INPUT}" _hex HEX)
# Little endian bytes to words.
string(REGEX REPLACE "(..)(..)(..)(..)" "0x\\4\\3\\2\\1," _words "${_hex}")
file(WRITE "${OUTPUT}" "// Made from ${NAME}.comp.
#include \"shaders/Shaders.h\"
namespace ochre::shaders {
namespace {
constexpr std::uint32_t kWords[] = {${_words}};
}
const std::span<const std::uint32_t> ${NAME}(kWords);
}
")
