// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/SharedLibrary.h"

#include <cstdlib>

#include <dlfcn.h>

namespace ochre {

bool openWithOwnFunctions(const char* name) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (std::getenv("LD_PRELOAD")) return false;
    // Not the last thing that is done: the loader searches for the sake of whoever it returns to.
    return ::dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND) != nullptr;
#else
    (void)name;
    return false;
#endif
}

} // namespace ochre
