#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws smile.png, the face that the starter projects of the model that comes along begin with: in its style, flat on white.

    python3 make_smile.py          needs Pillow; deterministic
"""
from pathlib import Path

from PIL import Image, ImageDraw

SIDE, FINE = 512, 4  # drawn larger and made smaller, for smooth edges
EYE = (74, 46, 26)   # which the project that changes a part picks by its colour
SKIN, SHADE, MOUTH, TEETH = (253, 203, 62), (244, 178, 40), (158, 54, 62), (255, 255, 255)


def box(x, y, rx, ry):
    return [FINE * v for v in (x - rx, y - ry, x + rx, y + ry)]


picture = Image.new("RGB", (SIDE * FINE, SIDE * FINE), (255, 255, 255))
draw = ImageDraw.Draw(picture)
draw.ellipse(box(256, 256, 232, 232), fill=SHADE)
draw.ellipse(box(256, 246, 230, 222), fill=SKIN)
for x in (176, 336):
    draw.ellipse(box(x, 190, 28, 42), fill=EYE)
draw.chord(box(256, 290, 130, 120), 0, 180, fill=MOUTH)
draw.chord(box(256, 290, 112, 34), 0, 180, fill=TEETH)
picture.resize((SIDE, SIDE), Image.BOX).quantize(64, dither=Image.Dither.NONE).save(Path(__file__).with_name("smile.png"), optimize=True)
