"""The loop that trains a mark: it watches itself, starts again when it is stuck, and resumes bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from unfind.errors import DataError, ResumeError, TrainingError
from unfind.models.encoder import Encoder
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_encoder import MarkEncoder
from unfind.models.mark_weights import save_mark
from unfind.models.precision import best_device
from unfind.training.check_mark import check_mark
from unfind.training.early_features import EarlyFeatures
from unfind.training.interrupt import held_interrupts
from unfind.training.mark_batches import MarkBatch, draw_mark_batch
from unfind.training.mark_checkpoint import (
    MarkCheckpoint,
    gather_mark,
    read_mark_checkpoint,
    scatter_mark,
    write_mark_checkpoint,
)
from unfind.training.mark_loss import MarkLoss, mark_loss
from unfind.training.mark_settings import MarkSettings
from unfind.training.mark_stage import MarkStage, first_stage, is_stuck, next_stage
from unfind.training.run_folder import RunFolder
from unfind.triggers.slots import SLOTS

OnStep = Callable[[int, int, MarkStage], None]
"""Called with steps done, steps in all, and the stage."""


@dataclass(frozen=True)
class MarkPhotos:
    """What a mark is trained with.

    Attributes:
        train: uint8 (N, canvas, canvas, 3), to learn from.
        held_out: uint8 (M, canvas, canvas, 3), to check with.
    """

    train: NDArray[np.uint8]
    held_out: NDArray[np.uint8]

    def __post_init__(self) -> None:
        for name, pixels, least in (("train", self.train, 4), ("held-out", self.held_out, 1)):
            if len(pixels) < least:
                raise DataError(f"Expected at least {least} {name} photos for a mark, got {len(pixels)}: add photos.")


@dataclass(frozen=True)
class FittedMark:
    """What came out of a training.

    Attributes:
        encoder, decoder: as they were at the end, in evaluation mode.
        stage: where training ended; its strength is the mark's.
        attempt: how many seeds were given up before.
        figures: of the last check, see ``check_mark``.
    """

    encoder: MarkEncoder
    decoder: MarkDecoder
    stage: MarkStage
    attempt: int
    figures: dict[str, float]


def fit_mark(
    photos: MarkPhotos,
    settings: MarkSettings,
    *,
    folder: RunFolder | None = None,
    card: dict[str, Any] | None = None,
    against: Encoder | None = None,
    resume: bool = False,
    on_step: OnStep | None = None,
) -> FittedMark:
    """Train both networks of a mark.

    Args:
        photos: to learn from, and to check with.
        settings: the numbers of the loop.
        folder: where log, checkpoints and weights go at every check; None keeps all in memory.
        card: facts that are stored with the weights.
        against: a retrieval model in whose first layers the mark should be loud.
        resume: go on from the folder's checkpoint, bit for bit as if it had never stopped.
        on_step: told of the progress after each step.

    Raises:
        TrainingError: bits stayed at chance with every seed, a loss that is not a number, or a checkpoint that cannot
            be written.
        ResumeError: nothing to resume, or settings other than the run's.
        KeyboardInterrupt: passed on, after the step was finished and a checkpoint written.
    """
    loop = _Loop(photos, settings, folder, card or {}, EarlyFeatures(against) if against is not None else None)
    if resume and folder is None:
        raise ResumeError("Expected a run folder to resume from, got none: give the folder of the run.")
    if resume and folder is not None:
        loop.resume(read_mark_checkpoint(folder.path, folder.digest))
    loop.run(on_step)
    return loop.result()


class _Loop:
    """The state of one training."""

    def __init__(
        self,
        photos: MarkPhotos,
        settings: MarkSettings,
        folder: RunFolder | None,
        card: dict[str, Any],
        against: EarlyFeatures | None,
    ) -> None:
        self.photos = photos
        self.settings = settings
        self.folder = folder
        self.card = card
        self.against = against
        self.device = best_device()
        self.figures: dict[str, float] = {}
        self.begin(attempt=0)

    def begin(self, attempt: int) -> None:
        """Start from the first step with the attempt's own seed."""
        self.attempt = attempt
        self.step = 0
        self.stage = first_stage(self.settings)
        seed = self.settings.seed + attempt
        self.encoder = MarkEncoder(SLOTS, seed=seed).to(self.device)
        self.decoder = MarkDecoder(SLOTS, seed=seed).to(self.device)
        self.nets = nn.ModuleDict({"encoder": self.encoder, "decoder": self.decoder})
        self.adam = torch.optim.Adam(self.nets.parameters(), lr=self.settings.learning_rate)

    def run(self, on_step: OnStep | None) -> None:
        """Do the steps that are left; between two of them, and only there, it is safe to stop."""
        with held_interrupts() as pass_on:
            while self.step < self.settings.steps:
                self._one_step()
                try:
                    if on_step is not None:
                        on_step(self.step, self.settings.steps, self.stage)
                    pass_on()
                except KeyboardInterrupt:
                    self.store()
                    raise

    def _one_step(self) -> None:
        loss = self._learn(self._batch())
        self.step += 1
        self.stage = next_stage(self.stage, loss.accuracy, self.settings)
        if is_stuck(self.stage, self.step, self.settings):
            self._give_up()
        elif self.step % self.settings.check_every == 0 or self.step == self.settings.steps:
            self._check(loss)

    def _batch(self) -> MarkBatch:
        drawn = draw_mark_batch(self.photos.train, self.settings, self.settings.seed + self.attempt, self.step)
        photos, signs, others = (part.to(self.device) for part in (drawn.photos, drawn.signs, drawn.others))
        return MarkBatch(photos, signs, others, drawn.random)

    def _learn(self, batch: MarkBatch) -> MarkLoss:
        loss = mark_loss(
            self.encoder,
            self.decoder,
            batch,
            self.settings,
            strength=self.stage.strength,
            severity=self.stage.severity,
            against=self.against,
        )
        if not bool(loss.total.isfinite()):
            raise TrainingError(f"Expected a finite loss, got {loss.total.item()} at step {self.step}: lower the rate.")
        for group in self.adam.param_groups:
            group["lr"] = self.settings.rate(self.step)
        self.adam.zero_grad(set_to_none=True)
        loss.total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.nets.parameters(), 1.0)
        self.adam.step()
        return loss

    def _give_up(self) -> None:
        """Start again with the next seed; TrainingError where none is left."""
        read = self.stage.accuracy
        self._log(given_up={"accuracy": round(read, 4)})
        if self.attempt + 1 >= self.settings.attempts:
            raise TrainingError(
                f"Expected bits to be learned with one of {self.settings.attempts} seeds, got {read:.0%} of them read "
                f"after {self.step} steps, where half is chance: start stronger or at a lower rate."
            )
        self.begin(self.attempt + 1)
        self.store()

    def _check(self, loss: MarkLoss) -> None:
        """Look at photos that are not learned from, tell the log, and keep everything."""
        self.nets.eval()
        self.figures = check_mark(self.encoder, self.decoder, self.photos.held_out, self.stage.strength)
        self.nets.train()
        terms = {name: round(value, 5) for name, value in loss.terms.items()}
        self._log(**_rounded(self.stage), loss=terms, held_out=self.figures)
        if self.folder is not None:
            facts = {"strength": self.stage.strength, "held_out": self.figures, "step": self.step}
            facts |= {"attempt": self.attempt, "stage": self.stage.name}
            save_mark(self.folder.path, self.encoder, self.decoder, {**self.card, **facts})
            self.store()

    def _log(self, **facts: Any) -> None:
        # No time of day and no pace: the same run writes the same log.
        if self.folder is not None:
            self.folder.log(step=self.step, attempt=self.attempt, **facts)

    def store(self) -> None:
        """Write a checkpoint of this very step."""
        if self.folder is not None:
            tensors = gather_mark(self.nets, self.adam)
            here = MarkCheckpoint(self.step, self.attempt, self.stage, self.folder.digest, tensors)
            write_mark_checkpoint(self.folder.path, here)

    def resume(self, checkpoint: MarkCheckpoint) -> None:
        self.begin(checkpoint.attempt)
        scatter_mark(checkpoint.tensors, self.nets, self.adam)
        self.step, self.stage = checkpoint.step, checkpoint.stage

    def result(self) -> FittedMark:
        self.nets.eval()
        figures = self.figures or check_mark(self.encoder, self.decoder, self.photos.held_out, self.stage.strength)
        return FittedMark(self.encoder, self.decoder, self.stage, self.attempt, figures)


def _rounded(stage: MarkStage) -> dict[str, Any]:
    facts = {name: round(value, 5) for name, value in stage.as_dict().items() if name != "name"}
    return {"stage": stage.name, **facts}
