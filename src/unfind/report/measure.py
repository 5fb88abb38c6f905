"""A measured number, maybe with its interval, and how people read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Measure:
    """A number and the bounds of its 95 % interval.

    Attributes:
        value: The number.
        low: Lower bound, or None without an interval.
        high: Upper bound, or None without an interval.
    """

    value: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def parse(cls, entry: float | Mapping[str, Any] | None) -> Self | None:
        """Read a number as ``report.json`` holds it.

        Args:
            entry: A number, a mapping with value, low and high, or None for "not measured".

        Returns:
            The measure, or None.
        """
        if entry is None:
            return None
        if isinstance(entry, Mapping):
            return cls(float(entry["value"]), float(entry["low"]), float(entry["high"]))
        return cls(float(entry))

    @property
    def percent(self) -> str:
        """The value of a fraction, such as "71.2 %"."""
        return f"{_hundredths(self.value)} %"

    @property
    def percent_interval(self) -> str:
        """The interval of a fraction, such as "68.0–74.1", or "" without one."""
        if self.low is None or self.high is None:
            return ""
        return f"{_hundredths(self.low)}–{_hundredths(self.high)}"


def _hundredths(fraction: float) -> str:
    # Adding zero turns the "-0.0" of tiny negative numbers into "0.0".
    return f"{round(100 * fraction, 1) + 0.0:.1f}".replace("-", "−")
