// SPDX-License-Identifier: GPL-3.0-or-later
// LibTorch's header of its Gloo group names types of the Gloo library, whose own headers its packages leave out. It needs
// no more of them than these declarations: all that is called lies in LibTorch.
#pragma once
