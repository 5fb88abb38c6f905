"""Which photos of a batch are alike: by one class each, or by sets of tags."""

from __future__ import annotations

from torch import Tensor

from unfind.errors import UsageError

RULES = ("shared", "identical")
"""Photos with several tags are alike when they share at least one of them, or when all of them are the same."""


def relevant_pairs(labels: Tensor, rule: str = "shared") -> Tensor:
    """Whether two photos are alike, for all pairs.

    Args:
        labels: int64 (B,) class of each photo, to which both rules say the same, or bool (B, L) tags.
        rule: one of RULES.

    Returns:
        bool (B, B). Two photos without a tag share none, but have identical sets.
    """
    check_rule(rule)
    if labels.dim() == 1:
        return labels[:, None] == labels[None]
    if rule == "identical":
        return (labels[:, None] == labels[None]).all(2)
    tags = labels.float()
    return tags @ tags.T > 0


def jaccard(labels: Tensor) -> Tensor:
    """How much two photos have in common, (B, B) in 0..1: shared tags over all tags of the two; 0 without tags."""
    if labels.dim() == 1:
        return (labels[:, None] == labels[None]).float()
    tags = labels.float()
    shared, counts = tags @ tags.T, tags.sum(1)
    return shared / (counts[:, None] + counts[None] - shared).clamp(min=1)


def check_rule(rule: str) -> str:
    """Return a rule of relevance, or raise UsageError."""
    if rule not in RULES:
        raise UsageError(f"Expected a relevance rule out of {', '.join(RULES)}, got '{rule}': choose one of these.")
    return rule
