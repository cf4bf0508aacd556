#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes resources/scenes/vase.ply: a vase with flowers on a plinth, as Gaussian splats laid on its surfaces.

    python3 make_vase.py          needs numpy; deterministic
"""
from pathlib import Path

import numpy as np

RANDOM = np.random.default_rng(7)
LIGHT = np.array([-0.5, 0.7, -0.5]) / np.linalg.norm([-0.5, 0.7, -0.5])


def rotation_to(normals):
    """Quaternions (w, x, y, z) that turn +z into each normal."""
    z = np.array([0.0, 0.0, 1.0])
    axis = np.cross(np.broadcast_to(z, normals.shape), normals)
    w = 1 + normals @ z
    q = np.concatenate([w[:, None], axis], 1)
    q[w < 1e-6] = [0, 1, 0, 0]
    return q / np.linalg.norm(q, axis=1, keepdims=True)


def surface(points, normals, colours, radius, opacity=0.97):
    """Flat discs on a surface, lit from one side; y points up here."""
    light = 0.42 + 0.62 * np.clip(normals @ LIGHT, 0, 1) + 0.10 * normals[:, 1]
    count = len(points)
    scale = np.empty((count, 3))
    scale[:, :2] = radius if np.isscalar(radius) else np.asarray(radius)[:, None]
    scale[:, 2] = scale[:, 0] * 0.15
    return {"p": points, "s": scale, "q": rotation_to(normals), "c": np.clip(colours * light[:, None], 0, 1),
            "o": np.full(count, opacity)}


def profile(t):
    """Radius of the vase over its height, 0 to 1."""
    return (0.26 + 0.30 * np.sin(np.pi * t ** 0.8) ** 2 - 0.13 * np.clip((t - 0.72) / 0.2, 0, 1)
            + 0.08 * np.clip((t - 0.93) / 0.07, 0, 1))


def vase(count=5200):
    t, a = RANDOM.random(count), RANDOM.random(count) * 2 * np.pi
    r, h = profile(t), 1.5
    slope = (profile(np.clip(t + 1e-3, 0, 1)) - profile(np.clip(t - 1e-3, 0, 1))) / (2e-3 * h)
    n = np.stack([np.cos(a), -slope, np.sin(a)], 1)
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    points = np.stack([r * np.cos(a), t * h, r * np.sin(a)], 1)
    diamond = (np.abs(t - 0.5) < 0.11) & (np.abs((a * 7 / np.pi) % 1 - 0.5) < 0.5 - np.abs(t - 0.5) * 4.2)
    band = np.abs(np.abs(t - 0.5) - 0.14) < 0.012
    glaze = np.tile([0.82, 0.48, 0.14], (count, 1)) * (1 - 0.12 * np.sin(40 * t)[:, None] ** 2)
    colour = np.where(diamond[:, None], [0.95, 0.88, 0.74], np.where(band[:, None], [0.36, 0.17, 0.07], glaze))
    return surface(points, n, colour, 0.028)


def stems_and_flowers():
    parts = []
    for i, (x, z, h) in enumerate([(-0.30, 0.10, 1.05), (0.16, -0.18, 1.30), (0.42, 0.16, 0.85), (-0.06, 0.28, 1.50), (0.02, -0.05, 1.08)]):
        t = np.linspace(0, 1, 60)
        stem = np.stack([x * t ** 1.5, 1.4 + h * t, z * t ** 1.5], 1)
        parts.append(surface(stem, np.tile([0.6, 0.2, -0.77], (60, 1)), np.tile([0.25, 0.45, 0.18], (60, 1)), 0.022))
        centre, facing = stem[-1], np.array([x, 0.35, z - 0.25])
        facing /= np.linalg.norm(facing)
        side = np.cross(facing, [0, 1, 0])
        side /= np.linalg.norm(side)
        up = np.cross(side, facing)
        hue = [[0.96, 0.78, 0.22], [0.93, 0.46, 0.20], [0.90, 0.84, 0.62], [0.95, 0.62, 0.16], [0.80, 0.26, 0.20]][i]
        a, r = RANDOM.random(700) * 2 * np.pi, np.sqrt(RANDOM.random(700))
        size = 0.24 * (0.62 + 0.38 * np.abs(np.cos(4 * a)))
        bowl = 0.10 * r ** 2
        petals = centre + (r * size)[:, None] * (np.cos(a)[:, None] * side + np.sin(a)[:, None] * up) + bowl[:, None] * facing
        n = facing - 0.5 * r[:, None] * (np.cos(a)[:, None] * side + np.sin(a)[:, None] * up)
        n /= np.linalg.norm(n, axis=1, keepdims=True)
        tint = np.array(hue) * (0.72 + 0.28 * r)[:, None]
        parts.append(surface(petals, n, np.where((r < 0.2)[:, None], [0.35, 0.20, 0.08], tint), 0.020))
    return parts


def plinth(count=5200):
    a, r = RANDOM.random(count) * 2 * np.pi, 0.95 * np.sqrt(RANDOM.random(count))
    top = np.stack([r * np.cos(a), np.zeros(count), r * np.sin(a)], 1)
    ring = np.where(((r * 9).astype(int) % 2 == 0)[:, None], [0.80, 0.78, 0.74], [0.72, 0.70, 0.66])
    shade = 1 - 0.45 * np.exp(-((np.hypot(top[:, 0] - 0.22, top[:, 2] - 0.2) / 0.42) ** 2))
    parts = [surface(top, np.tile([0.0, 1.0, 0.0], (count, 1)), ring * shade[:, None], 0.036)]
    a, y = RANDOM.random(2600) * 2 * np.pi, RANDOM.random(2600)
    n = np.stack([np.cos(a), np.zeros(2600), np.sin(a)], 1)
    side = np.stack([0.95 * n[:, 0], -0.42 * y, 0.95 * n[:, 2]], 1)
    parts.append(surface(side, n, np.tile([0.66, 0.64, 0.61], (2600, 1)), 0.040))
    return parts


def main():
    parts = [vase(), *stems_and_flowers(), *plinth()]
    p, s, q, c, o = (np.concatenate([part[k] for part in parts]) for k in "psqco")
    # To the frame of splat files: y down. Mirroring two axes is a half turn around x.
    p = p * [1, -1, -1]
    q = np.stack([-q[:, 1], q[:, 0], -q[:, 3], q[:, 2]], 1)
    dc = (c - 0.5) / 0.28209479177387814
    logit = np.log(o / (1 - o))
    rows = np.concatenate([p, np.zeros_like(p), dc, logit[:, None], np.log(s), q], 1).astype("<f4")
    names = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
             "rot_0", "rot_1", "rot_2", "rot_3"]
    header = "ply\nformat binary_little_endian 1.0\ncomment Made by make_vase.py of Ochre\n" + f"element vertex {len(rows)}\n"
    header += "".join(f"property float {n}\n" for n in names) + "end_header\n"
    Path(__file__).with_name("vase.ply").write_bytes(header.encode() + rows.tobytes())


if __name__ == "__main__":
    main()
