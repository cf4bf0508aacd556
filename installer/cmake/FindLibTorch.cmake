# LibTorch as targets of our own, so that a CUDA build links on a machine without the CUDA toolkit (its own CMake
# config stops there). Looked for in: LIBTORCH_ROOT (cache or environment), CMAKE_PREFIX_PATH, the environment that
# installer/setup made (build/python), then whatever python3 imports.
#
# Defines LibTorch::LibTorch, LIBTORCH_ROOT, LIBTORCH_HAS_CUDA.

set(LIBTORCH_ROOT "$ENV{LIBTORCH_ROOT}" CACHE PATH "Folder that holds LibTorch's include/ and lib/")

set(_libtorch_hints "${LIBTORCH_ROOT}")
foreach(_prefix IN LISTS CMAKE_PREFIX_PATH)
  # A wheel's torch.utils.cmake_prefix_path ends in share/cmake.
  list(APPEND _libtorch_hints "${_prefix}" "${_prefix}/../..")
endforeach()
file(GLOB _libtorch_own "${CMAKE_SOURCE_DIR}/build/python/lib/python3*/site-packages/torch")
list(APPEND _libtorch_hints ${_libtorch_own})
if(NOT LIBTORCH_ROOT AND NOT _libtorch_own)
  execute_process(
    COMMAND python3 -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
    OUTPUT_VARIABLE _libtorch_python OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  list(APPEND _libtorch_hints "${_libtorch_python}")
endif()

foreach(_library c10 torch_cpu torch)
  find_library(LIBTORCH_${_library} ${_library} HINTS ${_libtorch_hints} PATH_SUFFIXES lib NO_DEFAULT_PATH)
endforeach()
find_path(LIBTORCH_INCLUDE ATen/core/Tensor.h HINTS ${_libtorch_hints} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(LIBTORCH_c10_cuda c10_cuda HINTS ${_libtorch_hints} PATH_SUFFIXES lib NO_DEFAULT_PATH)
find_library(LIBTORCH_torch_cuda torch_cuda HINTS ${_libtorch_hints} PATH_SUFFIXES lib NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
set(_libtorch_version "")
if(EXISTS "${LIBTORCH_INCLUDE}/torch/headeronly/version.h")
  file(STRINGS "${LIBTORCH_INCLUDE}/torch/headeronly/version.h" _libtorch_lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX MATCHALL "[0-9]+" _libtorch_version "${_libtorch_lines}")
  list(JOIN _libtorch_version "." _libtorch_version)
endif()
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LIBTORCH_torch LIBTORCH_torch_cpu LIBTORCH_c10 LIBTORCH_INCLUDE
  VERSION_VAR _libtorch_version
  REASON_FAILURE_MESSAGE
    "Run ./installer/run, which fetches it, or pass -DLIBTORCH_ROOT=FOLDER (the folder with include/ and lib/)")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  get_filename_component(LIBTORCH_ROOT "${LIBTORCH_INCLUDE}" DIRECTORY)
  foreach(_library c10 torch_cpu torch)
    add_library(LibTorch::${_library} SHARED IMPORTED)
    set_target_properties(LibTorch::${_library} PROPERTIES
      IMPORTED_LOCATION "${LIBTORCH_${_library}}"
      INTERFACE_INCLUDE_DIRECTORIES "${LIBTORCH_INCLUDE};${LIBTORCH_INCLUDE}/torch/csrc/api/include"
      INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${LIBTORCH_INCLUDE}")
  endforeach()
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_link_libraries(LibTorch::LibTorch INTERFACE LibTorch::torch_cpu LibTorch::c10)
  set(LIBTORCH_HAS_CUDA OFF)
  if(LIBTORCH_torch_cuda AND LIBTORCH_c10_cuda)
    set(LIBTORCH_HAS_CUDA ON)
    # A program that links a library of ours would have every symbol behind LibTorch resolved as well, down to the
    # NVIDIA libraries that need not be here at build time: so for every target of the project, not just LibTorch's users.
    add_link_options("LINKER:--allow-shlib-undefined")
    # Nothing of ours calls it by name, so the linker must be told to keep it; its nvidia-* libraries are found by its
    # own RPATH when the program starts.
    target_link_options(LibTorch::LibTorch INTERFACE "LINKER:--allow-shlib-undefined"
      "LINKER:--no-as-needed" "${LIBTORCH_torch_cuda}" "${LIBTORCH_c10_cuda}" "LINKER:--as-needed")
  endif()
endif()
mark_as_advanced(LIBTORCH_c10 LIBTORCH_torch_cpu LIBTORCH_torch LIBTORCH_INCLUDE LIBTORCH_c10_cuda LIBTORCH_torch_cuda)
