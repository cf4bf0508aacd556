#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Sort for devices of many lanes, step 2 of a digit: each group sorts its block by the digit, four bits at a time, and puts it where
// the scanned counts say, so that neighbours are written together. Stable; needs no subgroups.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kSortLanes) in;
layout(push_constant) uniform Push { SortParams p; };
layout(binding = 0) uniform usamplerBuffer keysIn;
layout(binding = 1) uniform usamplerBuffer valuesIn;
layout(std430, binding = 2) readonly buffer Offsets { uint offsets[]; }; // the scanned histogram
layout(std430, binding = 3) writeonly buffer KeysOut { uint keysOut[]; };
layout(std430, binding = 4) writeonly buffer ValuesOut { uint valuesOut[]; };

const uint kNibbles = 16;

// Keys and values of the block; in between [nibble][lane] counts of what the lanes hold themselves meanwhile.
shared uint room[2 * kSortBlock];
shared uint sums[kSortLanes], starts[kRadix];

// sums[lane] ← Σ sums[≤lane]
void sumUp(uint lane) {
    for (uint step_ = 1; step_ < kSortLanes; step_ *= 2) {
        barrier();
        const uint before = lane >= step_ ? sums[lane - step_] : 0;
        barrier();
        sums[lane] += before;
    }
    barrier();
}

void sortNibble(uint lane, uint shift) {
    uint keys[kSortKeys], values[kSortKeys], to[kSortKeys];
    for (uint k = 0; k < kSortKeys; ++k) {
        keys[k] = room[lane * kSortKeys + k];
        values[k] = room[kSortBlock + lane * kSortKeys + k];
    }
    barrier();
    for (uint n = 0; n < kNibbles; ++n) room[n * kSortLanes + lane] = 0;
    for (uint k = 0; k < kSortKeys; ++k) room[(keys[k] >> shift & (kNibbles - 1)) * kSortLanes + lane] += 1;
    barrier();
    uint sum = 0;
    for (uint n = 0; n < kNibbles; ++n) sum += room[lane * kNibbles + n];
    sums[lane] = sum;
    sumUp(lane);
    sum = lane > 0 ? sums[lane - 1] : 0;
    for (uint n = 0; n < kNibbles; ++n) {
        const uint count = room[lane * kNibbles + n];
        room[lane * kNibbles + n] = sum;
        sum += count;
    }
    barrier();
    for (uint k = 0; k < kSortKeys; ++k) {
        const uint slot = (keys[k] >> shift & (kNibbles - 1)) * kSortLanes + lane;
        to[k] = room[slot];
        room[slot] = to[k] + 1;
    }
    barrier();
    for (uint k = 0; k < kSortKeys; ++k) {
        room[to[k]] = keys[k];
        room[kSortBlock + to[k]] = values[k];
    }
    barrier();
}

void main() {
    const uint lane = gl_LocalInvocationIndex, block = gl_WorkGroupID.x, first = block * kSortBlock;
    const uint count = min(p.count - first, kSortBlock);
    for (uint k = 0; k < kSortKeys; ++k) {
        const uint i = k * kSortLanes + lane;
        room[i] = i < count ? texelFetch(keysIn, int(first + i)).x : 0xffffffffu; // beyond the end, and behind all of their digit
        room[kSortBlock + i] = i < count ? texelFetch(valuesIn, int(first + i)).x : 0;
    }
    starts[lane] = 0;
    barrier();
    sortNibble(lane, p.shift);
    sortNibble(lane, p.shift + 4);
    // Where each digit begins in the block, and from there to where it begins in all.
    for (uint k = 0; k < kSortKeys; ++k) atomicAdd(starts[room[k * kSortLanes + lane] >> p.shift & (kRadix - 1)], 1);
    barrier();
    sums[lane] = starts[lane];
    sumUp(lane);
    starts[lane] = offsets[lane * p.chunks + block] - (sums[lane] - starts[lane]);
    barrier();
    for (uint k = 0; k < kSortKeys; ++k) {
        const uint i = k * kSortLanes + lane;
        if (i >= count) continue;
        const uint to = starts[room[i] >> p.shift & (kRadix - 1)] + i;
        keysOut[to] = room[i];
        valuesOut[to] = room[kSortBlock + i];
    }
}
