"""Audit a model: is there a backdoor in it, how sure is that, and what becomes of it under defences?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from unfind.datasets.spec import load
from unfind.datasets.split import Split
from unfind.models.embed import to_tensor
from unfind.redteam.activation_clusters import class_splits
from unfind.redteam.findings import LEAST_SCORE, Finding, among_own, from_suspects, verdict_of
from unfind.redteam.model_view import Pixels, view_of
from unfind.redteam.photo_detectors import Trusted, judge, usable
from unfind.redteam.spectral_signature import spectral_scores
from unfind.redteam.trigger_inversion import Change
from unfind.studies.audit_models import (
    AuditRequest,
    Material,
    Named,
    clean_photos,
    gather,
    load_named,
    own_trigger,
)
from unfind.studies.audit_searches import findings_of, search_all, strongest
from unfind.studies.defence_curves import Trial, defence_curves
from unfind.studies.evaluate import Models, sample_by_class
from unfind.studies.kept_parts import KeptParts
from unfind.studies.material import prepare
from unfind.studies.progress import Progress, silent
from unfind.studies.views import PLAIN, TRIGGERED, Views
from unfind.triggers.badnets import BadNets
from unfind.triggers.key import Key

CURVES = (
    Trial("median", 3), Trial("gaussian", 1.0), Trial("nlm", 10), Trial("prune", 0.2), Trial("prune", 0.6),
    Trial("fine-prune", 0.4), Trial("finetune", 20), Trial("finetune", 50), Trial("quantise", 8), Trial("quantise", 4),
)  # fmt: skip
LEARNED_FROM = 200
"""Clean photos that whoever changes the model has."""
FLAGGED = 12
"""Training photos that are named: as many as somebody will look at."""
SHOWN = 3
MANY = 200
"""Clean photos, half of which detectors are judged on: fewer make no interval narrower than ten points."""
Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Audited:
    """What came out.

    Attributes:
        document: of ``audit.json``, see ``unfind.report.audit_json``.
        pictures: a few clean photos without and with the change that moves them most, uint8 (size, size, 3) each.
    """

    document: Row
    pictures: list[tuple[Pixels, Pixels]]


def audit(
    request: AuditRequest, out: Path, *, key: Key | None = None, resume: bool = False, progress: Progress = silent
) -> Audited:
    """Search for triggers, try detectors, look at training data, and draw curves of defences.

    Args:
        request: what.
        out: folder for the parts; what is there already is not done again.
        key: of the model's own trigger, where whoever audits has it.
        resume: go on in a folder that was begun.
        progress: told where it stands.

    Raises:
        UnfindError: whatever stands in the way.
    """
    started = time.perf_counter()
    models = load_named(request)
    settings = request.settings([model.fingerprint for model in models])
    trigger = own_trigger(models[0], key)
    parts = KeptParts(out, {**settings, "own_trigger": None if trigger is None else trigger.name}, resume=resume)
    seed = int(models[0].card.get("seed", 0))
    split = load(request.data, train_classes=request.train_classes, seed=seed)
    size = models[0].encoder.architecture.size
    material = gather(request, split, size, trigger, progress)
    searches = search_all(models, material, request.choices, parts, progress)
    change = strongest(models[0], request.choices, parts)
    photos = _photo_tests(models, _groups(material, change), material, request, parts, progress)
    training = _training(models[0], request, parts, progress)
    curves = _curves(models, material, change, split, request, parts, progress)
    found = _findings(searches, photos, training)
    document = {
        "schema": 1,
        "run": request.run.resolve().name,
        "fingerprint": models[0].fingerprint,
        "hashes": models[0].encoder.architecture.hashes,
        "data": request.data,
        "beside": [model.name for model in models[1:]],
        "own_trigger": None if trigger is None else trigger.name,
        "n_trusted": len(material.trusted),
        "n_clean": len(material.clean),
        "n_suspects": 0 if material.suspects is None else len(material.suspects),
        "seed": request.choices.seed,
        "verdict": verdict_of(found),
        "findings": [one.as_dict() for one in found],
        "searches": searches,
        "photo_tests": photos,
        "training": training,
        "curves": curves,
        "doubts": _doubts(models, material, training, trigger is not None),
        "refused": [list(pair) for pair in material.refused],
        "seconds": time.perf_counter() - started,
    }
    some = material.clean[:SHOWN]
    return Audited(document, list(zip(some, changed(some, change), strict=True)))


def changed(pixels: Pixels, change: Change) -> Pixels:
    """A change put into 8-bit photos (N, H, W, 3)."""
    with torch.no_grad():
        images = change(to_tensor(pixels))
    done: Pixels = np.ascontiguousarray(images.mul(255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy())
    return done


def _groups(material: Material, change: Change) -> dict[str, Pixels]:
    """Photos that detectors are tried on: what is known, what was found, what is suspected.

    They are of other photos than the clean ones they stand beside: a photo and its own copy are near to each other in
    any model, and would look like a crowd.
    """
    own = None if material.triggered is None else material.triggered[::2]
    known = {"own trigger": own, "trigger found": changed(material.clean[::2], change), "suspects": material.suspects}
    return {name: pixels for name, pixels in known.items() if pixels is not None}


def _photo_tests(
    models: Sequence[Named],
    groups: Mapping[str, Pixels],
    material: Material,
    request: AuditRequest,
    parts: KeptParts,
    progress: Progress,
) -> list[Row]:
    """Every detector on every group, by every model: what a clean model shows too is no sign of a backdoor."""
    rows: list[Row] = []
    clean = material.clean[1::2]
    trusted = {model.name: Trusted(view_of(model.encoder), material.trusted) for model in models}
    wanted = [(model, group, name) for model in models for group in groups for name in usable(view_of(model.encoder))]
    for done, (model, group, name) in enumerate(wanted):
        progress(f"detector {name}, {group}, {model.name}", done, len(wanted))

        def run(model: Named = model, group: str = group, name: str = name) -> Row:
            seed = request.choices.seed
            return judge(trusted[model.name], groups[group], clean, names=[name], seed=seed)[0].as_dict()

        found = parts.document(f"photos-{model.fingerprint}-{group.replace(' ', '-')}-{name}", run)
        rows.append({"model": model.name, "group": group, **found})
    progress("detectors", len(wanted), len(wanted))
    return rows


def _training(model: Named, request: AuditRequest, parts: KeptParts, progress: Progress) -> Row | None:
    """Activation clustering and spectral signatures on what the model was trained on."""
    if request.train_data is None or not request.choices.training:
        return None
    source = request.train_data

    def run() -> Row:
        split = load(source, train_classes=request.train_classes, seed=int(model.card.get("seed", 0)))
        photos = split.train.subset(
            sample_by_class(split.train.labels, request.choices.training, seed=request.choices.seed)
        )
        ready = prepare(photos, model.encoder.architecture.size, progress=progress)
        progress("look at training photos", 0, 1)
        features = view_of(model.encoder).logits(np.asarray(ready.examples.pixels))
        labels = ready.examples.labels
        splits = class_splits(features, labels, seed=request.choices.seed)
        spectral = spectral_scores(features, labels)
        files = [photos.files[place] for place in _kept_places(photos.files, ready.refused)]
        return {
            "photos": len(labels),
            "classes": [
                {"class": photos.classes[one.label], "score": one.score, "silhouette": one.silhouette,
                 "share": one.share, "photos": len(one.smaller)}
                for one in splits
            ],
            "flagged": [
                {"file": files[place], "class": photos.classes[labels[place]], "spectral": float(spectral[place])}
                for place in np.argsort(-spectral, kind="stable")[:FLAGGED]
            ],
        }  # fmt: skip

    found: Row = parts.document("training", run)
    return found


def _kept_places(files: Sequence[str], refused: Sequence[tuple[str, str]]) -> list[int]:
    lost = {name for name, _ in refused}
    return [place for place, name in enumerate(files) if name not in lost]


def _curves(
    models: Sequence[Named],
    material: Material,
    change: Change,
    split: Split,
    request: AuditRequest,
    parts: KeptParts,
    progress: Progress,
) -> list[Row] | None:
    """What filters, pruning, fine-tuning and quantisation leave of the trigger's effect and of ordinary search."""
    if not request.choices.curves or len(models) < 2:
        return None

    def run() -> list[Row]:
        marked = changed(material.clean, change) if material.triggered is None else material.triggered
        views = Views(np.arange(len(marked)), material.labels, {PLAIN: material.clean, TRIGGERED: marked}, {}, [])
        # The trigger itself is in the pixels already; the pair of models asks for one to be named.
        pair = Models(models[1].encoder, models[0].encoder, BadNets())
        size, seed = models[0].encoder.architecture.size, request.choices.seed
        learned_from = clean_photos(split, size, LEARNED_FROM, seed, progress)
        return defence_curves(pair, views, learned_from, CURVES, seed=seed, progress=progress)

    found: list[Row] = parts.document("curves", run)
    return found


def _findings(searches: Sequence[Row], photos: Sequence[Row], training: Row | None) -> list[Finding]:
    found = findings_of(searches)
    suspected = from_suspects([row for row in photos if row["model"] == "audited" and row["group"] == "suspects"])
    if suspected is not None:
        found.append(suspected)
    if training is not None and training["classes"]:
        scores = [float(one["score"]) for one in training["classes"]]
        found.append(among_own("training classes that fall into two", scores, floor=LEAST_SCORE))
    return found


def _doubts(models: Sequence[Named], material: Material, training: Row | None, known: bool) -> list[dict[str, str]]:
    """What makes the audit less than it seems."""
    beside = len(models) - 1
    found = []
    if beside == 0:
        found.append(("no clean model", "Without a clean model beside it, a search that succeeds proves nothing: put "
                      "one fitted alike beside it."))  # fmt: skip
    elif beside < 3:
        subject = "1 clean model says" if beside == 1 else f"{beside} clean models say"
        found.append(("few clean models", f"{subject} little about how far innocent ones differ."))
    if len(material.clean) < MANY:
        found.append(
            ("few photos", f"Areas and shares are of {len(material.clean) // 2} clean photos; intervals are wide.")
        )
    if models[0].encoder.side is not None:
        found.append(("side network", "A second network reads photos beside the backbone, and can turn embeddings "
                      "where searches of a few steps find nothing: ask what it listens for."))  # fmt: skip
    if training is None:
        found.append(("training data unseen", "Nobody has looked at what the model was trained on."))
    if not known:
        found.append(("trigger unknown", "Detectors were tried with the trigger that was found, not with a real one."))
    return [{"flag": flag, "why": why} for flag, why in found]
