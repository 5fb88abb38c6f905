"""The one knob of a mark."""

from __future__ import annotations

from unfind.errors import UsageError

MAXIMUM_STRENGTH = 8.0
"""Beyond this every pixel is saturated."""


def check_strength(strength: float) -> float:
    """The strength itself.

    Raises:
        UsageError: not above 0, or above the greatest.
    """
    if not 0 < strength <= MAXIMUM_STRENGTH:
        raise UsageError(f"Expected a strength above 0 and at most {MAXIMUM_STRENGTH:g}, got {strength}: 1 is usual.")
    return float(strength)


def within_limit(strength: float) -> float:
    """The strength, or the greatest where it is above that."""
    return min(strength, MAXIMUM_STRENGTH)
