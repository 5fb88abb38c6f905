"""How well a hash model searches: the figures of hashing papers, and what their rules for ties hide."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.split import Split
from unfind.errors import DataError, UsageError
from unfind.evaluation.bootstrap import Column, Interval, mean_interval
from unfind.evaluation.hash_map import hash_map, hash_scores
from unfind.evaluation.metrics import average_precision
from unfind.evaluation.ranks import Ranks, Ties, rank_blocks
from unfind.evaluation.relevance import Relevance
from unfind.evaluation.tie_aware import expected_average_precision
from unfind.models.codes import pack
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Encoder
from unfind.objectives.relevant_pairs import check_rule
from unfind.studies.material import prepare
from unfind.studies.progress import Progress, silent
from unfind.training.batches import Examples

TIES: tuple[Ties, Ties] = ("favour", "against")
BATCH = 256
"""Images embedded at once; those of hashing benchmarks are small."""


def hash_search(
    encoder: Encoder,
    split: Split,
    *,
    cutoff: int | None = None,
    relevance: str = "shared",
    queries: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Search the database of a split with its queries.

    Args:
        encoder: with a hash head.
        split: with a database, as all data sets for hashing have.
        cutoff: R of MAP@R, beside that over the whole ranking; None leaves it out.
        relevance: "shared" or "identical", for photos with several tags.
        queries: how many are drawn by lot; None takes all.
        seed: of the draw and of the intervals.
        progress: told where it stands.

    Returns:
        "map_expected": over all orders of items that tie, the fair figure; "map_favour" and "map" are its extremes, the
        latter with every tie against the query, as the strict protocol has it. With a cutoff the names of
        `evaluation.hash_map` as well. Each has its 95 % interval. Beside them "bits", "n_query", "n_gallery",
        "distinct_codes" of the database, and "chance", the MAP of a ranking drawn by lot.

    Raises:
        UsageError: not a hash model, an unknown rule, or a number of queries below 1.
        DataError: a split without a database.
        EvaluationError: no query has anything to find.
    """
    check_rule(relevance)
    if not encoder.architecture.hashes:
        raise UsageError("Expected a hash model, got one with an embedding head: train it with --bits.")
    if split.gallery is None:
        raise DataError(f"Expected a database in {split.test.name}, got none: take a data set for hashing.")
    size = encoder.architecture.size
    query = _some(prepare(split.test, size, progress=progress).examples, queries, seed)
    gallery = prepare(split.gallery, size, progress=progress).examples
    rows, items = (_embed(encoder, part, name, progress) for part, name in ((query, "queries"), (gallery, "database")))
    labels = query.compared_by(relevance), gallery.compared_by(relevance)
    relevant = Relevance.build(*labels, n_query=len(rows), n_gallery=len(items))
    return {
        **_figures(rows, items, relevant, cutoff, seed),
        "bits": encoder.architecture.dimension,
        "n_query": len(rows),
        "n_gallery": len(items),
        "distinct_codes": len(np.unique(pack(items), axis=0)),
    }


def _figures(
    rows: NDArray[np.float32], items: NDArray[np.float32], relevant: Relevance, cutoff: int | None, seed: int
) -> dict[str, Interval | float | None]:
    both = zip(*(rank_blocks(rows, items, relevant, ties=ties) for ties in TIES), strict=True)
    parts = [_block(favour, against, cutoff) for favour, against in both]
    scores = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    figures: dict[str, Interval | float | None] = {**hash_map(scores, cutoff, seed=seed)}
    for name in ("map_expected", "map_favour", *((f"map@{cutoff}_expected",) if cutoff is not None else ())):
        figures[name] = mean_interval(scores[name], seed=seed)
    return {**figures, "chance": float(scores["chance"].mean())}


def _block(favour: Ranks, against: Ranks, cutoff: int | None) -> dict[str, Column]:
    """The scores of some queries; their ranks are not kept, as large classes would not fit into memory."""
    return {
        **hash_scores([against], cutoff),
        "map_expected": expected_average_precision(favour, against),
        f"map@{cutoff}_expected": expected_average_precision(favour, against, cutoff),
        "map_favour": average_precision(favour),
        "chance": (favour.relevant / favour.candidates)[favour.scored],
    }


def _some(examples: Examples, count: int | None, seed: int) -> Examples:
    """A number of the queries, drawn by lot."""
    if count is None:
        return examples
    if count < 1:
        raise UsageError(f"Expected at least 1 query, got {count}: 500 is usual.")
    chosen = np.sort(np.random.default_rng(seed).permutation(len(examples.labels))[:count])
    tags = None if examples.tags is None else examples.tags[chosen]
    return Examples(examples.pixels[chosen], examples.labels[chosen], tags)


def _embed(encoder: Encoder, examples: Examples, name: str, progress: Progress) -> NDArray[np.float32]:
    tell = partial(_tell, progress, f"hash {name}", len(examples.labels))
    return embed_pixels(encoder, examples.pixels, batch=BATCH, on_progress=tell)


def _tell(progress: Progress, stage: str, total: int, done: int) -> None:
    progress(stage, done, total)
