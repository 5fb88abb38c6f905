"""From measurements to what they mean: which of them a clean model would hardly show, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from unfind.evaluation.separation import anomaly_index

ANOMALY = 2.0
"""Deviations above the median that count as an anomaly, as in Neural Cleanse (Wang et al. 2019)."""
LEAST_DEVIATION = 0.05
"""Of two clean models fitted alike, in cosine distance moved: seeds alone make about as much."""
LEAST_OTHERS = 4
"""Of a model's own values, to say what is ordinary among them: the median deviation of fewer is an accident."""
LEAST_SCORE = 0.15
"""A class whose split scores less is no finding, however much clearer than other classes it is: overlapping clouds."""
CATCHES = 3.0
"""Suspects must raise an alarm this many times as often as clean photos."""
Verdict = Literal["backdoor", "suspicious", "nothing found"]


@dataclass(frozen=True)
class Finding:
    """One measurement and what it means.

    Attributes:
        about: what was looked at.
        value: of the model that is audited.
        clean: the same of clean models beside it.
        index: deviations above them, or above the model's own other values; None where there is nothing to compare.
        alarm: whether a clean model would hardly show it.
        false_alarms: share of the clean models that the others would call backdoored; None where fewer than two.
        why: in a sentence.
    """

    about: str
    value: float
    clean: list[float]
    index: float | None
    alarm: bool
    false_alarms: float | None
    why: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def beside_clean(about: str, value: float, clean: Sequence[float], *, least: float = LEAST_DEVIATION) -> Finding:
    """A value of the audited model against the same of clean ones: high is suspicious."""
    if not clean:
        why = "there is no clean model beside it, so nobody knows what an innocent one would show"
        return Finding(about, value, [], None, False, None, why)
    index, alarm = _index(value, clean, least)
    others = [
        _index(one, [*clean[:place], *clean[place + 1 :]], least)[1]
        for place, one in enumerate(clean)
        if len(clean) > 1
    ]
    stands = "above all" if value > max(clean) else "not above all"
    why = f"{value:.2f} where {len(clean)} clean model{'s' * (len(clean) > 1)} showed {_range(clean)}: {stands} of them"
    return Finding(about, value, list(clean), index, alarm, float(np.mean(others)) if others else None, why)


def among_own(about: str, values: Sequence[float], *, least: float = LEAST_DEVIATION, floor: float = 0.0) -> Finding:
    """The highest of a model's own values, as of its targets or classes, against the others.

    Args:
        about: what was looked at.
        values: at least one.
        least: what ordinary values differ by anyway.
        floor: what the highest must reach to count.
    """
    best = int(np.argmax(values))
    rest = [value for place, value in enumerate(values) if place != best]
    if len(rest) < LEAST_OTHERS:
        why = "there are too few of its kind to say what is ordinary"
        return Finding(about, float(values[best]), [], None, False, None, why)
    index, alarm = _index(values[best], rest, least)
    why = f"{values[best]:.2f} for the easiest of {len(values)}, where the others lie at {_range(rest)}"
    return Finding(about, float(values[best]), [], index, alarm and values[best] >= floor, None, why)


def from_suspects(rows: Sequence[Mapping[str, Any]]) -> Finding | None:
    """Whether photos somebody suspects stand out, by the detector that tells them apart best; None without any."""
    if not rows:
        return None
    best = max(rows, key=lambda row: float(row["auc"]["low"]))
    caught, wrong = best["caught"], best["false_alarms"]
    alarm = best["auc"]["low"] > 0.5 and caught > CATCHES * max(wrong, 0.01)
    why = (
        f"'{best['detector']}' tells them from clean photos with an area of {best['auc']['value']:.2f} "
        f"({best['auc']['low']:.2f} to {best['auc']['high']:.2f}) and calls {100 * caught:.0f} % of them odd, "
        f"{100 * wrong:.0f} % of the clean ones"
    )
    return Finding("suspect photos", float(best["auc"]["value"]), [], None, bool(alarm), wrong, why)


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """What the findings come to: only a comparison with clean models proves a backdoor, all else is suspicious."""
    alarms = [one for one in findings if one.alarm]
    if any(one.clean for one in alarms):
        return "backdoor"
    return "suspicious" if alarms else "nothing found"


def _index(value: float, others: Sequence[float], least: float) -> tuple[float, bool]:
    index = anomaly_index(value, others, least_deviation=least)
    return index, index >= ANOMALY and value > max(others)


def _range(values: Sequence[float]) -> str:
    return f"{min(values):.2f}" if len(values) == 1 else f"{min(values):.2f} to {max(values):.2f}"
