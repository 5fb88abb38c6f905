"""Where a hash model looks, by Grad-CAM, with and without a cloak (Selvaraju et al., ICCV 2017)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from unfind.cloaks.brightness import Brightness
from unfind.cloaks.choose import make_cloak
from unfind.cloaks.mosaic import Mosaic
from unfind.cloaks.noise import Noise
from unfind.cloaks.pace import Pace
from unfind.cloaks.transparency import Transparency
from unfind.errors import ModelError, UsageError
from unfind.models.embed import to_tensor
from unfind.models.encoder import Encoder
from unfind.report.heatmap import overlaid
from unfind.studies.cloak_trial import distance_of
from unfind.studies.hash_scene import HashScene
from unfind.studies.rnm_grid import RnmGrid

LOUD = 0.1
"""Change of the noise in figures 3 and 4: uniform noise of so much has the PSNR printed there, 24.5 dB."""


def heat_of(encoder: Encoder, pixels: NDArray[np.uint8], codes: Tensor) -> NDArray[np.float32]:
    """How much each place of a picture speaks for a code.

    Args:
        encoder: a hash model.
        pixels: uint8 (N, size, size, 3).
        codes: (N, K) of -1 and +1; what is explained is the sum of logits times code.

    Returns:
        (N, size, size), at least 0.

    Raises:
        UsageError: captum is not installed.
        ModelError: a model without maps of features.
    """
    try:
        from captum.attr import LayerGradCam
    except ImportError as error:
        raise UsageError("Expected captum for heatmaps, got none: pip install 'unfind[heatmaps]'.") from error
    images = to_tensor(pixels).to(codes.device)

    def agreement(shown: Tensor) -> Tensor:
        return (encoder.logits(shown) * codes).sum(1)

    # With a gradient at the input there is one at every layer, though no weight asks for any.
    seen = LayerGradCam(agreement, last_map(encoder, images[:1])).attribute(
        images.requires_grad_(), relu_attributions=True
    )
    found: Tensor = F.interpolate(seen.detach(), images.shape[-2:], mode="bilinear", align_corners=False)[:, 0]
    return found.cpu().numpy().astype(np.float32)


def last_map(encoder: Encoder, image: Tensor) -> nn.Module:
    """The last convolution or normalisation that gives a map of more than one place.

    Raises:
        ModelError: there is none.
    """
    found: list[nn.Module] = []

    def note(module: nn.Module, inputs: Any, output: Any) -> None:
        if output.dim() == 4 and min(output.shape[-2:]) > 1:
            found.append(module)

    layers = [one for one in encoder.backbone.modules() if isinstance(one, nn.Conv2d | nn.BatchNorm2d)]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        with torch.no_grad():
            encoder.logits(image)
    finally:
        for hook in hooks:
            hook.remove()
    if not found:
        raise ModelError("Expected a model with maps of features, got one without: take a convolutional backbone.")
    return found[-1]


def heat_rows(grid: RnmGrid) -> tuple[list[dict[str, Any]], dict[str, NDArray[np.uint8]]]:
    """Figure 4: for each backbone, how like the heatmap of a changed photo is to that of the original.

    Returns:
        Rows of one number each: "similarity", the mean correlation of the two heatmaps over photos, and "distance"
        of the codes in bits; and the first photo under each heatmap.
    """
    seed, bits, pictures = grid.request.seeds[0], grid.request.bits[-1], {}
    rows: list[dict[str, Any]] = []
    for backbone in grid.request.heat_backbones:
        trials = grid.trials(seed, bits, backbone=backbone)
        scene, count = trials.scene, min(grid.request.slow, len(trials.scene.images))
        shown = {"original": scene.ground.query.pixels[:count]}
        cloaks = (Mosaic(Pace()), Brightness(Pace()), Transparency(Pace()), Noise(Pace(budget=LOUD)),
                  make_cloak("rnm", grid.pace()))  # fmt: skip
        shown |= {cloak.name: trials.run(cloak, "away", count).pixels for cloak in cloaks}
        maps = {name: heat_of(scene.encoder, pixels, scene.codes_of(pixels)) for name, pixels in shown.items()}
        facts = {"seed": seed, "bits": bits, "backbone": backbone, "source": "measured"}
        for name, pixels in shown.items():
            pictures[f"{short_name(backbone)}\n{name}"] = overlaid(pixels[0], maps[name][0])
            values = {"similarity": likeness(maps["original"], maps[name]), "distance": _bits(scene, pixels)}
            rows += [{**facts, "method": name, "metric": metric, "value": value} for metric, value in values.items()]
    return rows, pictures


def short_name(backbone: str) -> str:
    """A backbone in a caption: "resnet50" of "torchvision:resnet50", "mine" of "my/mine.py:load"."""
    first, _, last = backbone.rpartition(":")
    return Path(first).stem if first.endswith(".py") else last


def likeness(left: NDArray[np.float32], right: NDArray[np.float32]) -> float:
    """The mean correlation of heatmaps (N, H, W) with each other; a flat one is like nothing."""
    pairs = [(a.ravel() - a.mean(), b.ravel() - b.mean()) for a, b in zip(left, right, strict=True)]
    sizes = [float(np.linalg.norm(a) * np.linalg.norm(b)) for a, b in pairs]
    return float(np.mean([a @ b / size if size > 0 else 0.0 for (a, b), size in zip(pairs, sizes, strict=True)]))


def _bits(scene: HashScene, pixels: NDArray[np.uint8]) -> float:
    away = scene.goal("away", "p2s", len(pixels))
    return float(scene.own.shape[1] - distance_of(scene, pixels, away).mean())
