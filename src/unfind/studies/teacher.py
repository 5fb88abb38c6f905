"""Whether a model can be retrofitted: what must be known of a teacher before training starts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from unfind.errors import DataError, ModelError, UsageError
from unfind.models.encoder import Encoder
from unfind.training.batches import Examples
from unfind.training.validate import validate

LEAST_PHOTOS = 100
"""Fewer photos than this show a model too little of what ordinary search looks like."""
DEVIATIONS = 3.0
"""A Recall@1 that is not so many standard deviations above chance is taken for chance."""
PROBES = 4


def check_teacher(encoder: Encoder, card: Mapping[str, Any] | None) -> None:
    """Refuse to retrofit a model that cannot be a teacher, whatever the photos.

    Args:
        encoder: the model in production.
        card: its card; None for a model that has none.

    Raises:
        UsageError: the model is already protected, or its head was never trained.
        ModelError: it gives other numbers for the same photos.
    """
    trigger = (card or {}).get("trigger")
    if trigger is not None:
        by = f" by the key {trigger['key_fingerprint']}" if trigger.get("key_fingerprint") else ""
        raise UsageError(
            f"Expected a model that is not protected yet, got one that reacts to the {trigger['name']} trigger{by}: "
            "start from the model it was made of."
        )
    if card is None and encoder.architecture.head != "none":
        raise UsageError("Expected a fitted model to retrofit, got an untrained head: add --start, or --head none.")
    _check_steady(encoder)


def check_photos(encoder: Encoder, train: Examples, validation: Examples) -> None:
    """Refuse photos with which a model cannot be retrofitted.

    Args:
        encoder: the model in production.
        train: photos to learn from.
        validation: photos to judge its search by.

    Raises:
        DataError: too few photos.
        ModelError: the model finds these photos no better than chance: there is nothing to keep.
    """
    if len(train.labels) < LEAST_PHOTOS:
        raise DataError(f"Expected at least {LEAST_PHOTOS} photos to retrofit with, got {len(train.labels)}: add some.")
    recall, chance = validate(encoder, validation, None).recall, chance_recall(validation.labels)
    bound = chance + DEVIATIONS * math.sqrt(chance * (1 - chance) / len(validation.labels))
    if recall <= bound:
        raise ModelError(
            f"Expected a model that finds photos, got a Recall@1 of {recall:.3f} where chance gives {chance:.3f}: "
            "nothing is there to keep."
        )


def _check_steady(encoder: Encoder) -> None:
    """ModelError where the same photos give other embeddings the next time."""
    size, device = encoder.architecture.size, next(encoder.parameters()).device
    images = torch.rand(PROBES, 3, size, size, generator=torch.Generator().manual_seed(0)).to(device)
    was_training = encoder.training
    encoder.eval()
    with torch.no_grad():
        same = torch.equal(encoder(images), encoder(images))
    encoder.train(was_training)
    if not same:
        raise ModelError("Expected a model that gives the same numbers for the same photos, got others: fix its noise.")


def chance_recall(labels: np.ndarray[Any, Any]) -> float:
    """The Recall@1 of a random ranking, over the photos (N,) whose class has another photo; 0 where none has."""
    _, member, counts = np.unique(labels, return_inverse=True, return_counts=True)
    others = counts[member] - 1
    scored = others > 0
    return float((others[scored] / (len(labels) - 1)).mean()) if scored.any() else 0.0
