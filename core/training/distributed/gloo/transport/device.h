// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once // see gloo/algorithm.h

namespace gloo::transport {

class Device;
class UnboundBuffer;

} // namespace gloo::transport
