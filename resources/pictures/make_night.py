#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes resources/pictures/night.png out of still_life.png: a little out of focus, with a fourteenth of the light, and the noise
that a camera adds where there is so little.

    python3 make_night.py          needs numpy and Pillow; deterministic
"""
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

FOLDER = Path(__file__).parent
LIGHT, GRAINS, FLOOR = 1 / 14, 900, 0.0025  # share of the light; photons at white; noise of the sensor

soft = Image.open(FOLDER / "still_life.png").convert("RGB").filter(ImageFilter.GaussianBlur(0.9))
coded = np.asarray(soft, np.float64) / 255
linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4) * LIGHT
numbers = np.random.Generator(np.random.PCG64(7))
seen = numbers.poisson(linear * GRAINS) / GRAINS + numbers.normal(0, FLOOR, linear.shape)
seen = np.clip(seen, 0, 1)
night = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
Image.fromarray(np.floor(night * 255 + 0.5).astype(np.uint8)).save(FOLDER / "night.png", optimize=True)
