// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Error.h"

#include <new>
#include <stdexcept>

namespace ochre {

Error currentError() {
    try {
        throw;
    } catch (const Error& e) {
        return e;
    } catch (const std::bad_alloc&) {
        return Error("out of memory", "close other programs, or use a smaller picture or tile", ErrorKind::Memory);
    } catch (const std::exception& e) {
        return Error(e.what());
    } catch (...) {
        return Error("an unknown error occurred");
    }
}

} // namespace ochre
