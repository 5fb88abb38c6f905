"""Where the training of a mark stands: bits first, then distortions, then image quality.

The order is what keeps it from failing: a faint mark behind distortions gives no gradient to learn reading from, so
each difficulty comes only when the one before is mastered, and the strength is lowered only while bits are read.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from unfind.training.mark_settings import MarkSettings

BITS, DISTORTIONS, QUALITY = "bits", "distortions", "quality"
MEMORY = 0.98
"""Of the running mean of bit accuracy: it looks back on some 50 steps."""
RELIEF = 0.03
"""Where accuracy falls so far below what is asked for, the mark is made louder again."""
STILL_LEARNING = 0.85
"""Below this share of bits distortions wait."""


@dataclass(frozen=True)
class MarkStage:
    """Where a training stands.

    Attributes:
        name: "bits", "distortions" or "quality".
        strength: of the mark now.
        severity: of distortions now, 0..1.
        accuracy: running mean of the share of bits read in training batches; 0.5 is chance.
    """

    name: str
    strength: float
    severity: float = 0.0
    accuracy: float = 0.5

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def first_stage(settings: MarkSettings) -> MarkStage:
    """Where every training starts."""
    return MarkStage(BITS, settings.strength_start)


def next_stage(stage: MarkStage, accuracy: float, settings: MarkSettings) -> MarkStage:
    """Where training stands after a step that read that share of its bits, 0..1."""
    now = replace(stage, accuracy=MEMORY * stage.accuracy + (1 - MEMORY) * accuracy)
    if now.name == BITS:
        return replace(now, name=DISTORTIONS) if now.accuracy >= settings.ready else now
    if now.name == DISTORTIONS:
        return _more_distorted(now, settings)
    return _fainter(now, settings)


def is_stuck(stage: MarkStage, step: int, settings: MarkSettings) -> bool:
    """Whether an attempt should be given up after so many steps."""
    return step >= settings.stuck_after and stage.name == BITS and stage.accuracy < settings.stuck_below


def _more_distorted(stage: MarkStage, settings: MarkSettings) -> MarkStage:
    if stage.severity >= 1:
        return replace(stage, name=QUALITY) if stage.accuracy >= settings.hold else stage
    if stage.accuracy < STILL_LEARNING:
        return stage
    return replace(stage, severity=min(1.0, stage.severity + 1 / settings.ramp))


def _fainter(stage: MarkStage, settings: MarkSettings) -> MarkStage:
    if stage.accuracy >= settings.hold:
        return replace(stage, strength=max(settings.strength_end, stage.strength * settings.fade))
    if stage.accuracy < settings.hold - RELIEF:
        return replace(stage, strength=min(settings.strength_start, stage.strength / settings.fade))
    return stage
