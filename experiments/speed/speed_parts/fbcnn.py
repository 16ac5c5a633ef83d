"""Builds FBCNN with random weights, and times it; trained weights are as fast.

Architecture after J. Jiang, K. Zhang, R. Timofte, "Towards Flexible Blind JPEG
Artifacts Removal", ICCV 2021, https://arxiv.org/abs/2109.14573, for colour.
"""

from __future__ import annotations

import time
from functools import lru_cache

import torch
from torch import Tensor, nn

from speed_parts.work import Case, Values

WIDTHS = (64, 128, 256, 512)  # at 1/1, 1/2, 1/4, 1/8 of the size
BLOCKS = 4
CORNER_PX = 512  # a crop of this size has the rate of the picture in less memory


def rate(case: Case) -> Values:
    """Times the network alone on at most 512x512 pixels, sides multiples of 8."""
    height, width = (
        max(min(side, CORNER_PX) // 8 * 8, 8)
        for side in (case.height_px, case.width_px)
    )
    x = torch.zeros(1, 3, height, width)
    network = _network(case.threads)
    with torch.inference_mode():
        started = time.perf_counter()
        network(x)
    seconds = time.perf_counter() - started
    return {"networks_mp_per_s": height * width / 1e6 / seconds}


@lru_cache(maxsize=1)
def _network(threads: int) -> nn.Module:
    torch.set_num_threads(threads)
    network = Fbcnn().eval()
    with torch.inference_mode():
        network(torch.zeros(1, 3, 64, 64))
    return network


class Fbcnn(nn.Module):
    """Restores a JPEG: float32 (B, 3, H, W), H and W multiples of 8, to the same.

    A U-Net of four sizes; its decoder is conditioned on the quality of the JPEG,
    which is estimated at the smallest size. 71.9 million parameters, as published.
    """

    def __init__(self) -> None:
        super().__init__()
        *upper, last = WIDTHS
        upwards = upper[::-1]
        self.head, self.tail = _conv(3, upper[0]), _conv(upper[0], 3)
        self.down = nn.ModuleList(
            nn.Sequential(_blocks(w), nn.Conv2d(w, 2 * w, 2, 2)) for w in upper
        )
        self.encoder, self.decoder = _blocks(last), _blocks(last)
        self.quality = nn.Sequential(
            _blocks(last), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            *_dense(last, last), *_dense(last, last), nn.Linear(last, 1), nn.Sigmoid(),
        )  # fmt: skip
        self.condition = nn.Sequential(
            *_dense(1, last), *_dense(last, last), *_dense(last, last)
        )
        self.upsample = nn.ModuleList(
            nn.ConvTranspose2d(2 * w, w, 2, 2) for w in upwards
        )
        self.up = nn.ModuleList(_blocks(w) for w in upwards)
        self.gain = nn.ModuleList(nn.Linear(last, w) for w in upwards)
        self.shift = nn.ModuleList(nn.Linear(last, w) for w in upwards)

    def forward(self, image: Tensor) -> Tensor:
        skipped = [self.head(image)]
        for down in self.down:
            skipped.append(down(skipped[-1]))
        x = self.encoder(skipped[-1])
        condition = self.condition(self.quality(x))
        x = self.decoder(x)
        for upsample, blocks, gain, shift in zip(
            self.upsample, self.up, self.gain, self.shift, strict=True
        ):
            x = upsample(x + skipped.pop())
            more = gain(condition).sigmoid()[..., None, None]
            plus = shift(condition).tanh()[..., None, None]
            for block in blocks:
                x = block(x, more, plus)
        return self.tail(x + skipped.pop())


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.change = nn.Sequential(_conv(width, width), nn.ReLU(), _conv(width, width))

    def forward(
        self, x: Tensor, gain: Tensor | int = 1, shift: Tensor | int = 0
    ) -> Tensor:
        return x + gain * self.change(x) + shift


def _blocks(width: int) -> nn.Sequential:
    return nn.Sequential(*(_Block(width) for _ in range(BLOCKS)))


def _conv(width_in: int, width_out: int) -> nn.Conv2d:
    return nn.Conv2d(width_in, width_out, 3, padding=1)


def _dense(size_in: int, size_out: int) -> tuple[nn.Module, nn.Module]:
    return nn.Linear(size_in, size_out), nn.ReLU()
