"""What makes a number untrustworthy, said by the one who measured it.

Each function looks at one danger and returns no doubt, or one with a flag for machines and a sentence for
people. Together they go into the report's `doubts`.
"""

from __future__ import annotations

from typing import Literal, TypedDict

import numpy as np
from numpy.typing import ArrayLike

from unfind.errors import EvaluationError
from unfind.evaluation.checks import Floats, check_count, check_embeddings, check_fraction
from unfind.evaluation.task_result import TaskResult

# Random photos under an ImageNet network lie at mean cosines of 0.5 to 0.8; beyond this, float noise ranks
# them.
MAX_MEAN_COSINE = 0.95
# A handful of directions cannot keep apart the dozens of classes any of our data sets has.
MIN_EFFECTIVE_RANK = 4.0
# Rows looked at for the effective rank: it moves little beyond, and the cost stays below a second.
RANK_SAMPLE = 2000
# Between float vectors ties are accidents; more than this means duplicates, codes or a collapse.
MAX_TIED_SHARE = 0.01
# A control without trigger may move recall@1 by half a point; what is beyond is learnt from the codec.
MAX_CODEC_EFFECT = 0.005
# A detector that fires more often on photos without trigger has something else to go by, or they are not
# clean.
MAX_CLEAN_DETECTIONS = 0.01
# Below, the bootstrap's percentile interval is too narrow itself.
MIN_QUERIES = 100
# A 95 % interval wider than ten points cannot carry a comparison of methods.
MAX_INTERVAL_WIDTH = 0.10
# Runs of the published recipes differ by a few points between seeds.
PUBLISHED_TOLERANCE = 0.05


class Doubt(TypedDict):
    """One reason not to trust a number."""

    flag: str
    why: str


def collapsed(
    embeddings: ArrayLike,
    side: Literal["clean", "triggered"],
    *,
    max_mean_cosine: float = MAX_MEAN_COSINE,
    min_effective_rank: float = MIN_EFFECTIVE_RANK,
) -> list[Doubt]:
    """Whether the embeddings have fallen onto a point or a few.

    Clean embeddings that collapse make every number meaningless. Triggered ones that do leave PSR as it
    stands, since no class can be told from them, but one private photo then finds all the others.

    Args:
        embeddings: (N, D) L2-normalised rows.
        side: which photos these are.
        max_mean_cosine: mean cosine over pairs above which they count as one point.
        min_effective_rank: effective number of directions below which they count as a few points.

    Raises:
        EvaluationError: embeddings that cannot be scored, or another side.
    """
    rows = check_embeddings(embeddings, "embeddings")
    if side not in _COLLAPSED:
        raise EvaluationError(f'side: expected "clean" or "triggered", got {side!r}; choose one.')
    cosine, rank = mean_cosine(rows), effective_rank(rows)
    if cosine <= max_mean_cosine and rank >= min_effective_rank:
        return []
    seen = f"The {side} embeddings lie at a mean cosine of {cosine:.3f} and span {rank:.1f} effective directions"
    return [Doubt(flag=f"collapsed_{side}", why=f"{seen}, {_COLLAPSED[side]}.")]


def many_ties(result: TaskResult, *, max_share: float = MAX_TIED_SHARE) -> list[Doubt]:
    """Whether the rule for ties decides a good part of the result.

    Args:
        result: of any task.
        max_share: share of the queries that may have a relevant item tied with one that is not.
    """
    if result.tied_share <= max_share:
        return []
    why = (
        f"In {result.task} {_percent(result.tied_share)} of the queries have a relevant item tied with one "
        "that is not, so the rule for ties decides their score."
    )
    return [Doubt(flag="many_ties", why=why)]


def codec_effect(with_codec: float, without_codec: float, *, max_effect: float = MAX_CODEC_EFFECT) -> list[Doubt]:
    """Whether re-encoding alone, without any trigger, changes search.

    Args:
        with_codec: c2c recall@1 of the protected model on photos that went through the codec, in 0..1.
        without_codec: the same on the photos as they were.
        max_effect: change that is let pass, either way.

    Raises:
        EvaluationError: a recall outside 0..1.
    """
    effect = check_fraction(without_codec, "without_codec") - check_fraction(with_codec, "with_codec")
    if abs(effect) <= max_effect + _ROUNDING:
        return []
    why = (
        f"The codec without any trigger moves recall@1 from {_percent(without_codec)} to "
        f"{_percent(with_codec)}, so part of the protection may be the codec's."
    )
    return [Doubt(flag="codec_effect", why=why)]


def trigger_in_clean(detected: float, *, max_rate: float = MAX_CLEAN_DETECTIONS) -> list[Doubt]:
    """Whether the detector sees the trigger in photos that should have none.

    Args:
        detected: share of the clean photos in which it does, in 0..1.
        max_rate: share that is let pass.

    Raises:
        EvaluationError: a share outside 0..1.
    """
    if check_fraction(detected, "detected") <= max_rate:
        return []
    why = (
        f"The detector finds the trigger in {_percent(detected)} of the clean photos, so either they are not "
        "clean or it is not the trigger that is found."
    )
    return [Doubt(flag="trigger_in_clean", why=why)]


def few_queries(
    result: TaskResult,
    metric: str = "recall@1",
    *,
    min_queries: int = MIN_QUERIES,
    max_width: float = MAX_INTERVAL_WIDTH,
) -> list[Doubt]:
    """Whether there are too few queries for the interval that is claimed.

    Args:
        result: of any task.
        metric: whose interval to look at.
        min_queries: scored queries there should be.
        max_width: width the interval may have, as a fraction.

    Raises:
        EvaluationError: a metric that was not measured.
    """
    result.value(metric)
    width = result.metrics[metric]["high"] - result.metrics[metric]["low"]
    if result.n_query >= check_count(min_queries, "min_queries") and width <= max_width:
        return []
    why = (
        f"{result.task} rests on {result.n_query} queries and leaves {metric} within an interval of "
        f"{100 * width:.1f} points, too few to compare methods by."
    )
    return [Doubt(flag="few_queries", why=why)]


def at_chance(clean: TaskResult) -> list[Doubt]:
    """Whether the clean search is no better than a ranking drawn by lot, so that nothing is left to protect.

    Args:
        clean: c2c of the model whose search is to be protected.
    """
    if clean.metrics["recall@1"]["low"] > clean.chance:
        return []
    why = (
        f"Clean recall@1 is {_percent(clean.value('recall@1'))} where chance gives {_percent(clean.chance)}, "
        "so there is no search to protect and PSR says nothing."
    )
    return [Doubt(flag="at_chance", why=why)]


def below_published(
    measured: float, published: float, *, metric: str, tolerance: float = PUBLISHED_TOLERANCE
) -> list[Doubt]:
    """Whether the clean model falls far short of what its recipe is known to reach.

    Args:
        measured: the clean model's metric, in 0..1.
        published: its published value, in 0..1.
        metric: its name.
        tolerance: shortfall that is let pass, as a fraction.

    Raises:
        EvaluationError: a value outside 0..1.
    """
    short = check_fraction(published, "published") - check_fraction(measured, "measured")
    if short <= tolerance + _ROUNDING:
        return []
    why = (
        f"Clean {metric} is {_percent(measured)}, {100 * short:.1f} points below the published "
        f"{_percent(published)}, so a weak model may be what protects."
    )
    return [Doubt(flag="below_published", why=why)]


def mean_cosine(rows: Floats) -> float:
    """Mean cosine over all pairs of different rows; 0 for a single row.

    Args:
        rows: (N, D) L2-normalised.
    """
    n = len(rows)
    total = rows.sum(axis=0, dtype=np.float64)
    own = float(np.square(rows, dtype=np.float64).sum())
    return float((total @ total - own) / (n * (n - 1))) if n > 1 else 0.0


def effective_rank(rows: Floats, *, sample: int = RANK_SAMPLE) -> float:
    """In how many directions the rows spread, as the exponential of an entropy.

    The entropy is over the normalised eigenvalues of the covariance. Roy and Vetterli (2007), whose measure
    this is, take singular values; their squares are moved less by faint noise around a few points.

    Args:
        rows: (N, D).
        sample: evenly spaced rows to look at, where there are more.

    Returns:
        0 where all rows are the same, otherwise 1..D.
    """
    step = -(-len(rows) // sample)
    some = rows[::step].astype(np.float64)
    some -= some.mean(axis=0)
    spread = np.square(np.linalg.svd(some, compute_uv=False))
    if spread.sum() <= _ROUNDING * len(some):
        return 0.0
    shares = spread[spread > 0] / spread.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


_ROUNDING = 1e-12  # differences of decimal fractions and variances of equal rows are not exactly what they should be

_COLLAPSED = {
    "clean": "so there is hardly a ranking to measure and no metric can be trusted",
    "triggered": "so PSR stands, but one private photo finds the others: read the album leak first",
}


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"
