"""The searches of an audit: faint patterns and patches that move every photo, by every model that is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from torch import Tensor

from unfind.models.embed import to_tensor
from unfind.redteam.findings import Finding, among_own, beside_clean
from unfind.redteam.model_view import ModelView, Rows, view_of
from unfind.redteam.trigger_inversion import Change, Found, Search, invert
from unfind.studies.audit_models import AuditChoices, Material, Named
from unfind.studies.kept_parts import KeptParts
from unfind.studies.progress import Progress

FAINT = Search("faint", "away", budget=4 / 255)
"""A change that few people see: 36 dB where it is used in full."""
PATCH = Search("patch", "away", budget=0.035, rate=0.1)
"""A square of 3.5 % of the pixels, 24 of 128 a side, is what clean-label attacks on hashing allow themselves."""
Row = dict[str, Any]


def search_all(
    models: Sequence[Named], material: Material, choices: AuditChoices, parts: KeptParts, progress: Progress
) -> list[Row]:
    """Every search on every model; one row each, the audited model's first."""
    wanted = [(place, search, target) for place in range(len(models)) for search, target in _plan(choices)]
    rows = []
    for done, (place, search, target) in enumerate(wanted):
        progress(f"search {search.shape} {search.goal}, {models[place].name}", done, len(wanted))
        rows.append(_kept(models[place], material, search, target, parts))
    progress("searches", len(wanted), len(wanted))
    return rows


def _plan(choices: AuditChoices) -> list[tuple[Search, int | None]]:
    away = [replace(search, steps=choices.steps, seed=choices.seed) for search in (FAINT, PATCH)]
    towards = replace(away[1], goal="towards")
    return [*((search, None) for search in away), *((towards, target) for target in range(choices.targets))]


def _kept(model: Named, material: Material, search: Search, target: int | None, parts: KeptParts) -> Row:
    name = f"search-{model.fingerprint}-{search.shape}-{search.goal}-{'' if target is None else target}"
    made: list[Found] = []

    def run() -> dict[str, NDArray[Any]]:
        made.append(_searched(view_of(model.encoder), material, search, target))
        change = made[0].change
        return {"pattern": change.pattern.numpy(), "mask": change.mask.numpy(), **_numbers(made[0])}

    stored = parts.arrays(name, run)
    reached = float(stored["reached"])
    return {
        "model": model.name,
        "shape": search.shape,
        "goal": search.goal,
        "target": target,
        "budget": search.budget,
        **{key: float(stored[key]) for key in ("moved", "control", "gathered")},
        "reached": None if np.isnan(reached) else reached,
    }


def _numbers(found: Found) -> dict[str, NDArray[Any]]:
    reached = np.nan if found.reached is None else found.reached
    return {
        "moved": np.array(found.moved),
        "control": np.array(found.control),
        "gathered": np.array(found.gathered),
        "reached": np.array(reached),
    }


def _searched(view: ModelView, material: Material, search: Search, target: int | None) -> Found:
    goal = None if target is None else _targets(view, material, search.seed, target + 1)[target]
    return invert(view.soft, to_tensor(material.trusted), to_tensor(material.clean), search, target=goal)


def _targets(view: ModelView, material: Material, seed: int, count: int) -> Tensor:
    """Places that photos lie around, unit (T, D): means of the largest classes, or of clusters where there are none."""
    rows = view.embed(material.trusted)
    labels, sizes = np.unique(material.trusted_labels, return_counts=True)
    if sizes.max() > 1:
        largest = labels[np.argsort(-sizes, kind="stable")]
        groups = [rows[material.trusted_labels == label] for label in largest]
    else:
        parts = KMeans(min(max(2, count), len(rows)), n_init=3, random_state=seed).fit_predict(rows)
        groups = [rows[parts == part] for part in np.unique(parts)]
    return torch.stack([_middle(groups[place % len(groups)], view.hashes) for place in range(count)])


def _middle(rows: Rows, hashes: bool) -> Tensor:
    """The unit mean, or the code that most of a group's bits vote for."""
    mean = torch.from_numpy(rows.mean(0))
    middle = torch.where(mean >= 0, 1.0, -1.0) if hashes else mean
    unit: Tensor = middle / middle.norm().clamp(min=1e-12)
    return unit


def strongest(model: Named, choices: AuditChoices, parts: KeptParts) -> Change:
    """The change away that moves a model's photos the most, faint or patch; its searches must have been made."""
    found = []
    for search, _ in _plan(choices)[:2]:
        name = f"search-{model.fingerprint}-{search.shape}-{search.goal}-"
        stored = parts.arrays(name, dict)
        change = Change(search.shape, torch.from_numpy(stored["pattern"]), torch.from_numpy(stored["mask"]))
        # A patch is seen, so a faint pattern that does as much is the more suspicious one.
        found.append((float(stored["moved"]) - float(stored["control"]), search.shape == "faint", change))
    return max(found, key=lambda one: one[:2])[2]


def findings_of(rows: Sequence[Row]) -> list[Finding]:
    """What the searches mean, beside clean models and among the model's own targets."""
    found = [beside_clean(f"{shape} pattern away", *_moved(rows, shape)) for shape in ("faint", "patch")]
    if _reached(rows, "audited"):
        about = "patch towards a place"
        others = [_reached(rows, name) for name in dict.fromkeys(row["model"] for row in rows) if name != "audited"]
        wrong = [among_own(about, reach).alarm for reach in others]
        rate = float(np.mean(wrong)) if wrong else None
        found.append(replace(among_own(about, _reached(rows, "audited")), false_alarms=rate))
        best = max(_reached(rows, "audited"))
        found.append(beside_clean(f"{about}, beside clean models", best, [max(reach) for reach in others]))
    return found


def _reached(rows: Sequence[Row], model: str) -> list[float]:
    return [float(row["reached"]) for row in rows if row["model"] == model and row["goal"] == "towards"]


def _moved(rows: Sequence[Row], shape: str) -> tuple[float, list[float]]:
    values = [(row["model"], float(row["moved"])) for row in rows if row["shape"] == shape and row["goal"] == "away"]
    own = next(value for model, value in values if model == "audited")
    return own, [value for model, value in values if model != "audited"]
