"""What every table and figure of CIBA runs on: attacks by seed, and rows of what they did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from unfind.errors import UsageError
from unfind.models.codes import check_bits
from unfind.models.encoder import Architecture
from unfind.redteam.ciba import Attack
from unfind.redteam.trigger_patch import patch_shape
from unfind.studies.ciba_ground import CibaGround, CibaRequest
from unfind.studies.ciba_trial import Setting, Trials
from unfind.studies.hash_scene import ModelName
from unfind.studies.progress import Progress, silent

TRIALS, MODELS = "trials", "models"
METRICS = (
    "t_map", "t_map@1000_of_hits", "t_map@1000_published", "zero_hits", "t_map_untriggered", "map", "distance", "psnr",
    "clean_model_t_map", "clean_model_t_map@1000_of_hits", "clean_model_t_map@1000_published", "clean_model_map",
    "clean_model_distance",
)  # fmt: skip
"""What rows tell of each attack; those of the clean model are of the same trigger on a model without poison."""
CHANNEL_DEVIATIONS = (0.229, 0.224, 0.225)
"""By which published code divides pixels before it adds a perturbation."""
Row = dict[str, Any]


@dataclass(frozen=True)
class CibaExperiment:
    """What all tables and figures have in common.

    Attributes:
        ground: data and models, of the first seed.
        seeds: of which there is one victim each.
        attack: what is not varied.
        victim: the model that is attacked, where it is not varied.
        official: whether the confounds of the published code are in: poison that is never mirrored, a surrogate with
            the victim's seed, and a budget that is spent on normalised pixels, where 8/255 is 1.8/255.
    """

    ground: CibaRequest
    seeds: Sequence[int] = (0,)
    attack: Attack = field(default_factory=Attack)
    victim: ModelName = field(default_factory=ModelName)
    official: bool = False

    def __post_init__(self) -> None:
        if not self.seeds:
            raise UsageError("Expected at least one seed, got none: three make a claim.")
        check_bits(self.victim.bits)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the documents that results are written into."""
        return {
            "ground": self.ground.as_dict(),
            "seeds": list(self.seeds),
            "attack": self.attack.as_dict(),
            "victim": self.victim.name,
            "official": self.official,
        }


class CibaGrid:
    """Trials by seed, each made once.

    Args:
        request: what is asked for.
        folder: where models, trials and results go; that of a run that was stopped goes on.
        progress: told where it stands.
    """

    def __init__(self, request: CibaExperiment, folder: Path, *, progress: Progress = silent) -> None:
        self.request = request
        self.folder = folder
        self.progress = progress
        self._trials: dict[tuple[int, bool], Trials] = {}

    @property
    def architecture(self) -> Architecture:
        """Of the models, but for their heads."""
        return self.request.ground.architecture

    def trials(self, seed: int, official: bool | None = None) -> Trials:
        """Attacks over the ground of a seed, with or without the confounds of the published code; None as asked for."""
        confounded = self.request.official if official is None else official
        if (seed, confounded) not in self._trials:
            wanted = replace(self.request.ground, seed=seed, shared_seed=confounded)
            ground = CibaGround(wanted, self.folder / MODELS, progress=self.progress)
            self._trials[seed, confounded] = Trials(ground, self.folder / TRIALS)
        return self._trials[seed, confounded]

    def setting(self, seed: int, **changes: Any) -> Setting:
        """The usual attack, changed.

        Args:
            seed: of the trial.
            changes: "side" of the patch, which is a square then, "dispersion", "victim", "surrogate" and "official", or
                attributes of the attack.
        """
        attack = replace(self.request.attack, seed=seed)
        victim, surrogate = changes.pop("victim", self.request.victim), changes.pop("surrogate", None)
        confounded = changes.pop("official", self.request.official)
        patch = replace(attack.patch, side=changes.pop("side"), stretch=1.0) if "side" in changes else attack.patch
        dispersion = changes.pop("dispersion", attack.confusion.dispersion)
        attack = replace(
            attack,
            patch=replace(patch, seed=seed),
            confusion=replace(attack.confusion, dispersion=dispersion),
            **changes,
        )
        return Setting(official(attack) if confounded else attack, victim, surrogate)

    def rows(self, **changes: Any) -> list[Row]:
        """What an attack did on every seed, one number in each row."""
        found = []
        for seed in self.request.seeds:
            setting, trials = self.setting(seed, **changes), self.trials(seed, changes.get("official"))
            found += rows_of(trials.run(setting), setting, seed, self.architecture.size)
        return found


def official(attack: Attack) -> Attack:
    """The attack with the confounds of the published code."""
    budget = attack.confusion.budget
    plain = budget if isinstance(budget, tuple) else (budget, budget, budget)
    red, green, blue = (one * by for one, by in zip(plain, CHANNEL_DEVIATIONS, strict=True))
    return replace(attack, confusion=replace(attack.confusion, budget=(red, green, blue), mirrored=False), fixed=True)


def rows_of(measured: dict[str, Any], setting: Setting, seed: int, size: int) -> list[Row]:
    """One number in each row, beside the facts of the attack; what could not be measured is left out."""
    attack = setting.attack
    facts = {
        "seed": seed,
        "variant": attack.variant,
        "bits": setting.victim.bits,
        "poisoned": attack.poisoned,
        "patch": patch_shape(attack.patch.side, size, attack.patch.stretch)[0],
        "lambda": attack.confusion.dispersion,
        "victim": setting.victim.name,
        "surrogate": setting.made_on.name,
    }
    return [
        {**facts, "metric": metric, "value": measured[metric]} for metric in METRICS if measured[metric] is not None
    ]
