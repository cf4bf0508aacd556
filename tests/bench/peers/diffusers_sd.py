#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of `ochre bench diffusion`, taken with diffusers: random weights of the true shapes, nothing is fetched.

    diffusers_sd.py --shape sd15|sdxl --dtype float32|bfloat16 --size 512 --steps 3 [--parts load,step] [--folder DIR]

The first run writes the checkpoint (float16) as a folder of diffusers; measure from the second on, when it lies in the
page cache. Prints one JSON object.
"""
import argparse
import json
import os
import time
from pathlib import Path

PARTS = ["load", "text", "step", "encode", "decode"]
SCALE = 8  # side of a picture to that of its latent


def process_age():
    """Seconds since the kernel started this process."""
    ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def status(field):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0


def unet_config(shape):
    if shape == "sd15":
        return dict(sample_size=64, cross_attention_dim=768, attention_head_dim=8,
                    block_out_channels=(320, 640, 1280, 1280),
                    down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
                    up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3)
    return dict(sample_size=128, cross_attention_dim=2048, attention_head_dim=(5, 10, 20),
                block_out_channels=(320, 640, 1280), transformer_layers_per_block=(1, 2, 10),
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
                use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=256,
                projection_class_embeddings_input_dim=2816)


def classes(shape):
    """Part of a pipeline → its class and how to make one."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    vae = dict(block_out_channels=(128, 256, 512, 512), layers_per_block=2, latent_channels=4,
               down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4)
    large = CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
                           hidden_act="quick_gelu", projection_dim=768)
    big = CLIPTextConfig(hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20,
                         hidden_act="gelu", projection_dim=1280)
    parts = {"unet": (UNet2DConditionModel, lambda: UNet2DConditionModel(**unet_config(shape))),
             "vae": (AutoencoderKL, lambda: AutoencoderKL(**vae)),
             "text_encoder": (CLIPTextModel, lambda: CLIPTextModel(large))}
    if shape == "sdxl":
        parts["text_encoder_2"] = (CLIPTextModelWithProjection, lambda: CLIPTextModelWithProjection(big))
    return parts


def make(folder, shape):
    import torch

    torch.manual_seed(0)
    for name, (_, build) in classes(shape).items():
        if not (folder / name / "config.json").exists():
            build().to(torch.float16).save_pretrained(folder / name)


class Bench:
    def __init__(self, options):
        self.options = options
        self.result = {"shape": options.shape, "dtype": options.dtype, "width": options.size,
                       "height": options.size, "batch": 2}

    def measure(self, name, run, count):
        """Times of `count` runs after one that is not counted, and the memory that they need beside what is there."""
        run()
        before = status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        seconds, cpu = [], time.process_time()
        for _ in range(count):
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
        ordered = sorted(seconds)
        cpu = (time.process_time() - cpu) / count
        peak = status("VmHWM")
        self.result[name] = {"seconds": seconds, "least_seconds": ordered[0],
                             "median_seconds": ordered[len(ordered) // 2], "cpu_seconds": cpu, "peak_bytes": peak,
                             "beside_weights_bytes": max(0, peak - before)}

    def load(self, folder):
        import torch

        if self.options.threads > 0:
            torch.set_num_threads(self.options.threads)
        self.type = getattr(torch, self.options.dtype)
        torch.set_grad_enabled(False)
        self.parts = {name: kind.from_pretrained(folder / name, torch_dtype=self.type).eval()
                      for name, (kind, _) in classes(self.options.shape).items()}
        loaded = process_age()
        generator = torch.Generator().manual_seed(1)
        side = self.options.size // SCALE
        self.latent = torch.randn(2, 4, side, side, generator=generator).to(self.type)
        self.picture = (torch.rand(1, 3, self.options.size, self.options.size, generator=generator) * 2 - 1).to(self.type)
        self.ids = torch.randint(0, 49000, (2, 77), generator=generator)
        self.ids[:, 0], self.ids[:, -1] = 49406, 49407
        self.text()
        prompted = process_age()
        self.step()
        self.result["load"] = {"loaded_seconds": loaded, "prompted_seconds": prompted,
                               "first_step_seconds": process_age(), "peak_bytes": status("VmHWM")}
        self.result["threads"] = torch.get_num_threads()

    def text(self):
        import torch

        first = self.parts["text_encoder"](self.ids, output_hidden_states=True)
        if self.options.shape == "sd15":
            self.context, self.extra = first.last_hidden_state, None
            return
        second = self.parts["text_encoder_2"](self.ids, output_hidden_states=True)
        self.context = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
        sizes = torch.tensor([[self.options.size] * 2 + [0, 0] + [self.options.size] * 2] * 2).to(self.type)
        self.extra = {"text_embeds": second.text_embeds, "time_ids": sizes}

    def step(self):
        return self.parts["unet"](self.latent, 500, encoder_hidden_states=self.context,
                                  added_cond_kwargs=self.extra, return_dict=False)[0]

    def encode(self):
        return self.parts["vae"].encode(self.picture, return_dict=False)[0].mean

    def decode(self):
        return self.parts["vae"].decode(self.latent[:1], return_dict=False)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=["sd15", "sdxl"], default="sd15")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0: torch's choice")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    folder = options.folder or Path(os.environ.get("TMPDIR", "/tmp")) / f"diffusers-{options.shape}"
    wanted = options.parts.split(",")
    if not (folder / "vae" / "config.json").exists():
        make(folder, options.shape)
    bench = Bench(options)
    bench.load(folder)
    for part in ("text", "step", "encode", "decode"):
        if part in wanted:
            bench.measure(part, getattr(bench, part), options.steps)
    print(json.dumps({"ok": True, "peer": "diffusers", "diffusion": bench.result}, indent=1))


if __name__ == "__main__":
    main()
