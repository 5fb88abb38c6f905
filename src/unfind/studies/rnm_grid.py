"""What every table and figure of the RNM paper runs on: hash models by bits and seed, and trials of cloaks on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from unfind.cloaks.pace import PAPER_BUDGET, Pace
from unfind.errors import UsageError
from unfind.models.codes import check_bits
from unfind.models.encoder import Architecture
from unfind.studies.bench_hashing import OBJECTIVES
from unfind.studies.cloak_paces import PUBLISHED, QUICK_STEPS
from unfind.studies.cloak_trial import Trials
from unfind.studies.hash_scene import Ground, GroundRequest, HashScene, ModelName
from unfind.studies.progress import Progress, silent

PRESETS = {"recommended": QUICK_STEPS, "paper": PUBLISHED}
"""How every method moves: a hundred steps by sign, or 2,000 along the gradient."""
BITS = (16, 24, 32, 48)
HEAT_BACKBONES = ("torchvision:resnet50", "torchvision:densenet161")
"""Those of figure 4."""
TRIALS = "trials"


@dataclass(frozen=True)
class RnmRequest:
    """What all tables and figures have in common.

    Attributes:
        data: see ``unfind.datasets.spec.load``; photos without a database are dealt anew, see ``hash:`` there.
        architecture: of the hash models; its head and dimension follow from the bits.
        preset: one of PRESETS.
        bits: lengths of codes, one model each.
        seeds: one model of each length for each.
        queries: photos to cloak, at most.
        slow: of these, how many are followed through 2,000 iterations.
        database: photos searched in, at most.
        iterations: instead of the preset's.
        steps: of each fit; None for the usual ones.
        pretrained: whether timm and torchvision backbones come with their published weights.
        heat_backbones: of the models in figure 4.
        objective: of the hash models; the paper's is "dpsh", which learns little from many classes.
    """

    data: str
    architecture: Architecture = field(default_factory=Architecture)
    preset: str = "recommended"
    bits: Sequence[int] = BITS
    seeds: Sequence[int] = (0,)
    queries: int = 500
    slow: int = 48
    database: int = 20_000
    iterations: int | None = None
    steps: int | None = None
    pretrained: bool = True
    heat_backbones: Sequence[str] = HEAT_BACKBONES
    objective: str = "dpsh"

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise UsageError(
                f"Expected a preset out of {', '.join(PRESETS)}, got '{self.preset}': choose one of these."
            )
        if not self.bits or not self.seeds:
            raise UsageError("Expected at least one length of codes and one seed, got none: name some.")
        if self.objective not in OBJECTIVES:
            raise UsageError(
                f"Expected an objective out of {', '.join(OBJECTIVES)}, got '{self.objective}': choose one of these."
            )
        for bits in self.bits:
            check_bits(bits)
        for name in ("queries", "slow", "database"):
            if getattr(self, name) < 1:
                raise UsageError(f"Expected {name} of at least 1, got {getattr(self, name)}: change it.")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the documents that results are written into."""
        plain = {**vars(self), "bits": list(self.bits), "seeds": list(self.seeds)}
        plain["heat_backbones"] = list(self.heat_backbones)
        return {**plain, "architecture": self.architecture.as_dict()}


class RnmGrid:
    """Scenes by bits and seed, each made once.

    Args:
        request: what is asked for.
        folder: where models, trials and results go; that of a run that was stopped goes on.
        progress: told where it stands.
    """

    def __init__(self, request: RnmRequest, folder: Path, *, progress: Progress = silent) -> None:
        self.request = request
        self.folder = folder
        self.progress = progress
        self._grounds: dict[int, Ground] = {}

    def ground(self, seed: int) -> Ground:
        """Queries, database and targets of a seed."""
        if seed not in self._grounds:
            one = self.request
            wanted = GroundRequest(
                one.data, one.architecture, seed, one.queries, one.database, one.steps, one.pretrained
            )
            self._grounds[seed] = Ground(wanted, self.folder, progress=self.progress)
        return self._grounds[seed]

    def trials(self, seed: int, bits: int, *, backbone: str | None = None) -> Trials:
        """Trials on the model of a length and seed; it is fitted where it is not there yet."""
        scene: HashScene = self.ground(seed).scene(ModelName(bits, self.request.objective, backbone))
        return Trials(scene, self.folder / TRIALS)

    def pace(self, budget: float = PAPER_BUDGET) -> Pace:
        """How methods move here."""
        pace = replace(PRESETS[self.request.preset], budget=budget)
        iterations = self.request.iterations
        return pace if iterations is None else replace(pace, iterations=iterations)
