#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds of a training step of the networks that `ochre train` trains, taken with diffusers: random pictures or latents,
AdamW, clipping of the gradient and a moving average, the same shapes, batch and type.

    diffusers_training.py autoencoder|latent_diffusion --dtype float32|bfloat16 --batch 16 --steps 6

The same of Ochre stands as "seconds" in log.jsonl of its training folder. Prints one JSON object.
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, UNet2DConditionModel


def edges(x):
    return (x[:, :, 1:] - x[:, :, :-1]).abs().mean() + (x[:, :, :, 1:] - x[:, :, :, :-1]).abs().mean()


class Autoencoder:
    def __init__(self, widths, latent_channels):
        blocks = len(widths)
        self.network = AutoencoderKL(
            in_channels=48, out_channels=48, latent_channels=latent_channels, block_out_channels=widths, layers_per_block=1,
            down_block_types=("DownEncoderBlock2D",) * blocks, up_block_types=("UpDecoderBlock2D",) * blocks,
            mid_block_add_attention=False)

    def loss(self, batch, dtype):
        pictures = torch.rand(batch, 3, 128, 128) * 2 - 1
        moments = self.network.encode(F.pixel_unshuffle(pictures, 4).to(dtype).contiguous(memory_format=torch.channels_last))
        posterior = moments.latent_dist
        latent = posterior.mean + posterior.std * torch.randn_like(posterior.mean)
        out = F.pixel_shuffle(self.network.decode(latent).sample, 4).float()
        difference = out - pictures
        spread = (posterior.mean.float() ** 2 + posterior.var.float() - 1 - posterior.logvar.float()).mean() / 2
        return difference.abs().mean() + 4 * (difference ** 2).mean() + edges(difference) + 1e-6 * spread


class LatentDiffusion:
    def __init__(self, widths, latent_channels):
        self.channels = latent_channels
        self.network = UNet2DConditionModel(
            sample_size=16, in_channels=latent_channels, out_channels=latent_channels, block_out_channels=widths,
            layers_per_block=1, cross_attention_dim=384, attention_head_dim=tuple(w // 64 for w in widths),
            use_linear_projection=True, down_block_types=("CrossAttnDownBlock2D",) * len(widths),
            up_block_types=("CrossAttnUpBlock2D",) * len(widths))

    def loss(self, batch, dtype):
        x = torch.randn(batch, self.channels, 16, 16).to(dtype).contiguous(memory_format=torch.channels_last)
        wanted = torch.randn(batch, self.channels, 16, 16)
        context = torch.randn(batch, 24, 384).to(dtype)
        out = self.network(x, torch.randint(0, 1000, (batch,)), context).sample.float()
        return ((out - wanted) ** 2).mean()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe", choices=["autoencoder", "latent_diffusion"])
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--widths", default="128,192")
    parser.add_argument("--latent-channels", type=int, default=8)
    args = parser.parse_args()
    torch.manual_seed(1)
    dtype = getattr(torch, args.dtype)
    widths = tuple(int(width) for width in args.widths.split(","))
    trained = (Autoencoder if args.recipe == "autoencoder" else LatentDiffusion)(widths, args.latent_channels)
    network = trained.network.to(memory_format=torch.channels_last).train()
    masters = list(network.parameters())
    if dtype != torch.float32:  # float32 masters beside the weights that are computed with
        masters = [p.detach().clone().requires_grad_() for p in network.parameters()]
        network.to(dtype)
    average = [p.detach().clone() for p in masters]
    optimizer = torch.optim.AdamW(masters, lr=1e-4, foreach=True)
    seconds = []
    for _ in range(args.steps):
        start = time.perf_counter()
        trained.loss(args.batch, dtype).backward()
        if dtype != torch.float32:
            for master, used in zip(masters, network.parameters()):
                master.grad, used.grad = used.grad.float(), None
        torch.nn.utils.clip_grad_norm_(masters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            torch._foreach_lerp_(average, masters, 0.001)
            if dtype != torch.float32:
                for master, used in zip(masters, network.parameters()):
                    used.copy_(master)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"recipe": args.recipe, "dtype": args.dtype, "batch": args.batch, "threads": torch.get_num_threads(),
                      "parameters": sum(p.numel() for p in masters), "seconds": statistics.median(seconds[1:]),
                      "least": min(seconds[1:])}))


if __name__ == "__main__":
    main()
