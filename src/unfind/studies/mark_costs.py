"""What marking costs: the networks beside a much larger one, and a phone's photo from file to file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from unfind.errors import EvaluationError
from unfind.images.photo import Pixels
from unfind.models.cost import multiplications
from unfind.studies.mark_survival import timed
from unfind.triggers.learned import load
from unfind.triggers.mark_graphs import MarkReader, MarkWriter
from unfind.triggers.onnx_mark import OnnxMark
from unfind.triggers.shipped import FOLDER, SHIPPED

MEGAPIXELS = {12: (4000, 3000), 48: (8000, 6000)}
"""Width and height of what phones take."""


class StegaStampShape(nn.Module):
    """A U-Net of the shape that StegaStamp's encoder has (Tancik et al. 2020, supplement), with random weights.

    It stands for the cost of marking photos of 400 x 400 pixels with a large network, and for nothing else.
    """

    SIDE = 400

    def __init__(self) -> None:
        super().__init__()
        widths = (32, 32, 64, 128, 256)
        self.secret = nn.Linear(100, 7500)
        self.down = nn.ModuleList(
            nn.Conv2d(before, after, 3, 1 if place == 0 else 2, 1)
            for place, (before, after) in enumerate(zip((6, *widths), widths, strict=False))
        )
        ups = ((256, 128), (128, 64), (64, 32), (32, 32))
        self.up = nn.ModuleList(nn.Conv2d(before, after, 2) for before, after in ups)
        self.mix = nn.ModuleList(
            nn.Conv2d(inputs, after, 3, 1, 1)
            for inputs, after in zip((256, 128, 64, 70), (128, 64, 32, 32), strict=True)
        )
        self.residual = nn.Conv2d(32, 3, 1)

    def forward(self, photos: Tensor, secrets: Tensor) -> Tensor:
        spread = F.relu(self.secret(secrets)).view(-1, 3, 50, 50)
        seen = torch.cat([photos, F.interpolate(spread, scale_factor=8.0)], 1)
        levels = [seen]
        for convolution in self.down:
            levels.append(F.relu(convolution(levels[-1])))
        found = levels[-1]
        for place, (up, mix) in enumerate(zip(self.up, self.mix, strict=True)):
            wider = F.relu(up(F.pad(F.interpolate(found, scale_factor=2.0), (0, 1, 0, 1))))
            beside = [levels[4 - place], *([seen] if place == 3 else [])]
            found = F.relu(mix(torch.cat([wider, *beside], 1)))
        change: Tensor = self.residual(found)
        return change


def network_costs(repeats: int, mark: str = SHIPPED) -> dict[str, float]:
    """Multiplications, and milliseconds of one core, of a mark's networks and of the large one.

    Args:
        repeats: passes of each, of which the quickest counts: what else the machine does only adds.
        mark: whose networks.
    """
    net, big = load(mark), StegaStampShape().eval()
    view, signs = net.encoder.example()
    photo = torch.full((1, 2 * view.shape[2], 2 * view.shape[3], 3), 128, dtype=torch.uint8)
    picture, secret = torch.full((1, 3, big.SIDE, big.SIDE), 0.5), torch.ones(1, 100)
    passes = {
        "encoder": (MarkWriter(net.encoder).eval(), (photo, signs)),
        "decoder": (MarkReader(net.decoder).eval(), (photo,)),
        "stegastamp_shape": (big, (picture, secret)),
    }
    found = {
        "encoder_gmac": multiplications(net.encoder, view, signs) / 1e9,
        "decoder_gmac": multiplications(net.decoder, view) / 1e9,
        "stegastamp_shape_gmac": multiplications(big, picture, secret) / 1e9,
    }
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            for name, (module, inputs) in passes.items():
                found[f"{name}_ms"] = 1000 * min(
                    timed(lambda module=module, inputs=inputs: module(*inputs))[1]  # type: ignore[misc]
                    for _ in range(repeats + 1)
                )
    finally:
        torch.set_num_threads(threads)
    if mark == SHIPPED:
        graphs, pixels, row = OnnxMark(FOLDER), photo[0].numpy(), signs[0].numpy()
        found["encoder_onnx_ms"] = 1000 * min(timed(lambda: graphs.change(pixels, row))[1] for _ in range(repeats + 1))
    return found


def end_to_end(photo: Pixels, megapixels: int, folder: Path, mark: str) -> dict[str, float]:
    """Protect one JPEG of so many megapixels, in a process of its own, on one thread.

    Args:
        photo: what it shows; it is enlarged and given a grain.
        megapixels: one of MEGAPIXELS.
        folder: for the files.
        mark: as ``open_mark`` takes it.

    Returns:
        "seconds" of the processor from the start of Python to its end, and "megabytes" (10^6) at the peak.

    Raises:
        EvaluationError: the process failed, for example for want of memory.
    """
    source = folder / f"{megapixels}.jpg"
    _large(photo, MEGAPIXELS[megapixels]).save(source, quality=92)
    command = [sys.executable, "-c", _PROGRAM, str(source), str(folder / f"{megapixels}-{mark}.jpg"), mark]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise EvaluationError(f"Expected to protect {megapixels} megapixels, got '{reason}': free some memory.")
    found: dict[str, float] = json.loads(done.stdout)
    return found


_PROGRAM = """
import os, sys
os.environ["OMP_NUM_THREADS"] = "1"
import json, time
from pathlib import Path
from unfind.studies.peak_memory import peak_bytes
from unfind.studies.protect import protect_file
from unfind.triggers.key import Key
from unfind.triggers.open_mark import open_mark
protect_file(Path(sys.argv[1]), Path(sys.argv[2]), open_mark(Key.from_seed(0), sys.argv[3]), overwrite=True)
print(json.dumps({"seconds": time.process_time(), "megabytes": peak_bytes() / 1e6}))
"""


def _large(photo: Pixels, size: tuple[int, int]) -> Image.Image:
    """A photo at a phone's size, with a grain: smooth enlargements compress as no photo does."""
    levels = np.array(Image.fromarray(photo).resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
    levels += np.random.default_rng(0).integers(-6, 7, levels.shape, dtype=np.int16)
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
