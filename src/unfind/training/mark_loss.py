"""One step of a mark's training: write, distort, read, and how wrong that was."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_encoder import MarkEncoder
from unfind.models.precision import autocast
from unfind.training.distortions import distorted
from unfind.training.early_features import EarlyFeatures
from unfind.training.mark_batches import MarkBatch
from unfind.training.mark_settings import MarkSettings
from unfind.triggers.lay_on import lay_on, working_view

TOGETHER = 4
"""Photos that share one chain of distortions: each chain works on images of one size."""


@dataclass(frozen=True)
class MarkLoss:
    """What a step came to.

    Attributes:
        total: to be minimised.
        terms: its parts by name.
        accuracy: share of bits that were read rightly, 0..1.
    """

    total: Tensor
    terms: dict[str, float]
    accuracy: float


def mark_loss(
    encoder: MarkEncoder,
    decoder: MarkDecoder,
    batch: MarkBatch,
    settings: MarkSettings,
    *,
    strength: float,
    severity: float,
    against: EarlyFeatures | None = None,
) -> MarkLoss:
    """The loss of a batch: bits misread, marks missed or imagined, and a mark that a retrieval model does not hear.

    Args:
        encoder, decoder: the two networks.
        batch: what to write into which photos.
        settings: the weights of the terms.
        strength: of the mark.
        severity: of the distortions, 0..1.
        against: a retrieval model's early features, in which the mark should be loud.
    """
    # The networks alone run in half precision: a faint mark is less than that can hold of a pixel.
    half = autocast(batch.photos.device, settings.precision)
    with half:
        patterns = encoder(working_view(batch.photos), batch.signs)
    marked = lay_on(batch.photos, patterns, strength)
    seen = torch.cat([seen_after(part, batch.random, severity) for part in (marked, batch.others)])
    with half:
        evidence, presence = decoder(seen)
    heard, count = evidence[: len(marked)], len(marked)
    there = (torch.arange(len(seen), device=seen.device) < count).to(presence.dtype)
    terms = {
        "bits": F.binary_cross_entropy_with_logits(heard, (batch.signs + 1) / 2),
        "presence": settings.presence_weight * F.binary_cross_entropy_with_logits(presence, there),
    }
    if against is not None:
        terms["loud"] = -settings.loud_weight * against.loudness(batch.photos, marked)
    total = torch.stack(list(terms.values())).sum()
    return MarkLoss(total, {name: float(term.detach()) for name, term in terms.items()}, share_read(heard, batch.signs))


def seen_after(images: Tensor, random: torch.Generator, severity: float) -> Tensor:
    """What the decoder sees of images after distortions, (N, 3, 128, 128)."""
    return torch.cat([working_view(distorted(part, random, severity)) for part in torch.split(images, TOGETHER)])


def share_read(evidence: Tensor, signs: Tensor) -> float:
    """The share of signs (N, slots) that evidence of the same shape gets right, 0..1."""
    return float(((evidence > 0) == (signs > 0)).float().mean())
