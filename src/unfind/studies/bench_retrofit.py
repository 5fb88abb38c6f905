"""The claim of retrofit: a model in production is protected without labels, without moving its index, without a leak.

For each seed the model in production is a clean one, fitted here, or the user's own as it is (``--head none``). A side
network is added to it and fitted on photos of the training classes, their labels unseen. Test classes measure it by
the strict protocol: once with codewords of the training photos, which are of other kinds than all that is searched,
and once with codewords from a half of the test photos, unlabelled, while the other half is measured: a provider's
photos are of the kinds that are in its index.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.spec import load
from unfind.evaluation.chance import mean_map_r_by_chance
from unfind.evaluation.mixed import draws_for, mixed_gallery
from unfind.evaluation.outliers import outlier_auc
from unfind.evaluation.privacy import psr
from unfind.evaluation.tasks import Options, four_tasks, one_task
from unfind.images.files import write_atomic
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.precision import best_device
from unfind.models.weights import CARD, save_encoder
from unfind.objectives.distillation import DistillationAlone
from unfind.objectives.steered_retrofit import SteeredRetrofit
from unfind.report.json_file import document_text
from unfind.studies.bench_document import Figure, bench_document
from unfind.studies.evaluate import (
    ADOPTIONS,
    SMALLEST_MIXED,
    Choices,
    Evaluation,
    Models,
    evaluate,
    sample_by_class,
)
from unfind.studies.load_models import load_models
from unfind.studies.material import prepare
from unfind.studies.progress import Progress, silent
from unfind.studies.rival import compare_with_filter, map_r
from unfind.studies.trade_off import owner_leak, redirected, trade_off
from unfind.studies.train import TrainRequest, train
from unfind.studies.views import PLAIN, TRIGGERED, UNTOUCHED
from unfind.training.batches import Examples
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.training.fit import Material, fit
from unfind.training.settings import FitSettings
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Attributes:
        first: steps of the clean model, where one is fitted.
        steps: of the side network.
        photos: most test photos that are measured, drawn by lot.
        sample: photos for survival, false triggers and the rival.
        timed: steps that are timed for each kind.
        owned: photos that are marked for two owners.
    """

    first: int
    steps: int
    photos: int
    sample: int
    timed: int
    owned: int


FULL = Plan(first=160, steps=20, photos=1000, sample=200, timed=4, owned=300)
QUICK = Plan(first=40, steps=10, photos=300, sample=24, timed=2, owned=100)
CODEWORDS = 4096
FIT = FitSettings(strength_start=1.0, learning_rate=5e-5, head_factor=10.0)
"""The rate was chosen on validation classes, never on test ones. The mark need not start loud: it can be heard."""
RATIO = 0.3
"""Share of a batch that is triggered: a side network has little to learn."""
OWN, STRICT = "own_index", "strict"
"""Where codewords come from: a half of the photos that are searched, or training classes."""
MEASURED = "measured.json"
"""In the folder of a seed: its report, so that a bench that was stopped goes on."""
POSTED = "jpeg75+resize0.75"


def bench_retrofit(
    data: str,
    folder: Path,
    *,
    architecture: Architecture,
    seeds: int = 3,
    quick: bool = False,
    train_classes: int | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Fit, evaluate, compare and time; returns the bench document.

    Args:
        data: see ``unfind.datasets.spec.load``; labels are used for measuring only, and to fit a clean model.
        folder: where the runs go; one that was stopped goes on.
        architecture: of the model in production; with the head "none" the backbone is that model.
        seeds: how many; the quick form uses one.
        quick: a small form that ends within ten minutes on two cores, and is no claim.
        train_classes: classes for training and validation together; None for half.
        progress: told where it stands.
    """
    started = time.perf_counter()
    plan = QUICK if quick else FULL
    used = list(range(1 if quick else seeds))
    found = [
        _measured(data, folder / f"seed-{seed}", architecture, plan, seed, train_classes, progress) for seed in used
    ]
    split = load(data, train_classes=train_classes)
    examples = prepare(split.train, architecture.size, progress=progress).examples
    figures = {**figures_of(found), **_costs(examples, architecture, plan)}
    return bench_document(
        "retrofit",
        data,
        used,
        time.perf_counter() - started,
        figures,
        quick=quick,
        settings={"plan": vars(plan), "architecture": architecture.as_dict(), "fit": FIT.as_dict()},
        reports=found,
    )


def _measured(
    data: str,
    folder: Path,
    architecture: Architecture,
    plan: Plan,
    seed: int,
    train_classes: int | None,
    progress: Progress,
) -> dict[str, Any]:
    """What a seed comes to: from its folder, where it was measured in the same way before."""
    settings = {"data": data, "plan": vars(plan), "architecture": architecture.as_dict(), "fit": FIT.as_dict()}
    path = folder / MEASURED
    if path.exists():
        known: dict[str, Any] = json.loads(path.read_text())
        if known["settings"] == settings:
            return dict(known["found"])
    found = _one_seed(data, folder, architecture, plan, seed, train_classes, progress)
    write_atomic(path, document_text({"settings": settings, "found": found}, kind="a measurement").encode())
    return found


def _one_seed(
    data: str,
    folder: Path,
    architecture: Architecture,
    plan: Plan,
    seed: int,
    train_classes: int | None,
    progress: Progress,
) -> dict[str, Any]:
    """Retrofit the model of a seed, and measure it in both ways."""
    _production(data, folder / "first", architecture, plan, seed, train_classes, progress)
    request = TrainRequest(
        data,
        SteeredRetrofit.name,
        {"seed": seed, "ratio": RATIO},
        replace(architecture, codewords=CODEWORDS),
        folder / "first",
        Learned.name,
        fit=replace(FIT, steps=plan.steps, validate_every=plan.steps, seed=seed),
        train_classes=train_classes,
    )
    key, out = Key.from_seed(seed), folder / "retrofit"
    started = time.perf_counter()
    trained = train(request, out, key=key, resume=(out / CHECKPOINT).exists(), progress=progress)
    seconds = time.perf_counter() - started
    models = load_models(folder / "first", out, key, backbone=architecture.backbone)
    split = load(data, train_classes=train_classes, seed=seed)
    photos = drawn(split.test, plan.photos, seed)
    choices = Choices(seed=seed, sample=plan.sample, clustering=False)
    trigger = models.trigger
    assert isinstance(trigger, Learned)
    strict = evaluate(models, photos, choices=choices, progress=progress)
    return {
        "seed": seed,
        "seconds_of_the_fit": seconds,
        "seconds_per_step": trained.result.seconds_per_step,
        STRICT: strict.report,
        OWN: _with_own_index(models, strict, seed),
        "owner_leak@10": owner_leak(models.protected, trigger, strict.views.pixels[PLAIN][: plan.owned], seed=seed),
        "rival": compare_with_filter(models, photos.subset(sample_by_class(photos.labels, plan.sample, seed=seed))),
        "chance": _by_chance(strict, photos.labels, plan.sample, seed),
        "codec_control": codec_control(models, strict),
        "trade_off": _trade_off(models, strict, data, train_classes, seed, progress),
    }


def _production(
    data: str,
    out: Path,
    architecture: Architecture,
    plan: Plan,
    seed: int,
    train_classes: int | None,
    progress: Progress,
) -> None:
    """Leave the model in production in a folder: the user's own as it is, or a clean one that is fitted.

    A model that was put there by hand, without a checkpoint to go on from, is the one in production.
    """
    if (out / CARD).exists() and not (out / CHECKPOINT).exists():
        return
    if architecture.head == "none":
        save_encoder(out, build_encoder(architecture, seed=seed), {"data": {"spec": data}, "trigger": None})
        return
    fit_settings = FitSettings(validate_every=90, steps=plan.first, seed=seed)
    request = TrainRequest(data, "clean", architecture=architecture, fit=fit_settings, train_classes=train_classes)
    train(request, out, resume=(out / CHECKPOINT).exists(), progress=progress)


def drawn(photos: PhotoSet, count: int, seed: int) -> PhotoSet:
    """At most so many of the photos, drawn by lot and in their old order."""
    chosen = np.random.default_rng([seed, 3]).permutation(len(photos))[:count]
    return photos.subset(np.sort(chosen))


def _by_chance(strict: Evaluation, labels: NDArray[np.int64], sample: int, seed: int) -> dict[str, float | None]:
    """The PSR on map_r of rankings drawn by lot, in all test photos and in the sample that edits are tried on."""
    chosen = np.isin(strict.views.kept, sample_by_class(labels, sample, seed=seed))
    few, nobody = strict.clean_model[PLAIN][chosen], np.zeros(int(chosen.sum()), np.bool_)
    wholes = {"all": strict.views.labels, POSTED: strict.views.labels[chosen]}
    before = {"all": strict.report["clean_model"]["c2c"]["map_r"]["value"]}
    before[POSTED] = map_r(few, few, wholes[POSTED], nobody)
    return {name: 1 - mean_map_r_by_chance(of) / before[name] if before[name] else None for name, of in wholes.items()}


def codec_control(models: Models, evaluation: Evaluation) -> float:
    """By how much more re-coding alone moves the protected model's Recall@1 than that of the model before, -1..1.

    Any model ranks a little otherwise after a JPEG encoder; what counts is what protection adds to it.
    """
    untouched = embed_pixels(models.clean, evaluation.views.pixels[UNTOUCHED])
    photos, options = np.arange(len(untouched)), Options(clustering=False, resamples=200)
    before = [
        one_task("c2c", rows, evaluation.views.labels, photos, options=options).value("recall@1")
        for rows in (evaluation.clean_model[PLAIN], untouched)
    ]
    return float(evaluation.report["codec_control"]["moves"] - (before[0] - before[1]))


def _with_own_index(models: Models, strict: Evaluation, seed: int) -> dict[str, Any]:
    """The leaks among a half of the photos, with codewords from the other half: as it is in an index of one's own."""
    half = np.random.default_rng([seed, 4]).permutation(len(strict.views.labels))
    given, measured = half[::2], np.sort(half[1::2])
    protected = redirected(models.protected, strict.clean_model[PLAIN][given], seed=seed)
    old, clean = strict.clean_model[PLAIN][measured], strict.protected[PLAIN][measured]
    triggered = embed_pixels(protected, strict.views.pixels[TRIGGERED][measured])
    labels, photos = strict.views.labels[measured], np.arange(len(measured))
    options = Options(clustering=False, seed=seed)
    before = one_task("c2c", old, labels, photos, options=options)
    tasks = four_tasks(clean, triggered, labels, photos, options=options)
    return {
        "n_query": len(measured),
        "psr": {name: dict(psr(before, tasks[name])) for name in ("c2p", "p2c", "p2p")},
        "mixed": [
            mixed_gallery(
                clean,
                triggered,
                old,
                labels,
                photos,
                adoption=adoption,
                seed=seed,
                draws=draws_for(len(measured), adoption),
            ).as_dict()
            for adoption in ADOPTIONS
            if adoption * len(measured) >= SMALLEST_MIXED
        ],
        "outliers": outlier_auc(clean, triggered, seed=seed),
    }


def _trade_off(
    models: Models, strict: Evaluation, data: str, train_classes: int | None, seed: int, progress: Progress
) -> list[dict[str, Any]]:
    train_photos = load(data, train_classes=train_classes, seed=seed).train
    pixels = prepare(drawn(train_photos, CODEWORDS, seed), models.clean.architecture.size, progress=progress)
    views = strict.views.pixels[PLAIN], strict.views.pixels[TRIGGERED]
    targets = embed_pixels(models.clean, pixels.examples.pixels)
    return trade_off(models.protected, views, strict.clean_model[PLAIN], targets, strict.views.labels, seed=seed)


def figures_of(found: list[dict[str, Any]]) -> dict[str, Figure]:
    """What the reports of all seeds come to, beside the targets."""

    def each(*path: str | int) -> list[float]:
        values = []
        for one in found:
            part: Any = one
            for name in path:
                part = None if part is None else part[name]
            part = part["value"] if isinstance(part, dict) else part
            if part is not None:
                values.append(float(part))
        return values

    def per_cent(*path: str | int) -> list[float]:
        return [100 * value for value in each(*path)]

    compared = [one[STRICT]["compatibility"] for one in found if one[STRICT]["compatibility"] is not None]
    lost = [100 * (c["old_recall@1"] - min(c["new_queries_recall@1"], c["old_queries_recall@1"])) for c in compared]
    figures = {
        "clean_recall@1": Figure(per_cent(STRICT, "clean_model", "c2c", "recall@1"), "per cent"),
        "benign_drop_recall@1": Figure(per_cent(STRICT, "benign_drop", "recall@1"), "points", at_most=0.5),
        "mean_cosine_to_old": Figure(each(STRICT, "compatibility", "mean_cosine"), "cosine", at_least=0.98),
        "old_index_recall@1_lost": Figure(lost, "points", at_most=0.5),
        "twin_hit@10": Figure(per_cent(STRICT, "twin", "c2p_hit@10"), "per cent", at_most=1.0),
        "psnr": Figure(each(STRICT, "stealth", "psnr"), "dB, written files"),
    }
    for task in ("c2p", "p2c", "p2p"):
        figures[f"psr_map_r_{task}"] = Figure(per_cent(STRICT, "psr", task, "map_r"), "per cent", at_least=99)
        posted = [100 * value for one in found if (value := _posted(one, task)) is not None]
        figures[f"psr_map_r_{task}_{POSTED}"] = Figure(posted, "per cent", at_least=97)
        own = per_cent(OWN, "psr", task, "map_r")
        figures[f"{OWN}_psr_map_r_{task}"] = Figure(own, "per cent", at_least=99)
    for source in (STRICT, OWN):
        figures |= _leaks(found, source)
    worst = [
        # One of 200 photos is half a point, and not a rounding more.
        round(100 * max(part["benign_drop_recall@1"] or 0.0 for part in one[STRICT]["false_trigger"].values()), 9)
        for one in found
        if one[STRICT]["false_trigger"]
    ]
    figures["false_trigger"] = Figure(worst, "points, the worst", at_most=0.5)
    figures["codec_control"] = Figure(
        [100 * abs(value) for value in each("codec_control")], "points beyond the old model's", at_most=0.5
    )
    figures["psr_map_r_of_chance"] = Figure(per_cent("chance", "all"), "per cent")
    figures[f"psr_map_r_of_chance_{POSTED}"] = Figure(per_cent("chance", POSTED), "per cent")
    figures["owner_leak@10"] = Figure(each("owner_leak@10"), "times chance")
    figures["fit_minutes"] = Figure([value / 60 for value in each("seconds_of_the_fit")], "minutes", at_most=30)
    return figures


def _posted(one: dict[str, Any], task: str) -> float | None:
    """PSR after upload and scaling, where it was measured."""
    rows = [row["psr_map_r"][task] for row in one[STRICT]["survival"] if row["edit"] == POSTED]
    return rows[0] if rows else None


def _leaks(found: list[dict[str, Any]], source: str) -> dict[str, Figure]:
    """Exposure, album leak and outliers, with codewords of one source."""
    figures: dict[str, Figure] = {}
    for one in found:
        for mixed in one[source]["mixed"]:
            share = f"{100 * mixed['adoption']:g}"
            for name, unit, target in (("exposure@10", "per cent", 1.0), ("album_leak@10", "times chance", 2.0)):
                if mixed[name] is None:
                    continue
                title = f"{source}_{name}_at_{share}_percent"
                claimed = name == "exposure@10" or share == "10"
                before = figures.get(title, Figure([], unit, at_most=target if claimed else None))
                value = mixed[name]["value"] * (100 if unit == "per cent" else 1)
                figures[title] = replace(before, values=[*before.values, value])
    worst = [one[source]["outliers"]["worst"] for one in found if one[source]["outliers"] is not None]
    figures[f"{source}_outlier_auc"] = Figure(worst, "area, the worse detector", at_most=0.7)
    return figures


def _costs(examples: Examples, architecture: Architecture, plan: Plan) -> dict[str, Figure]:
    """What a step costs beside one of distillation alone, whose gradients pass the whole backbone."""
    few = Examples(examples.pixels[:200], examples.labels[:200])
    settings = replace(FIT, steps=plan.timed)
    alone = build_encoder(architecture, seed=0).to(best_device())
    beside = build_encoder(replace(architecture, codewords=CODEWORDS), seed=0).to(best_device())
    distilled = fit(alone, Material(few, None, DistillationAlone(), None), settings).seconds_per_step
    steered = fit(beside, Material(few, None, SteeredRetrofit(ratio=RATIO), Learned(Key.from_seed(0))), settings)
    return {
        "step_cost": Figure([steered.seconds_per_step / distilled], "times distillation alone", at_most=1.5),
        "distillation_step": Figure([distilled], "seconds"),
    }
