"""Which mark is used where nobody chooses one: the lines to change when another one measures better."""

from __future__ import annotations

DEFAULT = "learned"
"""The name of a trigger, "spread-spectrum" or "learned": for protecting, for verifying, and for training a model beside
which a network hears it."""
IN_WEIGHTS = "spread-spectrum"
"""The trigger that a model's own weights learn to see in the fewest steps, at its strength 1."""
