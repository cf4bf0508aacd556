#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the pictures of the starter projects that generate, out of resources/pictures/still_life.png: what each of them is for.
With a built program it also draws those of the projects of the starter model, out of what these give.

    python3 make_pictures.py [build/release/bin/ochre]          needs Pillow; deterministic
"""
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

FOLDER = Path(__file__).parent
SIZE = (352, 224)
DARK, LINE, ACCENT = (20, 21, 24), (74, 77, 84), (219, 148, 41)
STILL = Image.open(FOLDER / "../pictures/still_life.png").convert("RGB")


def cover(picture, size=SIZE):
    return ImageOps.fit(picture, size, Image.LANCZOS)


def painted(picture, colours=12):
    soft = picture.filter(ImageFilter.MedianFilter(7)).filter(ImageFilter.ModeFilter(7))
    return ImageEnhance.Color(soft.quantize(colours, dither=Image.Dither.NONE).convert("RGB")).enhance(1.3)


def tinted(picture, colour, share=0.35):
    return Image.blend(picture, ImageOps.colorize(ImageOps.grayscale(picture), (10, 10, 24), colour), share)


def words_to_picture(picture=STILL):
    out = Image.new("RGB", SIZE, DARK)
    out.paste(cover(picture, (200, 224)), (152, 0))
    draw = ImageDraw.Draw(out)
    draw.rounded_rectangle((20, 62, 132, 162), 8, fill=(43, 45, 51), outline=LINE)
    for y, width in ((80, 84), (98, 66), (116, 88), (134, 44)):
        draw.rounded_rectangle((34, y, 34 + width, y + 6), 3, fill=(150, 153, 160))
    draw.rectangle((84, 132, 86, 144), fill=ACCENT)
    return out


def changed_picture():
    before, after = cover(STILL), painted(cover(STILL))
    after.paste(before.crop((0, 0, 176, 224)), (0, 0))
    ImageDraw.Draw(after).rectangle((175, 0, 176, 223), fill=(240, 240, 240))
    return after


def changed_part():
    out = cover(STILL)
    mask = Image.new("L", SIZE, 0)
    ImageDraw.Draw(mask).ellipse((240, 154, 302, 204), fill=255)
    apple = tinted(painted(out, 8), (120, 220, 120), 0.8)
    out.paste(apple, (0, 0), mask)
    edge = mask.filter(ImageFilter.MaxFilter(5))
    ring = Image.composite(Image.new("RGB", SIZE, ACCENT), out, edge)
    return Image.composite(out, ring, Image.composite(mask, Image.new("L", SIZE, 255), edge))


def grown():
    inner = cover(STILL, (208, 156))
    wide = cover(painted(STILL, 10).filter(ImageFilter.GaussianBlur(2)), SIZE)
    out = ImageEnhance.Brightness(wide).enhance(0.8)
    out.paste(inner, (72, 34))
    draw = ImageDraw.Draw(out)
    for at in range(72, 280, 12):
        draw.line((at, 33, at + 6, 33), fill=ACCENT, width=2)
        draw.line((at, 190, at + 6, 190), fill=ACCENT, width=2)
    for at in range(34, 190, 12):
        draw.line((71, at, 71, at + 6), fill=ACCENT, width=2)
        draw.line((280, at, 280, at + 6), fill=ACCENT, width=2)
    return out


def enlarged(soft):
    out = cover(STILL)
    small = out.resize((SIZE[0] // 8, SIZE[1] // 8), Image.BOX).resize(SIZE, Image.BILINEAR if soft else Image.NEAREST)
    out.paste(small.crop((0, 0, 176, 224)), (0, 0))
    ImageDraw.Draw(out).rectangle((175, 0, 176, 223), fill=(240, 240, 240))
    return out


def repaired():
    out = cover(STILL)
    night = cover(Image.open(FOLDER / "../pictures/night.png").convert("RGB"))
    out.paste(night.crop((0, 0, 176, 224)), (0, 0))
    ImageDraw.Draw(out).rectangle((175, 0, 176, 223), fill=(240, 240, 240))
    return out


def grid(columns, rows, make):
    out = Image.new("RGB", SIZE, DARK)
    gap = 6
    width, height = (SIZE[0] - gap * (columns + 1)) // columns, (SIZE[1] - gap * (rows + 1)) // rows
    for i in range(columns * rows):
        x, y = i % columns, i // columns
        out.paste(make(cover(STILL, (width, height)), i), (gap + x * (width + gap), gap + y * (height + gap)))
    return out


def compared(picture, i):
    return ImageEnhance.Contrast(ImageEnhance.Color(picture).enhance(0.4 + 0.6 * (i % 3))).enhance(0.8 + 0.5 * (i // 3))


def walked(picture, i):
    return tinted(picture, (150, 190, 255), 0.28 * i)


def varied(picture, i):
    return tinted(ImageOps.mirror(picture) if i % 2 else picture, ((255, 220, 170), (200, 230, 255), (230, 255, 200), (255, 200, 230))[i], 0.3)


def whole(picture):
    """All of it, on the colour of its corner."""
    out = Image.new("RGB", SIZE, picture.getpixel((1, 1)))
    inner = ImageOps.contain(picture, SIZE, Image.LANCZOS)
    out.paste(inner, ((SIZE[0] - inner.width) // 2, (SIZE[1] - inner.height) // 2))
    return out


def beside(before, after):
    half = (SIZE[0] // 2, SIZE[1])
    out = Image.new("RGB", SIZE, DARK)
    for at, picture in ((0, before), (half[0], after)):
        inner = ImageOps.pad(picture, half, Image.LANCZOS, color=picture.getpixel((1, 1)))
        out.paste(inner, (at, 0))
    ImageDraw.Draw(out).rectangle((half[0] - 1, 0, half[0], SIZE[1] - 1), fill=LINE)
    return out


def save(picture, path):
    picture.quantize(128, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)


def drawn(program, project):
    """The picture that a project gives."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.png"
        subprocess.run([program, "run", project, "-o", out], check=True, stdout=subprocess.DEVNULL)
        return Image.open(out).convert("RGB")


def of_the_starter_model(program):
    smile = Image.open(FOLDER / "../pictures/smile.png").convert("RGB")
    card = {"image_to_image": lambda picture: beside(smile, picture), "inpaint": lambda picture: beside(smile, picture)}
    save(words_to_picture(drawn(program, FOLDER / "starter.ochre")), FOLDER / "starter.png")
    for project in sorted((FOLDER / "starter").glob("*.ochre")):
        save(card.get(project.stem, whole)(drawn(program, project)), project.with_suffix(".png"))


if len(sys.argv) > 1:
    of_the_starter_model(sys.argv[1])
for name, picture in {
    "text_to_image": words_to_picture(),
    "image_to_image": changed_picture(),
    "inpaint": changed_part(),
    "outpaint": grown(),
    "two_pass": enlarged(True),
    "upscale_tiled": enlarged(False),
    "compare_settings": grid(3, 2, compared),
    "prompt_walk": grid(4, 1, walked),
    "variations": grid(2, 2, varied),
    "repair_night": repaired(),
}.items():
    save(picture, FOLDER / f"{name}.png")
