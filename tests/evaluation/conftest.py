"""Slow, obvious counterparts of the kernels, and makers of small inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from unfind.evaluation.ranks import Ranks
from unfind.evaluation.task_result import TaskResult


@pytest.fixture(scope="session")
def unit() -> Callable[..., Any]:
    """Random L2-normalised rows."""

    def make(n: int, dimensions: int = 16, seed: int = 0) -> Any:
        rows = np.random.default_rng(seed).standard_normal((n, dimensions))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def classes_of() -> Callable[..., Any]:
    """Photos of `n_classes` classes around well separated centres, and their labels."""

    def make(n_classes: int, each: int, spread: float = 0.3, dimensions: int = 16, seed: int = 0) -> Any:
        random = np.random.default_rng(seed)
        labels = np.repeat(np.arange(n_classes), each)
        centres = random.standard_normal((n_classes, dimensions))
        rows = centres[labels] + spread * random.standard_normal((len(labels), dimensions))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels

    return make


@pytest.fixture(scope="session")
def exact_similarity() -> Callable[..., Fraction]:
    """The similarity of two rows in rational arithmetic, after rounding to multiples of 2**-26."""

    def dot(first: Any, second: Any) -> Fraction:
        grid = 2**26
        rounded = [[Fraction(round(Fraction(float(x)) * grid), grid) for x in row] for row in (first, second)]
        return sum((a * b for a, b in zip(*rounded, strict=True)), Fraction(0))

    return dot


@pytest.fixture(scope="session")
def slow_rankings(exact_similarity: Callable[..., Fraction]) -> Callable[..., list[list[bool]]]:
    """For each query the relevance of its ranking, best item first, by sorting everything."""

    def rank(
        query: Any,
        gallery: Any,
        query_labels: Sequence[Any],
        gallery_labels: Sequence[Any],
        query_sources: Sequence[Any] | None = None,
        gallery_sources: Sequence[Any] | None = None,
        ties: str = "against",
    ) -> list[list[bool]]:
        rankings = []
        for i in range(len(query)):
            items = []
            for j in range(len(gallery)):
                if query_sources is not None and query_sources[i] == gallery_sources[j]:
                    continue
                right = bool(query_labels[i] == gallery_labels[j])
                first_when_tied = right if ties == "favour" else not right
                items.append((-exact_similarity(query[i], gallery[j]), not first_when_tied, right))
            rankings.append([right for _, _, right in sorted(items)])
        return rankings

    return rank


@pytest.fixture(scope="session")
def ranks_of() -> Callable[[list[list[bool]]], Ranks]:
    """Ranks of written-out rankings."""

    def make(rankings: list[list[bool]]) -> Ranks:
        lists = [[place + 1 for place, right in enumerate(ranking) if right] for ranking in rankings]
        return Ranks(
            np.array([rank for ranks in lists for rank in ranks], dtype=np.int64),
            np.cumsum([0] + [len(ranks) for ranks in lists]),
            np.array([len(ranking) for ranking in rankings], dtype=np.int64),
            np.zeros(len(rankings), dtype=np.int64),
        )

    return make


@pytest.fixture(scope="session")
def result_of() -> Callable[..., TaskResult]:
    """A task result with given per-query recall@1."""

    def make(values: Sequence[float], **changes: Any) -> TaskResult:
        column = np.asarray(values, dtype=np.float64)
        mean = float(column.mean())
        parts: dict[str, Any] = {
            "task": "c2c",
            "n_gallery": 10,
            "scored": np.ones(len(column), dtype=bool),
            "per_query": {"recall@1": column},
            "metrics": {"recall@1": {"value": mean, "low": mean, "high": mean}},
            "replicates": {"recall@1": np.full(20, mean)},
            "seed": 0,
            "chance": 0.1,
            "tied_share": 0.0,
        }
        return TaskResult(**(parts | changes))

    return make
