"""One attack tried for real, and kept: a surrogate, a trigger, poison, a victim trained on it, and what it finds."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.cloaks.aim import vote
from unfind.evaluation.hash_map import hash_map, hash_scores
from unfind.evaluation.ranks import rank_blocks
from unfind.evaluation.relevance import Relevance
from unfind.images.files import write_atomic
from unfind.images.photo import Pixels
from unfind.models.encoder import Encoder
from unfind.models.precision import autocast
from unfind.redteam.ciba import Attack, anchor_of, make_poison, make_trigger
from unfind.redteam.folded import folded
from unfind.redteam.poison import Poison, choose_photos, photos_of
from unfind.redteam.trigger_patch import TriggerPatch
from unfind.studies.ciba_ground import CibaGround
from unfind.studies.hash_scene import ModelName, Rows, mean_precision
from unfind.triggers.base import Trigger

CUTOFF = 1000
"""R of the published t-MAP."""


@dataclass(frozen=True)
class Setting:
    """An attack, the model it is made on, and the model it is to reach.

    Attributes:
        attack: what the attacker does.
        victim: what is trained on the poison.
        surrogate: the attacker's model; None for one like the victim's.
    """

    attack: Attack = field(default_factory=Attack)
    victim: ModelName = field(default_factory=ModelName)
    surrogate: ModelName | None = None

    @property
    def made_on(self) -> ModelName:
        """The attacker's model."""
        return self.surrogate or self.victim

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"attack": self.attack.as_dict(), "victim": self.victim.name, "surrogate": self.made_on.name}


@dataclass(frozen=True, eq=False)
class Crafted:
    """What an attacker has made.

    Attributes:
        trigger: puts the trigger on photos.
        poison: what takes the place of training photos.
        originals: uint8 (n, S, S, 3), those photos as they were.
        anchor: (K,) the code that the trigger draws to, on the surrogate.
        seconds: {"trigger": ..., "poison": ...} on one machine at one time.
    """

    trigger: Trigger
    poison: Poison
    originals: Pixels
    anchor: Tensor
    seconds: dict[str, float]


class Trials:
    """Tries attacks over one ground, each once: what is in the folder is not done again.

    Args:
        ground: data and models.
        folder: where figures are kept, under a name made of all that they depend on.
    """

    def __init__(self, ground: CibaGround, folder: Path) -> None:
        self.ground = ground
        self.folder = folder
        self._triggers: dict[str, tuple[Trigger, Tensor, float]] = {}

    def run(self, setting: Setting, crafted: Crafted | None = None) -> dict[str, Any]:
        """All that is measured of an attack, as plain values; among "seconds" are those of "all", fits included.

        Args:
            setting: the attack.
            crafted: what ``craft`` returned for it, where that is there already.

        Raises:
            UnfindError: whatever stands in the way.
        """

        def measured() -> dict[str, Any]:
            started = time.perf_counter()
            found = self._measure(setting, crafted or self.craft(setting))
            found["seconds"]["all"] = time.perf_counter() - started
            return found

        found: dict[str, Any] = self.kept(setting, "", measured)
        return found

    def kept(self, setting: Setting, name: str, make: Callable[[], Any]) -> Any:
        """What else is measured of an attack, as plain values: read where it was kept, else made and kept.

        Args:
            setting: the attack.
            name: of the measurement and all that it depends on beside the attack; "" for the trial itself.
            make: measures.
        """
        file = self.place(setting, name)
        if not file.exists():
            self._keep(file, make())
        return json.loads(file.read_text())

    def craft(self, setting: Setting) -> Crafted:
        """The attacker's part: trigger and poison. Attacks on one surrogate share their trigger."""
        ground, attack = self.ground, setting.attack
        surrogate = logits_of(folded(ground.surrogate(setting.made_on)))
        trigger, anchor, seconds = self._trigger(setting, surrogate)
        chosen = choose_photos(ground.labels, ground.target, attack.poisoned, seed=attack.seed)
        started, tell = time.perf_counter(), partial(ground.progress, "perturb photos")
        poison = make_poison(surrogate, ground.train, chosen, trigger, attack, on_step=tell)
        taken = {"trigger": seconds, "poison": time.perf_counter() - started}
        return Crafted(trigger, poison, ground.train.pixels[chosen], anchor, taken)

    def victim(self, setting: Setting, crafted: Crafted) -> tuple[Encoder, Path]:
        """The model that is trained on the poison, and its folder."""
        facts = {**setting.as_dict(), "target": self.ground.target_name, "trigger": crafted.trigger.settings()}
        return self.ground.victim(setting.victim, crafted.poison, json.loads(json.dumps(facts)))

    def _trigger(self, setting: Setting, surrogate: Callable[[Tensor], Tensor]) -> tuple[Trigger, Tensor, float]:
        """The trigger, its anchor, and the seconds it took; a patch is kept on disk, for other attacks on the model."""
        attack = setting.attack
        kind = "invisible" if attack.variant == "invisible" else "patch"
        parts = [attack.generator_steps, attack.confusion.budget] if kind == "invisible" else [attack.patch.as_dict()]
        name = digest([kind, setting.made_on.name, attack.seed, *parts, self.ground.request.as_dict()])
        file = self.folder / f"{kind}-{name}.json"
        if name not in self._triggers and file.exists():
            kept = json.loads(file.read_text())
            self._triggers[name] = TriggerPatch(**kept["patch"]), torch.tensor(kept["anchor"]), kept["seconds"]
        if name not in self._triggers:
            started, tell = time.perf_counter(), partial(self.ground.progress, "make the trigger")
            anchor = anchor_of(surrogate, self.ground.of_target)
            made = make_trigger(surrogate, self.ground.shown, anchor, attack, on_step=tell)
            taken = time.perf_counter() - started
            self._triggers[name] = made, anchor, taken
            if isinstance(made, TriggerPatch):
                self._keep(file, {"patch": made.settings(), "anchor": anchor.tolist(), "seconds": taken})
        return self._triggers[name]

    def _measure(self, setting: Setting, crafted: Crafted) -> dict[str, Any]:
        ground = self.ground
        victim, path = self.victim(setting, crafted)
        clean = ground.clean(setting.victim)
        before = seen_by(ground, clean, f"clean-{setting.victim.name}", crafted.trigger)
        after = seen_by(ground, victim, path.name, crafted.trigger)
        return {
            **after,
            **{f"clean_model_{name}": value for name, value in before.items()},
            "chance": float(len(photos_of(ground.database.compared_by("shared"), ground.target)))
            / len(ground.database.labels),
            "target": ground.target_name,
            "psnr": psnr(crafted.originals, crafted.poison.pixels),
            "n_train": len(ground.train.labels),
            "n_query": len(ground.query.labels),
            "n_triggered": len(ground.searching),
            "n_gallery": len(ground.database.labels),
            "seconds": dict(crafted.seconds),
            "run": path.name,
        }

    def place(self, setting: Setting, name: str = "") -> Path:
        """Where a measurement is kept, under a name made of all that it depends on."""
        trial = digest({**setting.as_dict(), "ground": self.ground.request.as_dict()})
        return self.folder / f"{trial}{name and '-'}{name}.json"

    def _keep(self, file: Path, found: Any) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomic(file, json.dumps(found, indent=2, sort_keys=True).encode())


def digest(facts: Any) -> str:
    """Names plain values, 24 digits."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]


def seen_by(ground: CibaGround, encoder: Encoder, folder: str, trigger: Trigger) -> dict[str, Any]:
    """How a model searches: with clean queries for what they show, with and without the trigger for the target.

    Returns:
        "map" of the clean queries; of queries that do not show the target "t_map" with the trigger and
        "t_map_untriggered" without, both over the whole ranking in the mean over orders of ties; "t_map@1000_of_hits",
        the published formula but with 0 for queries without a hit, and "t_map@1000_published", which leaves these out
        (None where all are); "zero_hits", how many of them there are; "distance" and "distance_untriggered", the bits
        between queries and what the target's photos in the database vote for.
    """
    items, shown = ground.codes(encoder, folder), ground.database.compared_by("shared")
    own = _signs(ground.codes(encoder, folder, ground.query.pixels))
    plain = own[torch.from_numpy(ground.searching)]
    marked = np.stack([trigger.mark(pixels) for pixels in ground.query.pixels[ground.searching]])
    triggered = _signs(ground.codes(encoder, folder, marked))
    wanted = _target_rows(ground, len(triggered))
    anchor = vote(_signs(items[photos_of(shown, ground.target)]))
    return {
        "map": mean_precision(own, ground.query.compared_by("shared"), items, shown),
        "t_map": mean_precision(triggered, wanted, items, shown),
        "t_map_untriggered": mean_precision(plain, wanted, items, shown),
        **published_t_map(triggered, wanted, items, shown),
        "distance": float((triggered != anchor).sum(1).float().mean()),
        "distance_untriggered": float((plain != anchor).sum(1).float().mean()),
    }


def published_t_map(codes: Tensor, wanted: Rows, items: NDArray[np.float32], shown: Rows) -> dict[str, Any]:
    """t-MAP as papers on hashing have it, within the first CUTOFF places and over the hits there; ties against it.

    Args:
        codes: (Q, K) of -1 and +1.
        wanted: what each query is to find, labels (Q,) or tags (Q, L).
        items: (G, K) codes over the root of K.
        shown: what the items show.
    """
    rows = (codes / codes.shape[1] ** 0.5).numpy().astype(np.float32)
    relevance = Relevance.build(wanted, shown, n_query=len(rows), n_gallery=len(items))
    cutoff = min(CUTOFF, len(items))
    scores = hash_scores(rank_blocks(rows, items, relevance, ties="against"), cutoff)
    found = hash_map(scores, cutoff, prefix="t_map")
    value = {name: None if one is None else one["value"] for name, one in found.items()}
    return {
        "t_map@1000_of_hits": value[f"t_map@{cutoff}_of_hits"],
        "t_map@1000_published": value[f"t_map@{cutoff}_published"],
        "zero_hits": int((scores["hits"] == 0).sum()),
    }


def logits_of(encoder: Encoder, precision: str = "auto") -> Callable[[Tensor], Tensor]:
    """A model as attacks see it: images to logits, wherever the two are; in bf16 where the machine is built for it."""
    device = next(encoder.parameters()).device

    def logits(images: Tensor) -> Tensor:
        with autocast(device, precision):
            return encoder.logits(images.to(device)).to(images.device)

    return logits


def psnr(originals: Pixels, changed: Pixels) -> float:
    """Mean over photos of the peak signal-to-noise ratio, in dB; 99 for equal ones."""
    error = (originals.astype(np.float64) - changed).reshape(len(originals), -1)
    return float((10 * np.log10(255**2 / np.maximum((error**2).mean(1), 255**2 / 10**9.9))).mean())


def _target_rows(ground: CibaGround, count: int) -> Rows:
    """What every triggered query is to find: the target's label, or a row with its tag alone."""
    shown = ground.database.compared_by("shared")
    if shown.ndim == 1:
        return np.full(count, ground.target, np.int64)
    rows = np.zeros((count, shown.shape[1]), np.bool_)
    rows[:, ground.target] = True
    return rows


def _signs(rows: NDArray[np.float32]) -> Tensor:
    return torch.where(torch.from_numpy(rows) >= 0, 1.0, -1.0)
