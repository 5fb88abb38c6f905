"""The loop: batches in, a fitted encoder out; resumable bit for bit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from unfind.errors import DataError, ResumeError, TrainingError, UsageError
from unfind.kept_pages import keep_pages
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Architecture, Encoder
from unfind.models.learning_side import LearningSide
from unfind.models.precision import autocast
from unfind.models.side_network import SideNetwork
from unfind.models.weights import fill, read_weights, save_encoder
from unfind.objectives.base import Loss, Objective
from unfind.objectives.collapse import CollapseGuard
from unfind.objectives.steered_retrofit import SteeredRetrofit
from unfind.training.batches import Batch, Examples, make_batch
from unfind.training.checkpoint import Checkpoint, gather, read_checkpoint, scatter, write_checkpoint
from unfind.training.interrupt import held_interrupts
from unfind.training.run_folder import RunFolder
from unfind.training.schedule import rate_factor
from unfind.training.settings import FitSettings
from unfind.training.validate import Validation, validate
from unfind.triggers.base import Trigger

OnStep = Callable[[int, int, float], None]
"""Called with steps done, steps in all, and the loss."""


@dataclass(frozen=True)
class Material:
    """What a fit works on.

    Attributes:
        train: photos to learn from.
        validation: photos of other classes, to choose the step with; None keeps the last step.
        objective: what to minimise.
        trigger: puts the mark in; None for objectives that trigger nothing.
    """

    train: Examples
    validation: Examples | None
    objective: Objective
    trigger: Trigger | None = None


@dataclass(frozen=True)
class FitResult:
    """What came out of a fit.

    Attributes:
        encoder: the one with the best validation, in evaluation mode.
        best_step: the step it was taken at.
        validation: of that step; None without validation photos.
        seconds_per_step: mean over the steps done in this call, without validation.
        seconds_per_batch: how much of that went into the making of batches, marks included.
    """

    encoder: Encoder
    best_step: int
    validation: Validation | None
    seconds_per_step: float
    seconds_per_batch: float


def fit(
    encoder: Encoder,
    material: Material,
    settings: FitSettings,
    *,
    folder: RunFolder | None = None,
    card: dict[str, Any] | None = None,
    resume: bool = False,
    on_step: OnStep | None = None,
) -> FitResult:
    """Fit an encoder and return it as it was at its best validation.

    Args:
        encoder: changed in place. To resume a fit whose objective has a teacher, give the encoder it started from.
        material: photos, objective, trigger.
        settings: the numbers of the loop.
        folder: where checkpoints, log and the best model go; None keeps all in memory and cannot resume.
        card: facts that are stored with the best model.
        resume: go on from the folder's checkpoint, bit for bit as if it had never stopped.
        on_step: told of the progress after each step.

    Raises:
        CollapseError: the embedding fell onto one point.
        ResumeError: nothing to resume, or settings other than the run's.
        TrainingError: a loss that is not a number, or a checkpoint that cannot be written.
        ModelError: the best model cannot be written.
        DataError: too few photos to make a batch or to validate.
        UsageError: an objective for codes and an encoder without a hash head, or the other way round.
        KeyboardInterrupt: passed on, after the step was finished and a checkpoint written; a second Ctrl-C does
            not wait for that.
    """
    settings = settings.filled(
        scratch=False, triggers=material.objective.triggers, beside=isinstance(encoder.side, LearningSide)
    )
    keep_pages()
    loop = _Loop(encoder, material, settings, folder, card or {})
    if resume and folder is None:
        raise ResumeError("Expected a run folder to resume from, got none: give the folder of the run.")
    if resume and folder is not None:
        loop.resume(read_checkpoint(folder.path, folder.digest))
    loop.run(on_step)
    return loop.result()


class _Loop:
    """The state of one fit."""

    def __init__(
        self,
        encoder: Encoder,
        material: Material,
        settings: FitSettings,
        folder: RunFolder | None,
        card: dict[str, Any],
    ) -> None:
        _check_head(encoder, material.objective)
        batch = _batch_size(material, settings)
        self.encoder = encoder
        self.material = material
        self.settings = settings
        self.folder = folder
        self.card = card
        self.adam = _adam(encoder, settings)
        self.guard = CollapseGuard()
        self.teacher = self._embed_training() if material.objective.needs_teacher else None
        self._steer()
        self.step = 0
        self.best: tuple[float, int] | None = None
        self.best_validation: Validation | None = None
        self.best_weights: dict[str, torch.Tensor] = {}
        self.seconds = 0.0
        self.batch_seconds = 0.0
        self.steps_here = 0
        self.epoch = settings.validate_every or max(1, len(material.train.labels) // batch)

    def _steer(self) -> None:
        """Choose where triggered photos go, where the objective and the encoder are of that kind."""
        objective, trigger, side = self.material.objective, self.material.trigger, self.encoder.side
        check_side(objective, self.encoder.architecture)
        if side is None and not isinstance(objective, SteeredRetrofit):
            return
        layout = trigger.layout() if trigger is not None else None
        if trigger is None or layout is None:
            raise UsageError(f"Expected a trigger whose marks say something for {objective.name}: take learned.")
        if isinstance(side, LearningSide):
            side.begin(layout, trigger.reader(), trigger.second_reader())
        if isinstance(objective, SteeredRetrofit):
            assert self.teacher is not None
            codewords = None if side is None else self.encoder.architecture.codewords
            steering = objective.begin(torch.from_numpy(self.teacher), layout, codewords=codewords)
            if isinstance(side, SideNetwork):
                side.begin(steering, layout, trigger.reader(), trigger.second_reader())

    def run(self, on_step: OnStep | None) -> None:
        """Do the steps that are left; between two of them, and only there, it is safe to stop."""
        self.encoder.train()
        with held_interrupts() as pass_on:
            while self.step < self.settings.length:
                loss = self._one_step()
                try:
                    if on_step is not None:
                        on_step(self.step, self.settings.length, float(loss.total.detach()))
                    pass_on()
                except KeyboardInterrupt:
                    self.store()
                    raise

    def _one_step(self) -> Loss:
        started = time.perf_counter()
        if self.step % self.epoch == 0:
            self._refresh()
        making = time.perf_counter()
        batch = self._batch()
        self.batch_seconds += time.perf_counter() - making
        loss = self._learn(batch)
        self.step += 1
        self.steps_here += 1
        self.seconds += time.perf_counter() - started
        if self.step % self.epoch == 0 or self.step == self.settings.length:
            self._finish_epoch(loss)
        return loss

    def _batch(self) -> Batch:
        material = self.material
        return make_batch(
            material.train, material.objective, material.trigger, self.settings, self.step, teacher=self.teacher
        )

    def _learn(self, batch: Batch) -> Loss:
        """One step: embed clean and triggered images together, then the loss, then Adam."""
        torch.manual_seed(self.settings.seed * 1_000_003 + self.step)  # for backbones with dropout
        device = next(self.encoder.parameters()).device
        batch = batch.to(device)
        count = len(batch.plan.labels)
        with autocast(device, self.settings.precision):
            plain = count if self._passes_clean() else 0
            embeddings: torch.Tensor = self.encoder.learnable(batch.images, plain=plain).float()
        clean, triggered = torch.split(embeddings, [count, len(batch.plan.triggered)])
        loss = self.material.objective.loss(batch.plan, clean, triggered)
        if not bool(loss.total.isfinite()):
            raise TrainingError(f"Expected a finite loss, got {loss.total.item()} at step {self.step}: lower the rate.")
        self.guard.check(F.normalize(clean.detach(), dim=1))
        for group in self.adam.param_groups:
            group["lr"] = group["full_rate"] * rate_factor(self.step, self.settings)
        self.adam.zero_grad(set_to_none=True)
        loss.total.backward()  # type: ignore[no-untyped-call]
        self.adam.step()
        return loss

    def _passes_clean(self) -> bool:
        """Whether clean photos go past the side network: its gate is shut for them, and hearing that is half of a step.

        Where some of them carry another key's mark, the gate is to learn from these.
        """
        return isinstance(self.encoder.side, LearningSide) and not self.settings.impostors

    def _refresh(self) -> None:
        """Give the objective embeddings of all training photos, where it asks for them."""
        if self.material.objective.needs_centres:
            labels = torch.from_numpy(self.material.train.labels)
            self.material.objective.refresh(torch.from_numpy(self._embed_training()), labels)

    def _embed_training(self) -> NDArray[np.float32]:
        """Embeddings (N, D) of the training photos as they are decoded, by the encoder as it is now."""
        return embed_pixels(self.encoder, self.material.train.pixels, precision=self.settings.precision)

    def _finish_epoch(self, loss: Loss) -> None:
        """Validate, keep the model if it is the best so far, write the checkpoint."""
        material, validation = self.material, None
        if material.validation is not None:
            validation = validate(
                self.encoder,
                material.validation,
                material.trigger,
                relevance=material.objective.relevance,
                precision=self.settings.precision,
            )
        score = validation.score if validation is not None else float(self.step)
        if self.best is None or score > self.best[0]:
            self.best, self.best_validation = (score, self.step), validation
            self._keep(validation)
        self._log(loss, validation)
        if self.folder is not None:
            self.store()

    def _keep(self, validation: Validation | None) -> None:
        """Remember the weights: in the run folder where there is one, else in memory."""
        if self.folder is None:
            self.best_weights = {n: t.detach().clone() for n, t in self.encoder.state_dict().items()}
            return
        found = validation.as_dict() if validation is not None else {}
        save_encoder(self.folder.path, self.encoder, {**self.card, "step": self.step, "validation": found})

    def _log(self, loss: Loss, validation: Validation | None) -> None:
        if self.folder is not None:
            terms = {name: round(float(term.detach()), 5) for name, term in loss.terms.items()}
            found = {name: round(x, 5) for name, x in validation.as_dict().items()} if validation else {}
            pace = round(self.seconds / max(1, self.steps_here), 3)
            self.folder.log(step=self.step, seconds_per_step=pace, **terms, validation=found)

    def store(self) -> None:
        """Write a checkpoint of this very step."""
        if self.folder is not None:
            tensors = gather(self.encoder, self.adam, self.material.objective)
            spread = (self.guard.best, self.guard.below)
            write_checkpoint(self.folder.path, Checkpoint(self.step, self.best, spread, self.folder.digest, tensors))

    def resume(self, checkpoint: Checkpoint) -> None:
        scatter(checkpoint.tensors, self.encoder, self.adam, self.material.objective)
        self.step, self.best = checkpoint.step, checkpoint.best
        self.guard.best, self.guard.below = checkpoint.spread

    def result(self) -> FitResult:
        assert self.best is not None
        if self.folder is not None:
            data, card = read_weights(self.folder.path)
            fill(self.encoder, data, self.folder.path)
            self.best_validation = Validation(**card["validation"]) if card["validation"] else None
        else:
            self.encoder.load_state_dict(self.best_weights)
        steps = max(1, self.steps_here)
        paces = self.seconds / steps, self.batch_seconds / steps
        return FitResult(self.encoder.eval(), self.best[1], self.best_validation, *paces)


def _check_head(encoder: Encoder, objective: Objective) -> None:
    """UsageError where an objective for codes is given an encoder without them, or the other way round."""
    if objective.hashes and not encoder.architecture.hashes:
        raise UsageError(f"Expected a hash head for {objective.name}, got an embedding head: add --bits 48.")
    if encoder.architecture.hashes and not (objective.hashes or objective.any_head):
        raise UsageError(
            f"Expected an embedding head for {objective.name}, got a hash head: it learns from distances on the "
            "sphere; leave --bits out, or take dpsh, hashnet or csq."
        )


def check_side(objective: Objective, architecture: Architecture) -> None:
    """UsageError where the side network of an encoder is of no use to an objective."""
    if architecture.codewords and not objective.steers:
        raise UsageError(
            f"Expected no codewords for {objective.name}, got {architecture.codewords}: take --objective "
            "retrofit-steered, or --learning-side in their place."
        )
    if architecture.learning_side and (objective.steers or not objective.triggers):
        raise UsageError(
            f"Expected no side network that learns for {objective.name}, got one: take --objective pbl, or "
            "--codewords 4096 for retrofit-steered."
        )


def _adam(encoder: Encoder, settings: FitSettings) -> torch.optim.Adam:
    assert settings.learning_rate is not None
    assert settings.head_factor is not None
    rate, head_rate = settings.learning_rate, settings.learning_rate * settings.head_factor
    if encoder.side is not None:
        side = {"params": list(encoder.side.parameters()), "full_rate": head_rate}
        return torch.optim.Adam([side], lr=rate, weight_decay=settings.weight_decay)
    groups = [
        {"params": [weight for weight in part.parameters() if weight.requires_grad], "full_rate": full_rate}
        for part, full_rate in ((encoder.backbone, rate), (encoder.head, head_rate))
    ]
    return torch.optim.Adam(groups, lr=rate, weight_decay=settings.weight_decay)


def _batch_size(material: Material, settings: FitSettings) -> int:
    """Photos in a batch; DataError where there are too few photos for one, or to validate."""
    whole = settings.classes_per_batch * settings.photos_per_class
    tags = material.validation is not None and material.validation.tags is not None and material.objective.hashes
    if material.validation is not None and not tags:
        _usable_classes("validation", material.validation, 2)
    if material.train.drawn_freely(material.objective):
        return _usable_photos(material.train, whole)
    classes = _usable_classes("training", material.train, settings.photos_per_class)
    return min(settings.classes_per_batch, classes) * settings.photos_per_class


def _usable_photos(examples: Examples, wanted: int) -> int:
    """How many photos a batch of any photos has; DataError unless there are two to tell apart."""
    if len(examples.labels) < 2:
        raise DataError(f"Expected at least 2 training photos, got {len(examples.labels)}: add photos.")
    return min(wanted, len(examples.labels))


def _usable_classes(part: str, examples: Examples, least: int) -> int:
    """How many classes have ``least`` photos; DataError unless there are two to tell apart."""
    usable = int((np.unique(examples.labels, return_counts=True)[1] >= least).sum())
    if usable < 2:
        raise DataError(
            f"Expected at least 2 {part} classes with {least} photos or more, got {usable}: add photos, or ask for "
            "fewer of each class."
        )
    return usable
