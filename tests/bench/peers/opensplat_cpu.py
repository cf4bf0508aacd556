# SPDX-License-Identifier: GPL-3.0-or-later
"""Frame times of OpenSplat's CPU rasteriser, for comparison with `ochre bench splats`; see README.md.

Its one source file is compiled where it lies (torch's extension builder, some minutes at first); nothing of it is kept here.
"""
import argparse
import json
import math
import pathlib
import time

import numpy
import torch
from torch.utils.cpp_extension import load_inline

BINDINGS = """
#include "bindings.h"
using torch::Tensor;

std::vector<Tensor> place(Tensor means, Tensor scales, Tensor turns, Tensor view, Tensor projection, double fx, double fy,
                          double cx, double cy, int64_t height, int64_t width) {
    auto [xys, radii, conics, covariances, depths] = project_gaussians_forward_tensor_cpu(
        means.size(0), means, scales, 1.0f, turns, view, projection, fx, fy, cx, cy, height, width, 0.01f);
    return {xys, radii, conics, covariances, depths};
}

Tensor shade(Tensor directions, Tensor harmonics, int64_t degree) {
    return compute_sh_forward_tensor_cpu(directions.size(0), degree, degree, directions, harmonics);
}

Tensor blend(int64_t width, int64_t height, Tensor xys, Tensor conics, Tensor colors, Tensor opacities, Tensor background,
             Tensor covariances, Tensor depths) {
    auto [image, left, touched] = rasterize_forward_tensor_cpu(width, height, xys, conics, colors, opacities, background, covariances, depths);
    delete[] touched;
    return image;
}
"""


def built(source: pathlib.Path):
    folder = source / "rasterizer" / "gsplat-cpu"
    return load_inline("ochre_peer_opensplat", [f'#include "{folder / "gsplat_cpu.cpp"}"\n{BINDINGS}'],
                       functions=["place", "shade", "blend"], extra_include_paths=[str(folder)], extra_cflags=["-O3"])


def read_ply(path: pathlib.Path) -> dict[str, torch.Tensor]:
    """A 3DGS .ply whose properties are all floats, as `ochre convert` writes it."""
    with open(path, "rb") as file:
        names, count = [], 0
        for line in iter(file.readline, b"end_header\n"):
            words = line.decode().split()
            if words[:2] == ["element", "vertex"]:
                count = int(words[2])
            if words[0] == "property":
                names.append(words[2])
        table = numpy.fromfile(file, dtype="<f4", count=count * len(names)).reshape(count, len(names))

    def columns(*wanted):
        return torch.from_numpy(numpy.ascontiguousarray(table[:, [names.index(n) for n in wanted]]))

    rest = sum(n.startswith("f_rest_") for n in names) // 3
    harmonics = torch.cat([columns("f_dc_0", "f_dc_1", "f_dc_2")[:, None]] +
                          ([columns(*[f"f_rest_{i}" for i in range(3 * rest)]).reshape(-1, 3, rest).transpose(1, 2)] if rest else []), 1)
    return {"means": columns("x", "y", "z"), "scales": columns("scale_0", "scale_1", "scale_2").exp(),
            "turns": columns("rot_0", "rot_1", "rot_2", "rot_3"), "opacities": columns("opacity").sigmoid(),
            "harmonics": harmonics.contiguous(), "degree": math.isqrt(rest + 1) - 1}


def frame(peer, scene, camera, times):
    width, height, fx, fy = camera["width"], camera["height"], camera["fx"], camera["fy"]
    view = torch.tensor(camera["world_to_camera"], dtype=torch.float32)
    projection = torch.zeros(4, 4)
    near, far = 0.001, 1000.0
    projection[0, 0], projection[1, 1] = 2 * fx / width, 2 * fy / height
    projection[2, 2], projection[2, 3], projection[3, 2] = (far + near) / (far - near), -far * near / (far - near), 1
    eye = -view[:3, :3].T @ view[:3, 3]
    start = time.process_time()
    xys, radii, conics, covariances, depths = peer.place(scene["means"], scene["scales"], scene["turns"], view, projection @ view, fx, fy,
                                                         camera["cx"], camera["cy"], height, width)
    placed = time.process_time()
    directions = torch.nn.functional.normalize(scene["means"] - eye, dim=-1)
    colors = (peer.shade(directions, scene["harmonics"], scene["degree"]) + 0.5).clamp_min(0)
    shaded = time.process_time()
    image = peer.blend(width, height, xys, conics, colors, scene["opacities"], torch.zeros(3), covariances, depths)
    times.append({"project": placed - start, "shade": shaded - placed, "sort_and_blend": time.process_time() - shaded})
    return image


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--source", type=pathlib.Path, required=True, help="a checkout of pierotofy/OpenSplat")
    arguments.add_argument("--scene", type=pathlib.Path, required=True, help=".ply")
    arguments.add_argument("--camera", type=pathlib.Path, required=True, help="what `ochre bench splats --json` printed")
    arguments.add_argument("--frames", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--image", type=pathlib.Path, help=".npy of the last frame")
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    scene = read_ply(options.scene)
    camera = json.loads(options.camera.read_text())["splats"]["camera"]
    peer, times = built(options.source), []
    with torch.no_grad():
        for _ in range(options.frames + 1):
            image = frame(peer, scene, camera, times)
    if options.image:
        numpy.save(options.image, image.numpy())
    best = min(times[1:], key=lambda t: sum(t.values()))
    print(json.dumps({"splats": len(scene["means"]), "width": camera["width"], "height": camera["height"],
                      "cpu_seconds": sum(best.values()), "stages": best}))


if __name__ == "__main__":
    main()
