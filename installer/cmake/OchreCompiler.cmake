# Language, warnings, ccache, sanitizers: the same for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(BUILD_SHARED_LIBS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")

find_program(OCHRE_CCACHE ccache)
if(OCHRE_CCACHE)
  # With precompiled headers ccache only hits when it may ignore their time stamps.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${OCHRE_CCACHE}")
endif()

add_compile_options(-Wall -Wextra -Wno-missing-field-initializers $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> -fno-semantic-interposition $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
# Floating-point sums must not change with the compiler's mood: no -ffast-math anywhere, and no fused contraction,
# so that a picture is the same on machines with and without FMA.
add_compile_options(-ffp-contract=off)

if(OCHRE_SANITIZE)
  add_compile_options(-fsanitize=${OCHRE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${OCHRE_SANITIZE})
endif()
if(OCHRE_FUZZ)
  # The fuzzer steers by what its inputs reach in the readers, which are in libraries.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
