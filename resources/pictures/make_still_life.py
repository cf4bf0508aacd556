#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders resources/pictures/still_life.png: a vase, fruit and a striped cloth, by sphere tracing a distance field.

    python3 make_still_life.py [WIDTH]          needs numpy and Pillow; deterministic

The shipped picture is small on purpose: it is what the starter project enlarges.
"""
import sys
from pathlib import Path

import numpy as np
from PIL import Image

LIGHT = np.array([-0.55, 0.75, -0.45]) / np.linalg.norm([-0.55, 0.75, -0.45])
EYE = np.array([0.0, 1.45, -4.6])


def smooth_min(a, b, k):
    h = np.clip(0.5 + 0.5 * (b - a) / k, 0, 1)
    return b * (1 - h) + a * h - k * h * (1 - h)


def sphere(p, centre, radius):
    return np.linalg.norm(p - centre, axis=-1) - radius


def vase(p):
    """A solid of revolution: the profile is a sum of waves over the height."""
    x, y, z = p[..., 0] + 0.75, p[..., 1], p[..., 2] - 0.35
    r = np.hypot(x, z)
    t = np.clip(y / 1.7, 0, 1)
    profile = 0.30 + 0.26 * np.sin(np.pi * t ** 0.8) ** 2 - 0.10 * np.clip((t - 0.72) / 0.2, 0, 1) + 0.07 * np.clip((t - 0.93) / 0.07, 0, 1)
    body = np.maximum(r - profile, np.abs(y - 0.85) - 0.85)
    hollow = np.maximum(r - profile + 0.05, 0.12 - y)
    return np.maximum(body, -hollow) * 0.6


def stems(p):
    d = np.full(p.shape[:-1], 9.0)
    for i, (bx, bz, h) in enumerate([(-0.25, 0.1, 1.35), (0.12, -0.15, 1.55), (0.38, 0.2, 1.2), (-0.05, 0.3, 1.8)]):
        a, b = np.array([-0.75, 1.2, 0.35]), np.array([-0.75 + bx, 1.2 + h, 0.35 + bz])
        t = np.clip(((p - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
        d = np.minimum(d, np.linalg.norm(p - a - t[..., None] * (b - a), axis=-1) - 0.018)
    return d


FLOWERS = [(-1.0, 2.55, 0.45, 0.24), (-0.63, 2.75, 0.2, 0.26), (-0.37, 2.4, 0.55, 0.21), (-0.8, 3.0, 0.65, 0.23)]


def flowers(p):
    d = np.full(p.shape[:-1], 9.0)
    for x, y, z, r in FLOWERS:
        q = p - np.array([x, y, z])
        angle = np.arctan2(q[..., 0], q[..., 1])
        d = np.minimum(d, (np.linalg.norm(q * [1, 1, 1.7], axis=-1) - r * (0.78 + 0.22 * np.cos(8 * angle))) * 0.5)
    return d


def fruit(p):
    lemon = sphere((p - [1.25, 0.27, -0.25]) * [0.78, 1, 1], [0, 0, 0], 0.27)
    apple = smooth_min(sphere(p, [0.45, 0.36, -0.1], 0.36), 9 + 0 * p[..., 0], 0.1)
    dent = sphere(p, [0.45, 0.80, -0.1], 0.13)
    plum = sphere(p, [0.02, 0.22, -0.75], 0.22)
    return lemon, np.maximum(apple, -dent), plum


def field(p):
    lemon, apple, plum = fruit(p)
    parts = np.stack([p[..., 1], vase(p), stems(p), flowers(p), lemon, apple, plum, 3.2 - p[..., 2]])
    return parts


def albedo(which, p):
    c = np.zeros(p.shape)
    x, y, z = p[..., 0], p[..., 1], p[..., 2]
    stripe = (np.sin(6.5 * (x * 0.9 + z * 0.5)) > 0.55)[..., None]
    thread = 0.94 + 0.06 * np.sin(95 * x) * np.sin(95 * z)
    cloth = np.where(stripe, [0.20, 0.32, 0.46], [0.86, 0.82, 0.74]) * thread[..., None]
    band = (np.abs(y - 0.95) < 0.16) & (np.abs(((np.arctan2(x + 0.75, z - 0.35) * 9 / np.pi) % 1) - 0.5) < np.abs(y - 0.95) * 3)
    glaze = np.where(band[..., None], [0.93, 0.87, 0.74], [0.80, 0.47, 0.13])
    petals = np.where((np.sin(17 * x) > 0)[..., None], [0.95, 0.80, 0.30], [0.93, 0.55, 0.20])
    freckle = (np.sin(61 * x + 7 * np.sin(43 * y)) * np.sin(57 * y + 5 * np.sin(39 * z)) > 0.72)[..., None]
    colours = [cloth, glaze, [0.25, 0.42, 0.16], petals, [0.95, 0.80, 0.18],
               np.where(freckle, [0.90, 0.62, 0.30], [0.72, 0.10, 0.08]), [0.26, 0.10, 0.30], [0.42, 0.45, 0.44]]
    for i, colour in enumerate(colours):
        c = np.where((which == i)[..., None], colour, c)
    return c


def march(origin, ray, steps=110, far=12.0):
    t = np.full(ray.shape[:-1], 0.02)
    for _ in range(steps):
        d = field(origin + ray * t[..., None]).min(0)
        t = np.minimum(t + d * 0.9, far)
    return t


def normal(p, e=1e-3):
    n = np.stack([field(p + np.eye(3)[i] * e).min(0) - field(p - np.eye(3)[i] * e).min(0) for i in range(3)], -1)
    return n / np.maximum(np.linalg.norm(n, axis=-1, keepdims=True), 1e-9)


def render(width, height):
    y, x = np.mgrid[0:height, 0:width]
    u, v = (x + 0.5 - width / 2) / height * 1.02, -(y + 0.5 - height / 2) / height * 1.02
    forward = np.array([0.08, 1.22, 0.0]) - EYE
    forward /= np.linalg.norm(forward)
    right = np.cross([0, 1, 0], forward)
    right /= np.linalg.norm(right)
    up = np.cross(forward, right)
    ray = forward * 1.35 + u[..., None] * right + v[..., None] * up
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    p = EYE + ray * march(EYE, ray)[..., None]
    which = field(p).argmin(0)
    n = normal(p)
    start = p + n * 0.01
    sun = (march(start, np.broadcast_to(LIGHT, ray.shape), 60, 8.0) > 7.9) * np.clip(n @ LIGHT, 0, 1)
    open_sky = sum(np.clip(field(p + n * h).min(0) / h, 0, 1) for h in (0.05, 0.15, 0.4)) / 3
    half = LIGHT - ray
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    gloss = np.array([0.0, 0.55, 0.05, 0.05, 0.25, 0.5, 0.35, 0.0])[which]
    shine = gloss * np.clip((n * half).sum(-1), 0, 1) ** 60 * (sun > 0)
    light = sun[..., None] * [1.25, 1.15, 1.0] + (0.16 + 0.30 * open_sky * (0.6 + 0.4 * n[..., 1]))[..., None] * [0.85, 0.95, 1.15]
    return albedo(which, p) * light + shine[..., None]


def main():
    width = int(sys.argv[1]) if len(sys.argv) > 1 else 240
    height, over = width * 3 // 4, 4
    linear = render(width * over, height * over).reshape(height, over, width, over, 3).mean((1, 3))
    linear = linear / (1 + 0.25 * linear)
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.clip(linear, 0.0031308, None) ** (1 / 2.4) - 0.055)
    target = Path(__file__).with_name("still_life.png")
    Image.fromarray((np.clip(srgb, 0, 1) * 255 + 0.5).astype(np.uint8)).save(target, optimize=True)


if __name__ == "__main__":
    main()
