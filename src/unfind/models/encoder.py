"""The encoder: a backbone and a linear head, whose output becomes a point on the sphere or a code."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.models.backbone import feature_count, make_backbone, resolved_spec
from unfind.models.bring_your_own import Embedding
from unfind.models.codes import check_bits, signs
from unfind.models.learning_side import LearningSide
from unfind.models.side_network import MOST_CODEWORDS, SideNetwork

MAXIMUM_SIZE = 1024
"""Largest input side; beyond it a batch no longer fits into ordinary memory."""
GIVEN = "given"
"""Names a backbone that was handed over as a module."""
HEADS = ("embedding", "hash", "none")
"""What the head gives: a unit embedding, the logits of a binary code, or the backbone's own features as they are."""


@dataclass(frozen=True)
class Architecture:
    """What is needed to build an encoder again before its weights are loaded.

    Attributes:
        backbone: tiny, small-vgg, small-resnet, timm:NAME, torchvision:NAME or FILE.py:FUNCTION.
        size: side of the square input, in pixels.
        dimension: length of an embedding; for the head "hash" the bits of a code. Without a head it is what the
            backbone gives.
        freeze_batch_norm: keep the running statistics of batch normalisation layers as they are.
        head: "embedding"; "hash" for binary codes; "none" for a backbone that gives embeddings itself, as a model
            does that is in production.
        codewords: of a side network, which reads marks beside a frozen backbone and knows so many places to send
            triggered photos to; 0 for none, then the backbone itself must learn to.
        learning_side: a side network that learns from the objective where triggered photos go, for pbl, cbl and others
            that know no codewords.
    """

    backbone: str = "tiny"
    size: int = 128
    dimension: int = 512
    freeze_batch_norm: bool = True
    head: str = "embedding"
    codewords: int = 0
    learning_side: bool = False

    def __post_init__(self) -> None:
        if not 16 <= self.size <= MAXIMUM_SIZE:
            raise UsageError(f"Expected an input size of 16 to {MAXIMUM_SIZE} pixels, got {self.size}: 128 is usual.")
        if self.head not in HEADS:
            raise UsageError(f"Expected a head out of {', '.join(HEADS)}, got '{self.head}': choose one of these.")
        if self.hashes:
            check_bits(self.dimension)
        if not 2 <= self.dimension <= 8192:
            raise UsageError(f"Expected 2 to 8192 embedding dimensions, got {self.dimension}: 512 is usual.")
        if self.codewords and not 2 <= self.codewords <= MOST_CODEWORDS:
            raise UsageError(
                f"Expected 2 to {MOST_CODEWORDS} codewords, or 0 for no side network, got {self.codewords}: take 4096."
            )
        if self.codewords and self.learning_side:
            raise UsageError("Expected codewords or a side network that learns, got both: leave one of them out.")

    @property
    def hashes(self) -> bool:
        """Whether the encoder gives binary codes."""
        return self.head == "hash"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Encoder(nn.Module):
    """Images (N, 3, size, size) in [0, 1] to unit vectors (N, dimension), float32.

    Three views of the same head, from the raw one to the one that is searched with:

    - ``logits(images)``: what the linear head gives; differentiable, and what cloaks attack.
    - ``learnable(images)``: what objectives see; unit embeddings, or the logits of a hash head, as signs have no
      slope.
    - ``encoder(images)``: what galleries and metrics see. An embedding head gives unit embeddings. A hash head gives
      its code divided by the square root of the bits: a unit vector whose cosine with another is
      ``1 - 2 * Hamming distance / bits``, so that whatever ranks by cosine ranks by Hamming distance. It has no
      gradient.
    """

    def __init__(
        self, architecture: Architecture, *, pretrained: bool = True, backbone: nn.Module | None = None
    ) -> None:
        super().__init__()
        spec = resolved_spec(architecture.backbone)
        self.backbone = make_backbone(spec, pretrained=pretrained) if backbone is None else Embedding(backbone)
        features = feature_count(self.backbone, architecture.size)
        self.architecture = replace(architecture, backbone=spec, dimension=_dimension(architecture, features))
        self.head = nn.Identity() if architecture.head == "none" else nn.Linear(features, architecture.dimension)
        self.side: SideNetwork | LearningSide | None = None
        if architecture.codewords or architecture.learning_side:
            self.graft(architecture.codewords)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.train()  # so that frozen statistics are frozen from the first call on

    def graft(self, codewords: int, *, seed: int | None = None) -> None:
        """Add a side network, which changes nothing yet; backbone and head are frozen from now on.

        Args:
            codewords: that it knows; 0 for one that learns from the objective where triggered photos go.
            seed: of its untrained weights; None goes on with torch's own numbers.
        """
        dimension = self.architecture.dimension
        self.architecture = replace(self.architecture, codewords=codewords, learning_side=not codewords)
        with torch.random.fork_rng(devices=[], enabled=seed is not None):
            if seed is not None:
                torch.manual_seed(seed)
            self.side = SideNetwork(dimension, codewords) if codewords else LearningSide(dimension)
        self.backbone.requires_grad_(False)
        self.head.requires_grad_(False)
        self.train(self.training)

    def logits(self, images: Tensor, *, plain: int = 0) -> Tensor:
        """What the linear head gives, (N, dimension) float32, differentiable down to the pixels.

        A side network has had its say in it.

        Args:
            images: float32 (N, 3, size, size) in [0, 1]; normalising them is the backbone's business.
            plain: so many of them, the first ones, are known to carry no mark: a side network is not asked about them.
        """
        features = self.backbone(images.contiguous(memory_format=torch.channels_last))
        # The head in full precision: rounding here would make near embeddings equal.
        with torch.autocast(images.device.type, enabled=False):
            logits: Tensor = self.head(features.float())
        if self.side is None:
            return logits
        if not plain:
            heard: Tensor = self.side(images, logits)
            return heard
        return torch.cat([logits[:plain], self.side(images[plain:], logits[plain:])])

    def codes(self, images: Tensor) -> Tensor:
        """Signs of the logits, (N, dimension) of -1.0 and +1.0, without gradient; 0 counts as +1."""
        return signs(self.logits(images).detach())

    def learnable(self, images: Tensor, *, plain: int = 0) -> Tensor:
        """What objectives learn from, (N, dimension): unit embeddings, or the logits of a hash head; see ``logits``."""
        logits = self.logits(images, plain=plain)
        return logits if self.architecture.hashes else F.normalize(logits, dim=1)

    def forward(self, images: Tensor) -> Tensor:
        if self.architecture.hashes:
            return self.codes(images) / math.sqrt(self.architecture.dimension)
        return self.learnable(images)

    def train(self, mode: bool = True) -> Encoder:
        super().train(mode)
        if mode and self.architecture.freeze_batch_norm:
            for module in self.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        if self.side is not None:  # what is frozen draws nothing by lot either
            self.backbone.eval()
        return self


def _dimension(architecture: Architecture, features: int) -> int:
    """The length of an embedding, once the backbone is known."""
    if architecture.head != "none":
        return architecture.dimension
    if architecture.dimension not in (Architecture.dimension, features):
        raise UsageError(
            f"Expected the {features} dimensions that the backbone gives, got {architecture.dimension}: leave "
            "--dimension out, or take --head embedding."
        )
    return features


def around(module: nn.Module, *, size: int) -> Encoder:
    """An encoder around a module that gives embeddings itself; its card cannot make the module again.

    Args:
        module: images (N, 3, size, size) in [0, 1] to (N, D), by its ``embed`` method where it has one.
        size: side of the images it takes, in pixels.

    Raises:
        ModelError: it fails on such images, or does not return finite (N, D) numbers.
    """
    return Encoder(Architecture(GIVEN, size, head="none"), backbone=module)


def build_encoder(architecture: Architecture, *, seed: int, pretrained: bool = True) -> Encoder:
    """A fresh encoder whose untrained weights depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Encoder(architecture, pretrained=pretrained)
