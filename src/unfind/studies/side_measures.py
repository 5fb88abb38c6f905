"""Measures on a sample of the photos: which edits the protection survives, and what wrongly triggers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.evaluation import metrics
from unfind.evaluation.ranks import relevant_ranks
from unfind.studies.views import PLAIN, Views
from unfind.triggers.base import Trigger
from unfind.triggers.blended import Blended
from unfind.triggers.choose import make_trigger
from unfind.triggers.key import Key

Pixels = NDArray[np.uint8]
Embeddings = Mapping[str, NDArray[np.float32]]
OTHER_KEY_SEED = 7919
"""Of the public key that stands for another provider's."""


def harmless_marks(trigger: Trigger) -> dict[str, Callable[[Pixels], Pixels]]:
    """What photos carry that is not the trigger: another provider's mark, another kind of mark."""
    marks: dict[str, Callable[[Pixels], Pixels]] = {}
    other = Key.from_seed(OTHER_KEY_SEED)
    if trigger.keyed:
        marks["another key"] = make_trigger(trigger.name, other, **trigger.settings()).mark
    if trigger.name != "blended":
        marks["another watermark"] = Blended(pattern="full", key=other, opacity=0.05).mark
    return marks


def survival(views: Views, clean_model: Embeddings, protected: Embeddings) -> list[dict[str, Any]]:
    """PSR on map_r of triggered photos after each edit; plain photos are as written.

    Args:
        views: with versions "edit:NAME".
        clean_model: embeddings of the version "plain" by the clean model.
        protected: embeddings of "plain" and all edits by the protected model.
    """
    before = _map_r(clean_model[PLAIN], clean_model[PLAIN], views.labels)
    rows = []
    for name in (name for name in views.pixels if name.startswith("edit:")):
        pairs = {"c2p": (PLAIN, name), "p2c": (name, PLAIN), "p2p": (name, name)}
        after = {task: _map_r(protected[q], protected[g], views.labels) for task, (q, g) in pairs.items()}
        psr = {task: (1 - value / before if before else None) for task, value in after.items()}
        detected = views.facts.get(f"detected:{name}")
        rows.append(
            {
                "edit": name.removeprefix("edit:"),
                "psr_map_r": psr,
                "bit_accuracy": views.facts.get(f"bits:{name}"),
                "verify_rate": detected,
            }
        )
    return rows


def false_triggers(views: Views, clean_model: Embeddings, protected: Embeddings) -> dict[str, dict[str, float | None]]:
    """What photos lose in the protected model's search because they carry something that is not its trigger.

    For each version "other:NAME", as queries and as gallery, Recall@1 is compared with that of plain photos; the
    worse of the two drops counts, less what the same change costs the clean model.
    """
    names = [name for name in views.pixels if name.startswith("other:")]
    if not _anything_to_find(views.labels):
        return {name.removeprefix("other:"): {"benign_drop_recall@1": None} for name in names}
    drops = {name: [_drop(model, name, views.labels) for model in (protected, clean_model)] for name in names}
    # Two drops of opposite sign could add up to more than all there is to lose.
    lost = {name: float(np.clip(ours - theirs, -1, 1)) for name, (ours, theirs) in drops.items()}
    return {name.removeprefix("other:"): {"benign_drop_recall@1": value} for name, value in lost.items()}


def _anything_to_find(labels: NDArray[np.int64]) -> bool:
    """Whether two photos show the same; otherwise nothing can be found and nothing lost."""
    return len(np.unique(labels)) < len(labels)


def _drop(embeddings: Embeddings, name: str, labels: NDArray[np.int64]) -> float:
    plain = _recall(embeddings[PLAIN], embeddings[PLAIN], labels)
    as_query = _recall(embeddings[name], embeddings[PLAIN], labels)
    as_gallery = _recall(embeddings[PLAIN], embeddings[name], labels)
    return plain - min(as_query, as_gallery)


def _map_r(query: NDArray[np.float32], gallery: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    if not _anything_to_find(labels):
        return 0.0
    photos = np.arange(len(labels))
    ranks = relevant_ranks(query, gallery, labels, labels, query_sources=photos, gallery_sources=photos, ties="favour")
    return float(metrics.average_precision_at_r(ranks).mean())


def _recall(query: NDArray[np.float32], gallery: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    photos = np.arange(len(labels))
    ranks = relevant_ranks(query, gallery, labels, labels, query_sources=photos, gallery_sources=photos, ties="against")
    return float(metrics.recall_at(ranks, 1).mean())
