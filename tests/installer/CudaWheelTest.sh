#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CudaWheelTest.sh SOURCE SCRATCH: FindLibTorch on the layout of a CUDA wheel, on a machine where the NVIDIA libraries that
# the wheel needs do not exist: a library of ours and a program on top of it must configure and link, and the CUDA
# library must stay among what is loaded. An older LibTorch must be refused.
set -euo pipefail
source=$1 scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch"/{nvidia,project,torch/lib,torch/include/ATen/core,torch/include/torch/{headeronly,csrc/api/include}}
cd "$scratch"

stub() { # stub CODE OUTPUT LIBRARIES…
    printf '%s\n' "$1" >stub.c
    cc -shared -fPIC stub.c "${@:3}" -o "$2" -Wl,-soname,"$(basename "$2")"
}
version() {
    printf '#define TORCH_VERSION_%s\n' "MAJOR 2" "MINOR $1" "PATCH 0" >torch/include/torch/headeronly/version.h
}
stub 'int cudaStub(void) { return 3; }' nvidia/libcudartstub.so.1
for library in c10_cuda torch_cuda torch_cpu; do
    stub "int cudaStub(void); int $library(void) { return cudaStub(); }" "torch/lib/lib$library.so" nvidia/libcudartstub.so.1
done
for library in c10 torch; do stub "int $library(void) { return 0; }" "torch/lib/lib$library.so"; done
rm -r nvidia # as on a machine without CUDA
: >torch/include/ATen/core/Tensor.h

cat >project/CMakeLists.txt <<CMAKE
cmake_minimum_required(VERSION 3.22)
project(wheel LANGUAGES CXX)
list(APPEND CMAKE_MODULE_PATH "$source/installer/cmake")
find_package(LibTorch 2.13 REQUIRED)
if(NOT LIBTORCH_HAS_CUDA)
  message(FATAL_ERROR "the CUDA libraries were not seen")
endif()
add_library(ours SHARED ours.cpp)
target_link_libraries(ours PRIVATE LibTorch::LibTorch)
add_executable(program program.cpp)
target_link_libraries(program PRIVATE ours)
CMAKE
echo 'extern "C" int torch_cpu(); int ours() { return torch_cpu(); }' >project/ours.cpp
echo 'int ours(); int main() { return ours(); }' >project/program.cpp

unset LIBTORCH_ROOT CMAKE_PREFIX_PATH
version 13
cmake -S project -B build -G Ninja -DLIBTORCH_ROOT="$scratch/torch"
cmake --build build
readelf -d build/libours.so | grep -q 'NEEDED.*libtorch_cuda\.so' || { echo "libtorch_cuda.so was dropped by the linker"; exit 1; }

version 12
if cmake -S project -B old -G Ninja -DLIBTORCH_ROOT="$scratch/torch" >old.log 2>&1; then
    echo "LibTorch 2.12 was accepted"
    exit 1
fi
grep -q '2\.12\.0' old.log
