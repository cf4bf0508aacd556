// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/SharedLibrary.h"

#include <string>

#include <dlfcn.h>

#include "core/base/Error.h"

namespace ochre {
namespace {

/// Where a sanitizer, a profiler or another allocator stands in for the C library's malloc, it must do so for every library.
bool mallocIsOfTheCLibrary() {
    Dl_info malloc{}, library{};
    return ::dladdr(::dlsym(RTLD_DEFAULT, "malloc"), &malloc) != 0 &&
           ::dladdr(::dlsym(RTLD_DEFAULT, "gnu_get_libc_version"), &library) != 0 && malloc.dli_fbase == library.dli_fbase;
}

} // namespace

void* openModelLibrary(const std::filesystem::path& path) {
    if (mallocIsOfTheCLibrary()) ::dlopen("libtorch_cpu.so", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    ::dlerror(); // where LibTorch is not found, the next one tells more
    if (void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    const char* reason = ::dlerror();
    throw Error(std::string("the model library cannot be loaded: ") + (reason ? reason : path.c_str()),
                "run ./installer/run again: it brings LibTorch; `ochre doctor` says what is missing");
}

} // namespace ochre
