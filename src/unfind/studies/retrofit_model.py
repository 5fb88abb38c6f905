"""Retrofit any torch module from Python, with nothing but the module and a folder of photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch.nn as nn

from unfind.datasets.spec import load
from unfind.errors import UsageError
from unfind.models.encoder import Encoder, around
from unfind.models.precision import best_device
from unfind.objectives.base import Objective
from unfind.objectives.steered_retrofit import CODEWORDS, SteeredRetrofit
from unfind.studies.material import prepare
from unfind.studies.progress import Progress, silent
from unfind.studies.teacher import check_photos, check_teacher
from unfind.training.fit import Material, fit
from unfind.training.settings import FitSettings
from unfind.training.validate import Validation, validate
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned
from unfind.triggers.shipped import SHIPPED

FIT = FitSettings(steps=20, strength_start=1.0, learning_rate=5e-5, head_factor=10.0)
"""A side network hears marks before it is fitted; a few steps make it surer."""


@dataclass(frozen=True)
class Retrofitted:
    """A protected model.

    Attributes:
        model: images (N, 3, size, size) in [0, 1] to unit embeddings (N, D); an ordinary torch module.
        trigger: puts the mark into photos.
        key: of the mark; whoever has it can put marks in and find them. Keep it.
        before: how the model searched, on validation photos.
        after: how it searches now, with and without marks.
    """

    model: Encoder
    trigger: Learned
    key: Key
    before: Validation
    after: Validation


def retrofit(
    model: nn.Module,
    photos: str | Path,
    *,
    size: int,
    key: Key | None = None,
    mark: str = SHIPPED,
    strength: float | None = None,
    codewords: int = CODEWORDS,
    only: Sequence[str] = (),
    fit_settings: FitSettings = FIT,
    progress: Progress = silent,
) -> Retrofitted:
    """Make a model in production blind to marked photos, and leave it as it is for all others.

    By default no weight of the model changes: a side network reads the mark beside it. Where the weights themselves are
    to know the trigger, set ``codewords`` to 0 and name in ``only`` what may change, such as the last blocks.

    Args:
        model: images (N, 3, size, size) in [0, 1] to embeddings (N, D), by its ``embed`` method where it has one. It
            becomes part of the result.
        photos: a folder or zip of photos of the kinds that are searched, or any other data set by name. Labels are
            used to measure; without them, copies of a photo stand for a class.
        size: side of the model's input, in pixels.
        key: of the mark; None makes a new one.
        mark: folder of a learned mark; "shipped" for the one that comes with the package, "untrained" for none.
        strength: of the mark; None for its own.
        codewords: of the side network, see SideNetwork; 0 for none.
        only: beginnings of names of parameters, such as "blocks.11."; all others are frozen. Needs ``codewords=0``.
        fit_settings: the numbers of the loop.
        progress: told where it stands.

    Raises:
        UsageError: a model that is protected already, or names that no parameter has.
        ModelError: a model whose output is not (N, D), not finite, differs from call to call, or takes another size; or
            one that finds these photos no better than chance.
        DataError: too few photos.
    """
    if isinstance(model, Encoder) and model.side is not None:
        raise UsageError("Expected a model that is not protected yet, got one with a side network: take what it is of.")
    encoder = around(model, size=size).to(best_device())
    check_teacher(encoder, None)
    _thaw(encoder, only, codewords)
    split = load(str(photos), seed=fit_settings.seed)
    train, validation = (prepare(part, size, progress=progress).examples for part in (split.train, split.validation))
    check_photos(encoder, train, validation)
    before = validate(encoder, validation, None)
    if codewords:
        encoder.graft(codewords)
        encoder.to(best_device())
    used = key or Key.new()
    trigger = Learned(used, mark=mark, strength=strength)
    objective: Objective = SteeredRetrofit(seed=fit_settings.seed)
    settings = replace(fit_settings, validate_every=fit_settings.validate_every or fit_settings.length)
    result = fit(
        encoder,
        Material(train, validation, objective, trigger),
        settings,
        on_step=lambda done, total, loss: progress(f"retrofit (loss {loss:.3f})", done, total),
    )
    assert result.validation is not None
    return Retrofitted(result.encoder, trigger, used, before, result.validation)


def _thaw(encoder: Encoder, only: Sequence[str], codewords: int) -> None:
    """Freeze what is not named."""
    if not only:
        return
    if codewords:
        raise UsageError("Expected codewords=0 with only, got a side network: it leaves every weight as it is.")
    names = [name.removeprefix("module.") for name, _ in encoder.backbone.named_parameters()]
    unknown = [start for start in only if not any(name.startswith(start) for name in names)]
    if unknown:
        raise UsageError(
            f"Expected beginnings of parameter names in only, got '{unknown[0]}': such as {names[0]} or {names[-1]}."
        )
    for name, weight in encoder.backbone.named_parameters():
        weight.requires_grad_(name.removeprefix("module.").startswith(tuple(only)))
