"""The model, or the models, that photos are cloaked against, from their run folders."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor

from unfind.cloaks.goal import Kind
from unfind.cloaks.victim import Ensemble, Victim
from unfind.errors import UsageError
from unfind.models.encoder import Encoder
from unfind.models.weights import fingerprint_of, load_encoder


@dataclass(frozen=True)
class SeenBy:
    """What photos are cloaked against.

    Attributes:
        victim: images (N, 3, side, side) in [0, 1] to logits or embeddings, of all models side by side.
        side: the largest input of the models; a perturbation is made at this size.
        hashes: whether every model gives codes of its own.
        names: the run folders.
        fingerprints: of the models' weights.
    """

    victim: Victim
    side: int
    hashes: bool
    names: tuple[str, ...]
    fingerprints: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """What such models give of themselves."""
        return "code" if self.hashes else "embedding"


def load_victims(runs: Sequence[Path], *, backbone: str | None = None) -> SeenBy:
    """Load models to cloak against.

    Args:
        runs: run folders; several make an ensemble, of hash models only or of embedding models only.
        backbone: the Python file that makes their backbone, where it is the user's own.

    Raises:
        UsageError: no folder, or models of both kinds.
        ModelError: a folder without a model.
    """
    if not runs:
        raise UsageError("Expected a model to cloak against, got none: name a run folder with --against.")
    loaded = [load_encoder(run, backbone=backbone) for run in runs]
    encoders = [encoder.eval().requires_grad_(False) for encoder, _ in loaded]
    kinds = {encoder.architecture.hashes for encoder in encoders}
    if len(kinds) > 1:
        raise UsageError("Expected models of one kind, got hash models and embedding models: cloak against one kind.")
    return SeenBy(
        Ensemble([Sight(encoder) for encoder in encoders]),
        max(encoder.architecture.size for encoder in encoders),
        kinds.pop(),
        tuple(str(run) for run in runs),
        tuple(fingerprint_of(card) for _, card in loaded),
    )


class Sight:
    """What one model makes of images of any size: logits of a hash head, or an embedding of length sqrt(D).

    An embedding of that length has values around 1, as logits of a code have. Its signs are a code too, so that the
    methods for codes work against models without a hash head.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.length = 1.0 if encoder.architecture.hashes else math.sqrt(encoder.architecture.dimension)

    def __call__(self, images: Tensor) -> Tensor:
        size = self.encoder.architecture.size
        if images.shape[-1] != size:
            images = F.interpolate(images, (size, size), mode="bilinear", antialias=True, align_corners=False)
        return self.length * self.encoder.learnable(images)
