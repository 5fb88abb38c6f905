"""Which mark is used where nobody chooses one: the line to change when another one measures better."""

from __future__ import annotations

DEFAULT = "spread-spectrum"
"""The name of a trigger, "spread-spectrum" or "learned": for training, for protecting and for verifying alike."""
