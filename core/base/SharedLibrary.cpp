// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/SharedLibrary.h"

#include <cstdlib>
#include <string>

#include <dlfcn.h>

#include "core/base/Error.h"

namespace ochre {

void* openModelLibrary(const std::filesystem::path& path) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (!std::getenv("LD_PRELOAD")) ::dlopen("libtorch_cpu.so", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
#endif
    ::dlerror(); // where LibTorch is not found, the next one tells more
    if (void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    const char* reason = ::dlerror();
    throw Error(std::string("the model library cannot be loaded: ") + (reason ? reason : path.c_str()),
                "run ./installer/run again: it brings LibTorch; `ochre doctor` says what is missing");
}

} // namespace ochre
