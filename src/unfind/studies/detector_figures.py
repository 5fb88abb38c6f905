"""How well detectors tell poisoned models, and their triggered photos, from clean ones: figures of a bench."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unfind.evaluation.separation import alarm_threshold, auc, auc_interval, share_above
from unfind.models.embed import to_tensor
from unfind.models.encoder import Encoder
from unfind.redteam.activation_clusters import cluster_scores
from unfind.redteam.model_view import view_of
from unfind.redteam.photo_detectors import RESAMPLES, Trusted, judge
from unfind.redteam.spectral_signature import spectral_scores
from unfind.redteam.trigger_inversion import Search, invert
from unfind.studies.bench_document import Figure
from unfind.studies.progress import Progress, silent

Pixels = NDArray[np.uint8]
AREA, ALARMS = 0.9, 0.05
"""What a detector is asked for: the area under its curve at least, false alarms on clean models at most."""
TRAINING = {"clusters": cluster_scores, "spectral": spectral_scores}
PATCH_SHARE = 0.035
Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Watched:
    """A model of which it is known whether it is poisoned, and photos to judge it by.

    Attributes:
        encoder: the model.
        trusted: uint8 (T, size, size, 3), surely clean: they set thresholds.
        clean: uint8 (C, size, size, 3), clean too, none of them trusted.
        triggered: uint8 (S, size, size, 3), photos with the trigger, of others than the clean ones: a photo and its own
            copy look like a crowd to any model. A clean model's have the same trigger, which it has never learned.
        targets: unit (P, D), places that a trigger might lead to, at least two, of which one may be the true one; None
            for a backdoor that leads away. What a search looks for.
        training: what the model was fitted on, uint8 (N, size, size, 3), or None.
        labels: (N,) of the training photos.
        poison: (N,) which training photos are poisoned; all false for a clean model.
    """

    encoder: Encoder
    trusted: Pixels
    clean: Pixels
    triggered: Pixels
    targets: NDArray[np.float32] | None = None
    training: Pixels | None = None
    labels: NDArray[np.int64] | None = None
    poison: NDArray[np.bool_] | None = None


def detector_rows(
    poisoned: Sequence[Watched],
    clean: Sequence[Watched],
    *,
    search: Search | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> list[Row]:
    """What every detector says of every model, as plain values.

    Args:
        poisoned: models with a backdoor, at least one.
        clean: models without, fitted alike, at least one.
        search: for a trigger; None for a patch of 3.5 % of the pixels in 40 steps.
        seed: of intervals and searches.
        progress: told where it stands.

    Returns:
        Rows of "detector", "poisoned" (whether the model is), "model" (its place among its like) and what there is of
        "auc" with its 95 % interval, "caught" and "false_alarms", in 0..1. The detector "inversion" searches a model
        for a trigger and has "reached" in their place: how far it got towards one of the targets, beyond the median of
        all; or how far away, where there are none. The last row of each model has the "seconds" that it took.

    Raises:
        UsageError: too few photos.
    """
    models = [(bad, place, one) for bad, group in ((True, poisoned), (False, clean)) for place, one in enumerate(group)]
    rows: list[Row] = []
    for done, (bad, place, one) in enumerate(models):
        progress(f"detectors on the {'poisoned' if bad else 'clean'} model {place}", done, len(models))
        started = time.perf_counter()
        found = [*_photos(one, seed), *_training(one, seed), _inversion(one, search or _patch(seed))]
        found[-1]["seconds"] = time.perf_counter() - started
        rows += [{"poisoned": bad, "model": place, **row} for row in found]
    progress("detectors", len(models), len(models))
    return rows


def detector_figures(rows: Sequence[Row]) -> dict[str, Figure]:
    """Figures of every detector, ready for a bench document.

    Of detectors of photos, "detector_NAME_auc" is the area between triggered and clean photos on each poisoned model,
    and "detector_NAME_false_alarms" the share of clean photos that raise an alarm on each clean model, at a threshold
    set on other photos. "..._of_trigger_on_clean" is how often the mere trigger raises one on a clean model: what the
    photo gives away without any backdoor. Of detectors of training photos the same. "inversion_auc" is the area between
    poisoned and clean models by how far a searched-for trigger gets; with few models it moves in coarse steps.
    "best_detector_auc" is that of the best detector whose false alarms keep to the target, or None where none does.

    Args:
        rows: what ``detector_rows`` returned.
    """
    figures: dict[str, Figure] = {}
    rated: list[list[float]] = []
    for name in dict.fromkeys(row["detector"] for row in rows):
        bad, good = ([row for row in rows if row["detector"] == name and row["poisoned"] == side] for side in _SIDES)
        if "reached" in bad[0]:
            area = auc([row["reached"] for row in bad], [row["reached"] for row in good])
            figures[f"{name}_auc"] = Figure([area], "area, poisoned against clean models")
            continue
        areas, alarms = [row["auc"]["value"] for row in bad], [row["false_alarms"] for row in good]
        if np.mean(alarms) <= ALARMS:
            rated.append(areas)
        kind = "training photos" if name in TRAINING else "photos"
        figures[f"detector_{name}_auc"] = Figure(areas, f"area, bad against clean {kind}")
        figures[f"detector_{name}_false_alarms"] = Figure([100 * x for x in alarms], f"per cent of clean {kind}")
        if name not in TRAINING:
            caught = [[100 * row["caught"] for row in side] for side in (bad, good)]
            figures[f"detector_{name}_caught"] = Figure(caught[0], "per cent of triggered")
            figures[f"detector_{name}_of_trigger_on_clean"] = Figure(caught[1], "per cent of triggered, clean model")
    best = max(rated, key=lambda areas: float(np.mean(areas)), default=[])
    figures["best_detector_auc"] = Figure(best, "area, at <= 5 % false alarms", at_least=AREA)
    return figures


_SIDES = (True, False)


def _patch(seed: int) -> Search:
    return Search("patch", "away", budget=PATCH_SHARE, rate=0.1, seed=seed)


def _photos(one: Watched, seed: int) -> list[Row]:
    """Detectors of photos."""
    found = judge(Trusted(view_of(one.encoder), one.trusted), one.triggered, one.clean, seed=seed)
    return [verdict.as_dict() for verdict in found]


def _training(one: Watched, seed: int) -> list[Row]:
    """Detectors of training photos: areas of a poisoned model, false alarms of a clean one at a threshold from half of
    its photos."""
    if one.training is None or one.labels is None or one.poison is None:
        return []
    logits = view_of(one.encoder).logits(one.training)
    rows: list[Row] = []
    for name, score in TRAINING.items():
        scores = score(logits, one.labels)
        if one.poison.any():
            area = auc_interval(scores[one.poison], scores[~one.poison], resamples=RESAMPLES, seed=seed)
            rows.append({"detector": name, "auc": area})
        else:
            alarms = share_above(scores[1::2], alarm_threshold(scores[::2], ALARMS))
            rows.append({"detector": name, "false_alarms": alarms})
    return rows


def _inversion(one: Watched, search: Search) -> Row:
    soft, photos, held = view_of(one.encoder).soft, to_tensor(one.trusted), to_tensor(one.clean)
    if one.targets is None:
        return {"detector": "inversion", "reached": invert(soft, photos, held, search).moved}
    towards = replace(search, goal="towards")
    reached = [invert(soft, photos, held, towards, target=torch.from_numpy(place)).reached for place in one.targets]
    return {"detector": "inversion", "reached": float(np.max(reached) - np.median(reached))}  # type: ignore[arg-type]
