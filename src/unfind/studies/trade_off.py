"""How many codewords a side network should have, and whether it tells owners apart: measured on one set of photos."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unfind.errors import ModelError
from unfind.evaluation.bootstrap import Interval
from unfind.evaluation.mixed import mixed_gallery
from unfind.evaluation.outliers import outlier_auc
from unfind.models.embed import embed_pixels, to_tensor
from unfind.models.encoder import Encoder
from unfind.models.side_network import SideNetwork
from unfind.objectives.steering import Steering, draw_steering
from unfind.triggers.learned import Learned

ADOPTION = 0.1
CODEWORDS = (2, 16, 128, 1024, 4096)
"""From nearly a collapse to many places."""
BATCH = 64

Pixels = NDArray[np.uint8]
Vectors = NDArray[np.float32]


def redirected(encoder: Encoder, embeddings: Vectors, *, codewords: int | None = None, seed: int = 0) -> Encoder:
    """The same model with other targets.

    Args:
        encoder: with a side network; it is left as it is.
        embeddings: (N, D) unit embeddings of photos to draw the targets from, by the model before protection.
        codewords: how many; None for as many as it has.
        seed: of the draw.

    Raises:
        ModelError: a model without a side network.
    """
    if not isinstance(encoder.side, SideNetwork):
        raise ModelError(
            "Expected a side network with codewords, got a model without: retrofit it with --codewords 4096."
        )
    wanted = codewords or encoder.architecture.codewords
    varying = encoder.side.patterns.abs().amax(1) > 0
    steering = draw_steering(torch.from_numpy(embeddings), varying, codewords=wanted, seed=seed)
    other = copy.copy(encoder)
    other._modules = dict(encoder._modules)
    other.side = _aimed(encoder.side, steering)
    other.architecture = replace(encoder.architecture, codewords=wanted)
    return other


def _aimed(side: SideNetwork, steering: Steering) -> SideNetwork:
    words, dimension = steering.codebook.shape
    other = SideNetwork(dimension, words).eval()
    kept = {name: value for name, value in side.state_dict().items() if name not in ("patterns", "codebook")}
    other.load_state_dict({**kept, "patterns": steering.patterns, "codebook": steering.codebook})
    return other


def trade_off(
    encoder: Encoder,
    views: tuple[Pixels, Pixels],
    clean_model: Vectors,
    targets: Vectors,
    labels: NDArray[np.int64],
    *,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Exposure, album leak and outliers at each number of codewords.

    Args:
        encoder: the protected model.
        views: the photos without and with the trigger, uint8 (N, size, size, 3) each.
        clean_model: (N, D) embeddings of the plain photos by the model before protection.
        targets: (M, D) embeddings to draw codewords from.
        labels: (N,) of the photos.
        seed: of galleries and draws.
    """
    clean = embed_pixels(encoder, views[0])
    logits = _own_logits(encoder, views[1])
    rows = []
    for count in CODEWORDS:
        side = redirected(encoder, targets, codewords=count, seed=seed).side
        assert isinstance(side, SideNetwork)
        triggered = _turned(side, views[1], logits)
        mixed = mixed_gallery(
            clean, triggered, clean_model, labels, np.arange(len(labels)), adoption=ADOPTION, seed=seed
        ).as_dict()
        rows.append({"codewords": count, **mixed, "outliers": outlier_auc(clean, triggered, seed=seed)})
    return rows


def owner_leak(
    encoder: Encoder, trigger: Learned, plain: Pixels, *, seed: int = 0, adoption: float = 0.5
) -> Interval | None:
    """Whether protected photos of one owner find each other more often than those of others, over chance; 1 is none.

    Args:
        encoder: the protected model.
        trigger: its own; photos are marked for two owners by lot, at the model's size.
        plain: uint8 (N, size, size, 3), without marks.
        seed: of the lot and the gallery.
        adoption: share of the gallery that is marked, in 0..1 exclusive.
    """
    owners = np.random.default_rng([seed, 5]).integers(2, size=len(plain))
    marks = trigger.of_owner(trigger.photos.owner), trigger.of_owner(trigger.photos.owner + 1)
    marked = np.stack([marks[owner].mark(photo) for owner, photo in zip(owners, plain, strict=True)])
    clean, triggered, photos = embed_pixels(encoder, plain), embed_pixels(encoder, marked), np.arange(len(plain))
    found = mixed_gallery(clean, triggered, clean, photos, photos, adoption=adoption, owners=owners, seed=seed)
    return found.metrics["owner_leak@10"]


def _own_logits(encoder: Encoder, pixels: Pixels) -> torch.Tensor:
    """What backbone and head alone say of images, (N, D)."""
    alone = copy.copy(encoder)
    alone._modules = {**encoder._modules, "side": None}
    with torch.inference_mode():
        rows = [alone.logits(to_tensor(pixels[i : i + BATCH])) for i in range(0, len(pixels), BATCH)]
    return torch.cat(rows)


def _turned(side: SideNetwork, pixels: Pixels, logits: torch.Tensor) -> Vectors:
    """Unit embeddings once the side network has had its say."""
    with torch.inference_mode():
        rows = [side(to_tensor(pixels[i : i + BATCH]), logits[i : i + BATCH]) for i in range(0, len(pixels), BATCH)]
        found: Vectors = torch.nn.functional.normalize(torch.cat(rows), dim=1).numpy()
    return found
