# The shapes of our targets. Include paths and link lists are the house rules: a library sees only what it names.

# ochre_library(NAME SOURCES … PUBLIC … PRIVATE … PCH …) makes the shared library ochre_NAME.
function(ochre_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE;PCH" ${ARGN})
  add_library(ochre_${name} SHARED ${ARG_SOURCES})
  target_include_directories(ochre_${name} PUBLIC "${CMAKE_SOURCE_DIR}")
  target_link_libraries(ochre_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  if(ARG_PCH)
    target_precompile_headers(ochre_${name} PRIVATE ${ARG_PCH})
  endif()
endfunction()

# ochre_test(NAME SOURCES … LIBRARIES … [LABELS …] [TIMEOUT seconds] [ENVIRONMENT …] [DRIVER]) makes a GoogleTest program and
# one ctest of it. Each runs with folders of its own, so that tests never see the user's. DRIVER: it uses a graphics
# driver, whose own leaks cannot be told from ours, since it is unloaded before they are looked for.
function(ochre_test name)
  cmake_parse_arguments(ARG "DRIVER" "TIMEOUT" "SOURCES;LIBRARIES;LABELS;ENVIRONMENT" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(ARG_DRIVER AND OCHRE_SANITIZE)
    list(APPEND ARG_ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0:alloc_dealloc_mismatch=0")
  endif()
  add_executable(test_${name} ${ARG_SOURCES})
  target_link_libraries(test_${name} PRIVATE ${ARG_LIBRARIES} ochre_test_support GTest::gtest_main)
  set_target_properties(test_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  add_test(NAME ${name} COMMAND test_${name})
  set(_home "${CMAKE_BINARY_DIR}/tests/home/${name}")
  file(MAKE_DIRECTORY "${_home}")
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}"
    ENVIRONMENT "GOMP_SPINCOUNT=2000;OCHRE_CONFIG_DIR=${_home}/config;OCHRE_CACHE_DIR=${_home}/cache;OCHRE_STATE_DIR=${_home}/state;OCHRE_DATA_DIR=${_home}/data;OCHRE_MODELS_DIR=${OCHRE_TEST_MODELS};OCHRE_TEST_SOURCE=${CMAKE_SOURCE_DIR};OCHRE_TEST_BUILD=${CMAKE_BINARY_DIR};${ARG_ENVIRONMENT}")
endfunction()

# ochre_fuzz(NAME SOURCE … LIBRARIES …): one LLVMFuzzerTestOneInput. Always built with our own driver, which replays
# tests/fuzz/corpus/NAME as a ctest and can mutate by itself; with OCHRE_FUZZ also against libFuzzer.
function(ochre_fuzz name)
  cmake_parse_arguments(ARG "" "SOURCE" "LIBRARIES" ${ARGN})
  add_executable(fuzz_${name} ${ARG_SOURCE})
  target_link_libraries(fuzz_${name} PRIVATE ${ARG_LIBRARIES})
  set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz")
  if(OCHRE_FUZZ)
    target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_link_libraries(fuzz_${name} PRIVATE ochre_fuzz_driver)
    add_test(NAME fuzz_${name} COMMAND fuzz_${name} --runs 2000 "${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name}")
    set_tests_properties(fuzz_${name} PROPERTIES LABELS fuzz TIMEOUT 300)
  endif()
endfunction()
