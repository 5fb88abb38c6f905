"""A gallery in which only some photos carry the trigger, as in every real one.

Some photos of the gallery are triggered, the rest are clean. Four questions, each a count over what it is
compared with, summed over the queries before dividing:

- exposure@k: relevant triggered items that clean queries find in their top k on the protected model, over
  what the clean model finds of the very same items when they are not triggered. 0 hides them, 1 hides
  nothing.
- album_leak@k: other triggered items in the top k of a triggered query, over what a ranking drawn by lot
  would put there. 1 leaks nothing; 1 / adoption hands out the album.
- owner_leak@k: in a gallery of triggered items only, those of the same owner (or key) in the top k of a
  triggered query, over what a ranking drawn by lot would put there. It tells owners apart even where the
  album stays shut.
- benign_recall@1: whether the best item for a clean photo nobody triggered is a clean one of its class.
  Triggered items of its class are left out, neither right nor wrong, so that adoption alone costs nothing.

The query's own photo and its twin are left out by source everywhere. Ties are resolved so that no leak is
understated and no use overstated: for the triggered items on the protected model, against everything else.

Photos are drawn without regard to class. Drawing the same share of each class would leave fewer triggered
items in a triggered query's own class than elsewhere, and put the album leak of an innocent model below 1.
Where a draw triggers only a few photos, what is found of them is an accident; several draws are then taken together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import EvaluationError
from unfind.evaluation.bootstrap import RESAMPLES, Interval, mean_interval, ratio_interval
from unfind.evaluation.checks import (
    Floats,
    Ids,
    check_count,
    check_embeddings,
    check_fraction,
    check_ids,
    check_pair,
)
from unfind.evaluation.ranks import Ties, rank_blocks
from unfind.evaluation.relevance import Relevance

Mask = NDArray[np.bool_]
Counts = NDArray[np.float64]
Pairs = dict[int, tuple[Counts, Counts]]  # {k: (found, compared with), per query}
Answers = dict[str, tuple[Mask, Counts, Counts]]  # {"exposure@10": (which photos are queries, found, compared with)}

ENOUGH = 100
"""Triggered photos, over all draws, of which a share is said."""
BENIGN = "benign_recall@1"


@dataclass(frozen=True)
class MixedResult:
    """The mixed gallery at one adoption.

    Args:
        adoption: the fraction asked for, in 0..1.
        n_triggered: triggered photos in the gallery, at each draw.
        n_gallery: photos in the gallery.
        metrics: {"exposure@10": value and interval ...}; None where the question has no answer, such
            as the exposure of items that the clean model does not find either.

    Raises:
        EvaluationError: a number below 0, or more triggered photos than photos.
    """

    adoption: float
    n_triggered: int
    n_gallery: int
    metrics: Mapping[str, Interval | None]

    def __post_init__(self) -> None:
        check_fraction(self.adoption, "adoption")
        check_fraction(self.n_triggered / check_count(self.n_gallery, "n_gallery"), "n_triggered")
        for name, found in self.metrics.items():
            if found is not None and not 0.0 <= found["low"] <= found["high"]:
                raise EvaluationError(f"{name}: expected 0 <= low <= high, got {found}; recompute the interval.")

    def as_dict(self) -> dict[str, float | Interval | None]:
        """One entry of the report's `mixed` list, ready for JSON."""
        return {"adoption": self.adoption, "n_triggered": self.n_triggered, **self.metrics}

    def __str__(self) -> str:
        values = "  ".join(f"{name} {_shown(found)}" for name, found in self.metrics.items())
        return f"adoption {100 * self.adoption:g} %  triggered {self.n_triggered}/{self.n_gallery}  {values}"


def draws_for(n: int, adoption: float, *, enough: int = ENOUGH) -> int:
    """How often to draw, so that ``enough`` triggered photos are seen in a gallery of ``n``; at least once."""
    return max(1, math.ceil(enough / max(1, round(adoption * n))))


def choose_triggered(n: int, adoption: float, *, seed: int | Sequence[int] = 0) -> Mask:
    """Draw which photos of a gallery are triggered, each with the same chance.

    Args:
        n: photos in the gallery.
        adoption: fraction to trigger, in 0..1 exclusive; rounded to a whole number of photos, at least one of
            each.
        seed: of the drawing; a larger adoption keeps the photos of a smaller one.

    Raises:
        EvaluationError: fewer than two photos, or an adoption that is no fraction strictly between 0 and 1.
    """
    if check_count(n, "n") < 2 or not 0.0 < adoption < 1.0:
        raise EvaluationError(
            f"adoption: expected a fraction between 0 and 1 of at least two photos, got {adoption} of {n}; "
            "a mixed gallery holds both kinds."
        )
    count = min(max(round(adoption * n), 1), n - 1)
    chosen = np.zeros(n, dtype=np.bool_)
    chosen[np.random.default_rng(seed).permutation(n)[:count]] = True
    return chosen


def mixed_gallery(
    clean: ArrayLike,
    triggered: ArrayLike,
    clean_model: ArrayLike,
    labels: ArrayLike,
    sources: ArrayLike,
    *,
    adoption: float,
    ks: Sequence[int] = (10,),
    owners: ArrayLike | None = None,
    seed: int = 0,
    draws: int = 1,
    resamples: int = RESAMPLES,
    chunk: int | None = None,
) -> MixedResult:
    """Measure the mixed gallery at one adoption.

    Args:
        clean: (N, D) the protected model's L2-normalised embeddings of the photos without the trigger.
        triggered: (N, D) the protected model's, of the same photos with it.
        clean_model: (N, E) the clean model's, of the same photos without it.
        labels: (N,) integers or strings.
        sources: (N,) identity of each photo.
        adoption: fraction of the photos that are triggered in the gallery, in 0..1 exclusive.
        ks: how far down a ranking is looked at.
        owners: (N,) whose photo, or under whose key; None leaves owner_leak out.
        seed: of the choice of photos and of the resampling.
        draws: choices of photos whose counts are added up before anything is divided, see ``draws_for``.
        resamples: replicates behind each interval; photos are resampled, with all that they found in any draw.
        chunk: queries per block; it changes no number.

    Raises:
        EvaluationError: an array that cannot be scored; the message names the argument.
    """
    for k in ks:
        check_count(k, "ks")
    check_count(draws, "draws")
    first = _Scene.build(clean, triggered, clean_model, labels, sources, owners, adoption, seed, chunk)
    n = len(first.chosen)
    others = (choose_triggered(n, adoption, seed=(seed, draw)) for draw in range(1, draws))
    counts = _added_up([first, *(replace(first, chosen=chosen) for chosen in others)], ks)
    hits, asked = counts.pop(BENIGN)
    found = {name: ratio_interval(*pair, resamples=resamples, seed=seed) for name, pair in counts.items()}
    shares = hits[asked > 0] / asked[asked > 0]
    found[BENIGN] = mean_interval(shares, resamples=resamples, seed=seed) if len(shares) else None
    return MixedResult(adoption, int(first.chosen.sum()), n, found)


def _added_up(scenes: Sequence[_Scene], ks: Sequence[int]) -> dict[str, tuple[Counts, Counts]]:
    """For each question and each photo that is a query in any draw: what it finds, and what that is compared with."""
    sums: dict[str, Counts] = {}  # (3, N): found, compared with, draws in which the photo is a query
    for scene in scenes:
        for name, (queries, top, bottom) in scene.answers(ks).items():
            sums.setdefault(name, np.zeros((3, len(queries))))[:, queries] += np.stack([top, bottom, np.ones(len(top))])
    return {name: (top[asked > 0], bottom[asked > 0]) for name, (top, bottom, asked) in sums.items()}


@dataclass(frozen=True, eq=False)
class _Scene:
    """The photos, and which of them the gallery holds with the trigger."""

    clean: Floats
    triggered: Floats
    clean_model: Floats
    labels: Ids
    sources: Ids
    owners: Ids | None
    chosen: Mask
    chunk: int | None

    @classmethod
    def build(
        cls,
        clean: ArrayLike,
        triggered: ArrayLike,
        clean_model: ArrayLike,
        labels: ArrayLike,
        sources: ArrayLike,
        owners: ArrayLike | None,
        adoption: float,
        seed: int,
        chunk: int | None,
    ) -> _Scene:
        rows, marked = check_embeddings(clean, "clean"), check_embeddings(triggered, "triggered")
        reference = check_embeddings(clean_model, "clean_model")
        n = len(rows)
        _check_same_photos(n, {"triggered": marked, "clean_model": reference})
        check_pair(marked, rows, ("triggered", "clean"))
        return cls(
            rows,
            marked,
            reference,
            check_ids(labels, "labels", n),
            check_ids(sources, "sources", n),
            None if owners is None else check_ids(owners, "owners", n),
            choose_triggered(n, adoption, seed=seed),
            chunk,
        )

    @property
    def gallery(self) -> Floats:
        """(N, D) the protected model's embeddings of the mixed gallery."""
        return np.where(self.chosen[:, None], self.triggered, self.clean)

    def answers(self, ks: Sequence[int]) -> Answers:
        """All questions that can be asked of this draw."""
        everybody = np.full(len(self.chosen), True)
        asked: list[tuple[str, Mask, Pairs]] = [
            ("exposure", everybody, self.exposure(ks)),
            ("album_leak", self.chosen, self.album_leak(ks)),
        ]
        if self.owners is not None:
            asked.append(("owner_leak", self.chosen, self.owner_leak(ks, self.owners)))
        found: Answers = {f"{name}@{k}": (who, *pair) for name, who, pairs in asked for k, pair in pairs.items()}
        return {**found, BENIGN: (~self.chosen, *self.benign_hits())}

    def exposure(self, ks: Sequence[int]) -> Pairs:
        """Triggered items that each clean query finds, and those that the clean model finds."""
        relevance = self._relevance(np.full(len(self.chosen), True), self.labels, wanted=self.chosen)
        protected = _Found.of(self.clean, self.gallery, relevance, ks, "favour", self.chunk)
        reference = _Found.of(self.clean_model, self.clean_model, relevance, ks, "against", self.chunk)
        return {k: (protected.within[k], reference.within[k]) for k in ks}

    def album_leak(self, ks: Sequence[int]) -> Pairs:
        """Other triggered items that each triggered query finds, and how many it would find by lot."""
        relevance = self._relevance(self.chosen, np.where(self.chosen, 0, 1))
        return _Found.of(self.triggered[self.chosen], self.gallery, relevance, ks, "favour", self.chunk).beside_lot()

    def owner_leak(self, ks: Sequence[int], owners: Ids) -> Pairs:
        """Items of its owner that each triggered query finds among triggered ones, and how many by lot."""
        album, keys, sources = self.triggered[self.chosen], owners[self.chosen], self.sources[self.chosen]
        relevance = Relevance.build(
            keys,
            keys,
            n_query=len(album),
            n_gallery=len(album),
            query_sources=sources,
            gallery_sources=sources,
        )
        return _Found.of(album, album, relevance, ks, "favour", self.chunk).beside_lot()

    def benign_hits(self) -> tuple[Counts, Counts]:
        """Whether each photo that nobody triggered finds a clean one of its class first, and whether there is one."""
        relevance = self._relevance(~self.chosen, self.labels, ignored=self.chosen)
        found = _Found.of(self.clean[~self.chosen], self.gallery, relevance, (1,), "against", self.chunk)
        return np.minimum(found.within[1], 1.0), np.minimum(found.relevant, 1.0)

    def _relevance(
        self, queries: Mask, labels: Ids, *, wanted: Mask | None = None, ignored: Mask | None = None
    ) -> Relevance:
        """Some of the photos as queries against all of them."""
        return Relevance.build(
            labels[queries],
            labels,
            n_query=int(queries.sum()),
            n_gallery=len(labels),
            query_sources=self.sources[queries],
            gallery_sources=self.sources,
            wanted=wanted,
            ignored=ignored,
        )


@dataclass(frozen=True, eq=False)
class _Found:
    """How many relevant items each query finds in its top k, for each k."""

    within: Mapping[int, Counts]
    relevant: Counts
    candidates: Counts

    @classmethod
    def of(
        cls,
        query: Floats,
        gallery: Floats,
        relevance: Relevance,
        ks: Sequence[int],
        ties: Ties,
        chunk: int | None,
    ) -> _Found:
        within: dict[int, list[NDArray[np.int64]]] = {k: [] for k in ks}
        relevant, candidates = [], []
        for ranks in rank_blocks(query, gallery, relevance, ties=ties, chunk=chunk):
            for k, counts in within.items():
                counts.append(ranks.found_within(k))
            relevant.append(ranks.relevant)
            candidates.append(ranks.candidates)
        return cls({k: _floats(counts) for k, counts in within.items()}, _floats(relevant), _floats(candidates))

    def beside_lot(self) -> Pairs:
        """Each query's finds beside the mean number of a ranking drawn by lot (hypergeometric)."""
        share = self.relevant / np.maximum(self.candidates, 1)
        return {k: (counts, np.minimum(k, self.candidates) * share) for k, counts in self.within.items()}


def _floats(parts: Sequence[NDArray[np.int64]]) -> Counts:
    return np.concatenate(parts).astype(np.float64)


def _check_same_photos(n: int, others: Mapping[str, Floats]) -> None:
    for name, rows in others.items():
        if len(rows) != n:
            raise EvaluationError(
                f"{name}: expected {n} rows like clean, got {len(rows)}; embed the same photos in the same order."
            )


def _shown(found: Interval | None) -> str:
    return "undefined" if found is None else f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
