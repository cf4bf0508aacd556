# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of pictures by their reference implementations in PyTorch, at the shapes of their releases and with random weights:
processor time of a run on one thread and memory beside the weights and the code, as one JSON object. The peer of bench_networks.

python torch_networks.py CHECKOUTS swinir_m_x4|restormer|sam_vit_b|dinov2_vit_b|yolox_s float32|bfloat16 [RUNS]

CHECKOUTS holds the repositories SwinIR (JingyunLiang), Restormer (swz30), segment-anything and dinov2 (facebookresearch) and
YOLOX (Megvii-BaseDetection), of which the modules of the networks are imported as they are.
"""
import ctypes
import importlib
import json
import sys
import time
import types
from functools import partial
from pathlib import Path

import torch


def module(folder, name, *stubs):
    """A module of a repository without the __init__ of its packages, which import what a network alone doesn't need. Of `stubs`,
    modules that training uses, any name is there and is nothing."""
    package = name.rpartition(".")[0]
    while package:
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = [str(folder / package.replace(".", "/"))]
        package = package.rpartition(".")[0]
    for stub in stubs:
        sys.modules[stub] = types.ModuleType(stub)
        sys.modules[stub].__getattr__ = lambda attribute: None
    sys.path.insert(0, str(folder))
    return importlib.import_module(name)


def swinir(checkouts):
    timm = types.ModuleType("timm.models.layers")  # of which a run uses nothing
    timm.DropPath = lambda rate: torch.nn.Identity()
    timm.to_2tuple = lambda side: (side, side)
    timm.trunc_normal_ = torch.nn.init.trunc_normal_
    sys.modules["timm.models.layers"] = timm
    network = module(checkouts / "SwinIR", "models.network_swinir").SwinIR(
        upscale=4, img_size=64, window_size=8, img_range=1.0, depths=[6] * 6, embed_dim=180, num_heads=[6] * 6, mlp_ratio=2,
        upsampler="pixelshuffle", resi_connection="1conv")
    return network, (1, 3, 64, 64)


def restormer(checkouts):
    return module(checkouts / "Restormer", "basicsr.models.archs.restormer_arch").Restormer(), (1, 3, 128, 128)


def sam(checkouts):
    network = module(checkouts / "segment-anything", "segment_anything.modeling.image_encoder").ImageEncoderViT(
        norm_layer=partial(torch.nn.LayerNorm, eps=1e-6), use_rel_pos=True, global_attn_indexes=[2, 5, 8, 11], window_size=14)
    return network, (1, 3, 1024, 1024)


def dino(checkouts):
    sys.path.insert(0, str(checkouts / "dinov2"))
    make = importlib.import_module("dinov2.models.vision_transformer").vit_base
    return make(img_size=518, patch_size=14, init_values=1.0, block_chunks=0), (1, 3, 518, 518)


def yolox(checkouts):
    folder, stub = checkouts / "YOLOX", "yolox.utils"
    backbone = module(folder, "yolox.models.yolo_pafpn", stub).YOLOPAFPN(0.33, 0.5)
    head = module(folder, "yolox.models.yolo_head", stub).YOLOXHead(80, 0.5)
    head.decode_in_inference = False
    return torch.nn.Sequential(backbone, head), (1, 3, 640, 640)


NETWORKS = {"swinir_m_x4": swinir, "restormer": restormer, "sam_vit_b": sam, "dinov2_vit_b": dino, "yolox_s": yolox}


def memory(key):
    """A line of /proc/self/status, in bytes."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def own_memory(key):
    """Of this process without pages of files: of code, that is."""
    return memory(key) - memory("RssFile")


def main(checkouts, name, dtype, runs=3):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model, shape = NETWORKS[name](Path(checkouts).resolve())
    kind = getattr(torch, dtype)
    model = model.eval().to(kind)
    x = (torch.randn(shape) * 0.2 + 0.5).to(kind)
    ctypes.CDLL(None).malloc_trim(0)  # what the weights have left behind in float32
    before = own_memory("VmRSS")
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    seconds = []
    with torch.inference_mode():
        for _ in range(runs + 1):
            begin = time.process_time()
            model(x)
            seconds.append(time.process_time() - begin)
    print(json.dumps({"name": name, "dtype": dtype, "shape": shape, "first_seconds": seconds[0], "least_seconds": min(seconds[1:]),
                      "beside_weights_bytes": own_memory("VmHWM") - before, "peak_bytes": memory("VmHWM")}))


if __name__ == "__main__":
    main(*sys.argv[1:4], *map(int, sys.argv[4:]))
