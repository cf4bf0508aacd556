# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of pictures in PyTorch at the shapes of their releases, with random weights: processor time of a run on one thread and
memory beside the weights, as one JSON object. The peer of bench_networks.

python torch_networks.py swinir_m_x4|restormer|sam_vit_b|dinov2_vit_b|yolox_s float32|bfloat16 [RUNS]

SAM and DINOv2 are those of transformers; the others are written from their papers (arXiv 2108.10257, 2111.09881, 2107.08430) in
the operations that their repositories use.
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def windows(x, size):
    b, h, w, c = x.shape
    return x.view(b, h // size, size, w // size, size, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, size * size, c)


def joined(x, size, h, w):
    return x.view(-1, h // size, w // size, size, size, x.shape[-1]).permute(0, 1, 3, 2, 4, 5).reshape(-1, h, w, x.shape[-1])


class SwinBlock(nn.Module):
    def __init__(self, width, heads, window, shift, hidden):
        super().__init__()
        self.heads, self.window, self.shift = heads, window, shift
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.table = nn.Parameter(torch.randn((2 * window - 1) ** 2, heads) * 0.02)
        place = torch.stack(torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")).flatten(1)
        offset = (place[:, :, None] - place[:, None, :]).permute(1, 2, 0) + window - 1
        self.register_buffer("index", offset[..., 0] * (2 * window - 1) + offset[..., 1])
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def mask(self, h, w, like):
        zone = torch.zeros(1, h, w, 1)
        cuts = (slice(0, -self.window), slice(-self.window, -self.shift), slice(-self.shift, None))
        for i, rows in enumerate(cuts):
            for j, columns in enumerate(cuts):
                zone[:, rows, columns] = 3 * i + j
        zone = windows(zone, self.window).squeeze(-1)
        return (zone[:, None] != zone[:, :, None]).to(like.dtype) * -100

    def forward(self, x):
        b, h, w, c = x.shape
        y = self.norm1(x)
        if self.shift:
            y = torch.roll(y, (-self.shift, -self.shift), (1, 2))
        y = windows(y, self.window)
        n, t, _ = y.shape
        q, k, v = self.qkv(y).view(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        attention = (q * (c // self.heads) ** -0.5) @ k.transpose(-2, -1)
        attention = attention + self.table[self.index.view(-1)].view(t, t, -1).permute(2, 0, 1)[None]
        if self.shift:
            mask = self.mask(h, w, x)
            attention = (attention.view(b, -1, self.heads, t, t) + mask[None, :, None]).view(-1, self.heads, t, t)
        y = (attention.softmax(-1) @ v).transpose(1, 2).reshape(n, t, c)
        y = joined(self.proj(y), self.window, h, w)
        if self.shift:
            y = torch.roll(y, (self.shift, self.shift), (1, 2))
        x = x + y
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class SwinGroup(nn.Module):
    def __init__(self, width, depth, heads, window, hidden):
        super().__init__()
        self.blocks = nn.ModuleList(SwinBlock(width, heads, window, (i % 2) * window // 2, hidden) for i in range(depth))
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        y = x
        for block in self.blocks:
            y = block(y)
        return x + self.conv(y.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


class SwinIr(nn.Module):
    def __init__(self, width=180, features=64):
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.norm0, self.norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.groups = nn.ModuleList(SwinGroup(width, 6, 6, 8, 2 * width) for _ in range(6))
        self.after = nn.Conv2d(width, width, 3, padding=1)
        self.before_up = nn.Sequential(nn.Conv2d(width, features, 3, padding=1), nn.LeakyReLU())
        step = lambda: [nn.Conv2d(features, 4 * features, 3, padding=1), nn.PixelShuffle(2)]
        self.up = nn.Sequential(*step(), *step(), nn.Conv2d(features, 3, 3, padding=1))

    def forward(self, image):
        x = F.pad(image, (0, 8, 0, 8), mode="reflect")  # a whole window more, as the reference does
        x = self.first(x)
        y = self.norm0(x.permute(0, 2, 3, 1))
        for group in self.groups:
            y = group(y)
        x = x + self.after(self.norm(y).permute(0, 3, 1, 2))
        return self.up(self.before_up(x))[:, :, : 4 * image.shape[2], : 4 * image.shape[3]]


class ChannelNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        y = x.flatten(2).transpose(1, 2)
        mean, variance = y.mean(-1, keepdim=True), y.var(-1, keepdim=True, unbiased=False)
        y = (y - mean) / torch.sqrt(variance + 1e-5) * self.weight + self.bias
        return y.transpose(1, 2).view(x.shape)


class RestormerBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        hidden = int(width * 2.66)
        self.heads = heads
        self.norm1, self.norm2 = ChannelNorm(width), ChannelNorm(width)
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.qkv = nn.Conv2d(width, 3 * width, 1, bias=False)
        self.qkv_mix = nn.Conv2d(3 * width, 3 * width, 3, padding=1, groups=3 * width, bias=False)
        self.out = nn.Conv2d(width, width, 1, bias=False)
        self.up = nn.Conv2d(width, 2 * hidden, 1, bias=False)
        self.up_mix = nn.Conv2d(2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden, bias=False)
        self.down = nn.Conv2d(hidden, width, 1, bias=False)

    def forward(self, x):
        b, c, h, w = x.shape
        q, k, v = self.qkv_mix(self.qkv(self.norm1(x))).view(b, 3, self.heads, c // self.heads, h * w).unbind(1)
        attention = (F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)) * self.temperature
        x = x + self.out((attention.softmax(-1) @ v).view(b, c, h, w))
        gate, value = self.up_mix(self.up(self.norm2(x))).chunk(2, 1)
        return x + self.down(F.gelu(gate) * value)


class Restormer(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        blocks = lambda level, count: nn.Sequential(*(RestormerBlock(width << level, 1 << level) for _ in range(count)))
        self.embed = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.encoders = nn.ModuleList(blocks(i, n) for i, n in enumerate((4, 6, 6, 8)))
        self.down = nn.ModuleList(nn.Sequential(nn.Conv2d(width << i, (width << i) // 2, 3, padding=1, bias=False), nn.PixelUnshuffle(2))
                                  for i in range(3))
        self.up = nn.ModuleList(nn.Sequential(nn.Conv2d(width << i, 2 * (width << i), 3, padding=1, bias=False), nn.PixelShuffle(2))
                                for i in (3, 2, 1))
        self.reduce = nn.ModuleList([nn.Conv2d(width << 3, width << 2, 1, bias=False), nn.Conv2d(width << 2, width << 1, 1, bias=False),
                                     nn.Identity()])
        self.decoders = nn.ModuleList([blocks(2, 6), blocks(1, 6), blocks(1, 4)])
        self.refinement = blocks(1, 4)
        self.output = nn.Conv2d(2 * width, 3, 3, padding=1, bias=False)

    def forward(self, image):
        x, skips = self.embed(image), []
        for i, encoder in enumerate(self.encoders):
            x = encoder(x)
            if i < 3:
                skips.append(x)
                x = self.down[i](x)
        for up, reduce, decoder in zip(self.up, self.reduce, self.decoders):
            x = decoder(reduce(torch.cat((up(x), skips.pop()), 1)))
        return self.output(self.refinement(x)) + image


class Conv(nn.Sequential):
    def __init__(self, into, out, kernel, stride=1):
        super().__init__(nn.Conv2d(into, out, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(out, eps=1e-3), nn.SiLU())


class Bottleneck(nn.Module):
    def __init__(self, width, shortcut):
        super().__init__()
        self.conv1, self.conv2, self.shortcut = Conv(width, width, 1), Conv(width, width, 3), shortcut

    def forward(self, x):
        y = self.conv2(self.conv1(x))
        return x + y if self.shortcut else y


class Csp(nn.Module):
    def __init__(self, into, out, count, shortcut=True):
        super().__init__()
        half = out // 2
        self.conv1, self.conv2, self.conv3 = Conv(into, half, 1), Conv(into, half, 1), Conv(2 * half, out, 1)
        self.blocks = nn.Sequential(*(Bottleneck(half, shortcut) for _ in range(count)))

    def forward(self, x):
        return self.conv3(torch.cat((self.blocks(self.conv1(x)), self.conv2(x)), 1))


class Pools(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1, self.conv2 = Conv(width, width // 2, 1), Conv(2 * width, width, 1)

    def forward(self, x):
        x = self.conv1(x)
        return self.conv2(torch.cat([x] + [F.max_pool2d(x, k, 1, k // 2) for k in (5, 9, 13)], 1))


class Yolox(nn.Module):
    def __init__(self, w=32, classes=80):
        super().__init__()
        self.stem = Conv(12, w, 3)
        self.dark2 = nn.Sequential(Conv(w, 2 * w, 3, 2), Csp(2 * w, 2 * w, 1))
        self.dark3 = nn.Sequential(Conv(2 * w, 4 * w, 3, 2), Csp(4 * w, 4 * w, 3))
        self.dark4 = nn.Sequential(Conv(4 * w, 8 * w, 3, 2), Csp(8 * w, 8 * w, 3))
        self.dark5 = nn.Sequential(Conv(8 * w, 16 * w, 3, 2), Pools(16 * w), Csp(16 * w, 16 * w, 1, False))
        self.lateral, self.p4 = Conv(16 * w, 8 * w, 1), Csp(16 * w, 8 * w, 1, False)
        self.reduce, self.p3 = Conv(8 * w, 4 * w, 1), Csp(8 * w, 4 * w, 1, False)
        self.down3, self.n3 = Conv(4 * w, 4 * w, 3, 2), Csp(8 * w, 8 * w, 1, False)
        self.down4, self.n4 = Conv(8 * w, 8 * w, 3, 2), Csp(16 * w, 16 * w, 1, False)
        h = 4 * w
        pair = lambda: nn.Sequential(Conv(h, h, 3), Conv(h, h, 3))
        self.stems = nn.ModuleList(Conv(n * w, h, 1) for n in (4, 8, 16))
        self.cls, self.reg = nn.ModuleList(pair() for _ in range(3)), nn.ModuleList(pair() for _ in range(3))
        self.cls_out = nn.ModuleList(nn.Conv2d(h, classes, 1) for _ in range(3))
        self.reg_out, self.obj_out = (nn.ModuleList(nn.Conv2d(h, n, 1) for _ in range(3)) for n in (4, 1))

    def forward(self, image):
        x = torch.cat([image[..., i::2, j::2] for i, j in ((0, 0), (1, 0), (0, 1), (1, 1))], 1)
        c3 = self.dark3(self.dark2(self.stem(x)))
        c4 = self.dark4(c3)
        top = self.lateral(self.dark5(c4))
        middle = self.reduce(self.p4(torch.cat((F.interpolate(top, scale_factor=2), c4), 1)))
        p3 = self.p3(torch.cat((F.interpolate(middle, scale_factor=2), c3), 1))
        n4 = self.n3(torch.cat((self.down3(p3), middle), 1))
        n5 = self.n4(torch.cat((self.down4(n4), top), 1))
        out = []
        for i, level in enumerate((p3, n4, n5)):
            x = self.stems[i](level)
            c, r = self.cls[i](x), self.reg[i](x)
            out.append(torch.cat((self.reg_out[i](r), self.obj_out[i](r).sigmoid(), self.cls_out[i](c).sigmoid()), 1).flatten(2))
        return torch.cat(out, 2).transpose(1, 2)


def sam():
    from transformers import SamVisionConfig
    from transformers.models.sam.modeling_sam import SamVisionEncoder

    return SamVisionEncoder(SamVisionConfig()), (1, 3, 1024, 1024)


def dino():
    from transformers import Dinov2Config, Dinov2Model

    return Dinov2Model(Dinov2Config(image_size=518, patch_size=14)), (1, 3, 518, 518)


NETWORKS = {
    "swinir_m_x4": lambda: (SwinIr(), (1, 3, 64, 64)),
    "restormer": lambda: (Restormer(), (1, 3, 128, 128)),
    "sam_vit_b": sam,
    "dinov2_vit_b": dino,
    "yolox_s": lambda: (Yolox(), (1, 3, 640, 640)),
}


def status(key):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def main(name, dtype, runs=3):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model, shape = NETWORKS[name]()
    kind = getattr(torch, dtype)
    model = model.eval().to(kind)
    x = (torch.randn(shape) * 0.2 + 0.5).to(kind)
    before = status("VmRSS")
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    seconds = []
    with torch.inference_mode():
        for _ in range(runs + 1):
            begin = time.process_time()
            model(x)
            seconds.append(time.process_time() - begin)
    print(json.dumps({"name": name, "dtype": dtype, "shape": shape, "first_seconds": seconds[0], "least_seconds": min(seconds[1:]),
                      "beside_weights_bytes": status("VmHWM") - before}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 3)
