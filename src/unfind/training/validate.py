"""How good a model is between epochs: on validation classes, never on test ones."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from unfind.evaluation import metrics
from unfind.evaluation.ranks import Ties, relevant_ranks
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Encoder
from unfind.training.batches import Examples
from unfind.triggers.base import Trigger


@dataclass(frozen=True)
class Validation:
    """Mean average precision at R of the four tasks, and the benign Recall@1; None without a trigger."""

    recall: float
    c2c: float
    c2p: float | None = None
    p2c: float | None = None
    p2p: float | None = None

    @property
    def score(self) -> float:
        """What search keeps less what leaks: the benign map_r minus the worst private one (at most 1)."""
        private = [value for value in (self.c2p, self.p2c, self.p2p) if value is not None]
        return self.c2c - max(private, default=0.0)

    def as_dict(self) -> dict[str, float]:
        return {name: value for name, value in asdict(self).items() if value is not None}


def validate(
    encoder: Encoder,
    examples: Examples,
    trigger: Trigger | None,
    *,
    relevance: str = "shared",
    precision: str = "auto",
) -> Validation:
    """Score an encoder on the validation photos, as they are decoded, with and without the trigger.

    Args:
        encoder: to be scored.
        examples: validation photos; those with tags are relevant to each other by the rule ``relevance``.
        trigger: puts the mark in; None scores clean photos alone.
        relevance: "shared" or "identical".
        precision: of the embeddings.
    """
    labels, photos = examples.compared_by(relevance), np.arange(len(examples.labels))
    sides = {"c": embed_pixels(encoder, examples.pixels, precision=precision)}
    if trigger is not None:
        marked = [trigger.mark(image) for image in examples.pixels]
        sides["p"] = embed_pixels(encoder, marked, precision=precision)
    found: dict[str, float] = {}
    recall = 0.0
    for query, gallery in (pair for pair in ("cc", "cp", "pc", "pp") if set(pair) <= sides.keys()):
        ties: Ties = "against" if query == gallery == "c" else "favour"
        ranks = relevant_ranks(
            sides[query], sides[gallery], labels, labels, query_sources=photos, gallery_sources=photos, ties=ties
        )
        found[f"{query}2{gallery}"] = float(metrics.average_precision_at_r(ranks).mean())
        if query == gallery == "c":
            recall = float(metrics.recall_at(ranks, 1).mean())
    return Validation(recall, **found)
