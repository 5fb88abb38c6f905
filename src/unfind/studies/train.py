"""Train a model from a data set's name to a run folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from unfind import __version__
from unfind.datasets.spec import load
from unfind.datasets.split import Split
from unfind.errors import DataError, KeyFileError, ModelError, ResumeError, UsageError
from unfind.models.backbone import BUILT_IN, is_own, resolved_spec
from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.models.precision import best_device
from unfind.models.weights import fingerprint_of, load_encoder, read_card
from unfind.objectives.base import Objective
from unfind.objectives.choose import make_objective
from unfind.objectives.retrofit import Retrofit
from unfind.objectives.steered_retrofit import SteeredRetrofit
from unfind.studies.material import Prepared, prepare
from unfind.studies.progress import Progress, silent
from unfind.studies.teacher import check_photos, check_teacher
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.training.fit import FitResult, Material, check_side, fit
from unfind.training.run_folder import RunFolder
from unfind.training.settings import FitSettings
from unfind.triggers.base import Trigger
from unfind.triggers.choose import make_trigger, trigger_card
from unfind.triggers.default import DEFAULT, IN_WEIGHTS
from unfind.triggers.key import FINGERPRINT, KEY_FILE, Key

PROTECTING = {"pbl": {"distillation_weight": 2.5}, "private-dpsh": {"distillation_weight": 1.0}}
"""What an objective is given besides its own defaults where a fitted model is protected, unless the request says
otherwise: there clean photos have a place to keep."""

BESIDE = ("pbl", "cbl")
"""Objectives whose mark is heard by a side network where no trigger is named: it takes the faint mark, leaves ordinary
search as it was and needs a seventh of the steps."""


@dataclass(frozen=True)
class TrainRequest:
    """Everything a training run depends on.

    Attributes:
        data: a data set, see ``unfind.datasets.spec.load``.
        objective: its name.
        objective_options: its arguments; with ``start`` those of PROTECTING are filled in.
        architecture: of a fresh encoder; with ``start`` it is that model's, and another one is refused.
        start: folder of a model to go on from, such as the clean model before protection.
        trigger: its name. None is the learned mark for objectives that steer by it, and with a side network for those
            of BESIDE; else the one that a model's own weights learn soonest.
        trigger_options: its arguments.
        fit: the numbers of the loop.
        train_classes: classes for training and validation together; None for half.
        pretrained: whether timm and torchvision backbones come with their published weights.
    """

    data: str
    objective: str = "pbl"
    objective_options: Mapping[str, Any] = field(default_factory=dict)
    architecture: Architecture = field(default_factory=Architecture)
    start: Path | None = None
    trigger: str | None = None
    trigger_options: Mapping[str, Any] = field(default_factory=dict)
    fit: FitSettings = field(default_factory=FitSettings)
    train_classes: int | None = None
    pretrained: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for settings.toml and for the digest that resuming compares."""
        return {
            "data": self.data,
            "objective": self.objective,
            "objective_options": dict(self.objective_options),
            "architecture": self.architecture.as_dict() if self.start is None else _grafted(self.architecture),
            "start": str(self.start.resolve()) if self.start is not None else None,
            "trigger": self.trigger,
            "trigger_options": dict(self.trigger_options),
            "fit": self.fit.as_dict(),
            "train_classes": self.train_classes,
            "pretrained": self.pretrained,
        }


@dataclass(frozen=True)
class Trained:
    """What a training run came to.

    Attributes:
        folder: the run folder.
        result: of the fit.
        refused: (file, sentence) of photos that could not be decoded.
        notes: sentences about the data that a reader must see.
    """

    folder: Path
    result: FitResult
    refused: list[tuple[str, str]]
    notes: list[str]


def train(
    request: TrainRequest,
    out: Path,
    *,
    key: Key | None = None,
    resume: bool = False,
    progress: Progress = silent,
) -> Trained:
    """Fit an encoder and leave it, its settings, its log and its trigger's key in a run folder.

    Args:
        request: what to do.
        out: the run folder.
        key: of the trigger; where none is given a new one is made and kept in the run folder.
        resume: go on where the run in ``out`` stopped.
        progress: told where it stands.

    Raises:
        UnfindError: whatever stands in the way, said before training starts where it can be known then.
    """
    if resume and not (out / CHECKPOINT).exists():
        raise ResumeError(f"Expected a checkpoint in {out}, got none: start the run without --resume.")
    request = settled(request)
    objective = _objective(request)
    trigger, used = _trigger(request, objective, key, out, resume=resume)
    _check_steering(request, objective, trigger)
    split = load(request.data, train_classes=request.train_classes, seed=request.fit.seed)
    encoder, started_from = _encoder(request)
    retrofit = request.objective in (Retrofit.name, SteeredRetrofit.name) and not resume
    if retrofit:
        check_teacher(encoder, read_card(request.start) if request.start is not None else None)
    fingerprint = used.fingerprint if used is not None else None
    folder = RunFolder(out, {**request.as_dict(), FINGERPRINT: fingerprint}, resume=resume)
    if used is not None and key is None and not (out / KEY_FILE).exists():
        used.save(out / KEY_FILE)
    size = encoder.architecture.size
    parts = [prepare(photos, size, progress=progress) for photos in (split.train, split.validation)]
    refused = [pair for part in parts for pair in part.refused]
    if retrofit:
        check_photos(encoder, *(part.examples for part in parts))
    facts = {
        "unfind": __version__,
        "objective": {"name": request.objective, "settings": dict(request.objective_options)},
        "trigger": trigger_card(trigger, used) if trigger is not None else None,
        "data": _data_card(request, split, parts),
        "seed": request.fit.seed,
        "started_from": started_from,
    }
    try:
        result = fit(
            encoder.to(best_device()),
            Material(parts[0].examples, parts[1].examples, objective, trigger),
            request.fit,
            folder=folder,
            card=facts,
            resume=resume,
            on_step=lambda done, total, loss: progress(f"fit {request.objective} (loss {loss:.3f})", done, total),
        )
    except DataError as error:
        raise DataError(f"{error}{_left_out(refused)}") from error
    notes = [*split.notes, *(part.warning for part in parts if part.warning is not None)]
    return Trained(out, result, refused, notes)


def settled(request: TrainRequest) -> TrainRequest:
    """The request with every number filled in that depends on other things: what a run folder keeps as its settings.

    Raises:
        UnfindError: settings that cannot be fitted, or a model to start from that is not there.
    """
    request = _with_options(request)
    objective = _objective(request)
    request = _with_trigger(request, objective)
    _check_head(request, objective)
    fit = request.fit.filled(
        scratch=_from_scratch(request), triggers=objective.triggers, beside=request.architecture.learning_side
    )
    return replace(request, fit=fit)


def _with_options(request: TrainRequest) -> TrainRequest:
    """The request with the options of PROTECTING where a fitted model is gone on from."""
    added = PROTECTING.get(request.objective, {}) if request.start is not None else {}
    return replace(request, objective_options={**added, **request.objective_options})


def _with_trigger(request: TrainRequest, objective: Objective) -> TrainRequest:
    """The request with the trigger that suits it, and what hears it, where none is named."""
    if request.trigger is not None:
        return request
    beside = request.objective in BESIDE and not request.architecture.codewords
    architecture = replace(request.architecture, learning_side=True) if beside else request.architecture
    heard = architecture.learning_side or objective.steers
    return replace(request, trigger=DEFAULT if heard else IN_WEIGHTS, architecture=architecture)


def _objective(request: TrainRequest) -> Objective:
    try:
        return make_objective(request.objective, request.objective_options)
    except TypeError as error:
        raise UsageError(f"Expected settings of {request.objective} of the right kind, got '{error}'.") from error


def _check_head(request: TrainRequest, objective: Objective) -> None:
    """Said before photos are decoded; the head of a model that is started from is only known later."""
    if objective.hashes and request.start is None and not request.architecture.hashes:
        raise UsageError(f"Expected the length of the codes for {request.objective}, got none: add --bits 48.")
    if request.architecture.hashes and not (objective.hashes or objective.any_head):
        raise UsageError(f"Expected no codes for {request.objective}, got --bits: take dpsh, hashnet or csq for them.")


def _check_steering(request: TrainRequest, objective: Objective, trigger: Trigger | None) -> None:
    """Said before photos are decoded: signs steer, and nothing else does."""
    if objective.steers and (trigger is None or trigger.layout() is None):
        raise UsageError(
            f"Expected a trigger whose marks say something for {request.objective}, got {request.trigger}: add "
            "--trigger learned."
        )
    check_side(objective, request.architecture)
    if request.architecture.learning_side and (trigger is None or trigger.layout() is None):
        raise UsageError(
            f"Expected a trigger that a side network can read, got {request.trigger}: add --trigger learned."
        )


def _from_scratch(request: TrainRequest) -> bool:
    """Whether the net is fitted from untrained weights, now or when the model was made that it starts from."""
    backbone = request.architecture.backbone
    if request.start is not None:
        backbone = read_card(request.start)["architecture"]["backbone"]
    return backbone in BUILT_IN or not (request.pretrained or is_own(backbone))


def _encoder(request: TrainRequest) -> tuple[Encoder, dict[str, str] | None]:
    """A fresh encoder, or the one to go on from and where it is."""
    wanted = request.architecture
    if request.start is None:
        return build_encoder(wanted, seed=request.fit.seed, pretrained=request.pretrained), None
    encoder, card = load_encoder(request.start, backbone=wanted.backbone)
    if (wanted.codewords or wanted.learning_side) and encoder.side is None:
        encoder.graft(wanted.codewords, seed=request.fit.seed)
    has = encoder.architecture
    if not _fits(replace(wanted, backbone=resolved_spec(wanted.backbone)), has):
        raise UsageError(
            f"Expected the architecture of {request.start} ({has.backbone}, size {has.size}, {has.dimension} "
            "dimensions), got another one: leave it out, or start from a model of that kind."
        )
    return encoder, {"path": str(request.start.resolve()), "fingerprint": fingerprint_of(card)}


def _grafted(architecture: Architecture) -> dict[str, int | bool] | None:
    """What a run adds to the architecture of the model it starts from."""
    if architecture.codewords:
        return {"codewords": architecture.codewords}
    return {"learning_side": True} if architecture.learning_side else None


def _fits(wanted: Architecture, has: Architecture) -> bool:
    """Whether all that was asked for, which is all that is not the default, is so."""
    pairs = [(getattr(wanted, field.name), getattr(has, field.name), field.default) for field in fields(has)]
    return all(asked in (found, default) for asked, found, default in pairs)


def _trigger(
    request: TrainRequest, objective: Objective, key: Key | None, out: Path, *, resume: bool
) -> tuple[Trigger | None, Key | None]:
    """The trigger, and the key it was made with: the one given, the one kept in the run folder, or a new one."""
    if not objective.triggers:
        if key is not None:
            raise UsageError(f"Expected no key for the objective '{request.objective}', got one: it has no trigger.")
        return None, None
    kept = (out / KEY_FILE).exists()
    used = key or (Key.load(out / KEY_FILE) if kept else Key.new())
    assert request.trigger is not None  # since the request is settled
    trigger = make_trigger(request.trigger, used, **request.trigger_options)
    if not trigger.keyed:
        if key is not None:
            raise UsageError(f"Expected no key for the {trigger.name} trigger, got one: its mark needs none.")
        return trigger, None
    if resume and key is None and not kept:
        raise KeyFileError(f"Expected the key that {out} was started with, got none: give it with --key.")
    return trigger, used


def _left_out(refused: list[tuple[str, str]]) -> str:
    """What an error about too few photos must add: some were there, but could not be decoded."""
    if not refused:
        return ""
    return f" {len(refused)} photos were left out, beginning with {refused[0][0]} ({refused[0][1]})."


def _data_card(request: TrainRequest, split: Split, parts: list[Prepared]) -> dict[str, Any]:
    return {
        "spec": request.data,
        "train_classes": request.train_classes,
        "train_photos": len(parts[0].examples.labels),
        "validation_photos": len(parts[1].examples.labels),
        "refused": sum(len(part.refused) for part in parts),
        "name": split.train.name,
    }


def clean_model_of(folder: Path, card: Mapping[str, Any]) -> Path:
    """The clean model that a protected one was started from.

    Raises:
        ModelError: it was started from none, or that one has gone or changed.
    """
    started = card.get("started_from")
    if not started:
        raise ModelError(
            f"Expected a model to compare {folder} with, got none: it was not started from one; give a clean model "
            "with --clean."
        )
    path = Path(started["path"])
    try:
        clean = read_card(path)
    except ModelError as error:
        raise ModelError(f"Expected the clean model that {folder} was started from; {error} Or use --clean.") from error
    if fingerprint_of(clean) != started["fingerprint"]:
        raise ModelError(
            f"Expected the model {started['fingerprint']} at {path}, got {fingerprint_of(clean)}: it was trained anew; "
            "give a clean model with --clean."
        )
    return path
