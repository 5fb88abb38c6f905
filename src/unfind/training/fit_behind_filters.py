"""The loop that trains a mark's second decoder, which reads what filters have left of marks."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from unfind.errors import DataError, ResumeError, TrainingError
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_weights import Mark
from unfind.models.precision import autocast, best_device
from unfind.training.checkpoint_file import read_checkpoint_file, write_checkpoint_file
from unfind.training.filter_settings import FilterSettings
from unfind.training.filtered_batches import FilteredBatch, draw_filtered_batch
from unfind.training.interrupt import held_interrupts
from unfind.training.mark_checkpoint import gather_mark, scatter_mark
from unfind.training.mark_loss import share_read
from unfind.training.run_folder import RunFolder

OnStep = Callable[[int, int, float], None]
"""Called with steps done, steps in all, and the share of bits that the last steps read."""
KIND = "unfind decoder behind filters"
AGAIN = 8
"""Batches until one is learned from a second time: to filter photos takes longer than to learn from them."""
LEAST = 4
"""Photos."""
LATELY = 25
"""Steps over which the share of bits read is told."""


@dataclass(frozen=True)
class _Place:
    """Where a training stands: steps done, shares that the last ones read, and every tensor that changes."""

    step: int
    lately: list[float]
    tensors: dict[str, Tensor]


def fit_behind_filters(
    mark: Mark,
    pixels: NDArray[np.uint8],
    settings: FilterSettings,
    *,
    folder: RunFolder | None = None,
    resume: bool = False,
    on_step: OnStep | None = None,
) -> MarkDecoder:
    """Train a copy of a mark's decoder on photos that were filtered after they were marked.

    Args:
        mark: its encoder writes, and its decoder is where the second one begins.
        pixels: uint8 (N, 128, 128, 3) to learn from.
        settings: the numbers of the loop.
        folder: where log and checkpoints go; None keeps all in memory.
        resume: go on from the folder's checkpoint, bit for bit as if it had never stopped.
        on_step: told of the progress after each step.

    Returns:
        The decoder, in evaluation mode and on the CPU.

    Raises:
        DataError: fewer than 4 photos.
        TrainingError: a loss that is not a number, or a checkpoint that cannot be written.
        ResumeError: nothing to resume, or settings other than the run's.
        KeyboardInterrupt: passed on, after the step was finished and a checkpoint written.
    """
    if len(pixels) < LEAST:
        raise DataError(f"Expected at least {LEAST} photos for a second decoder, got {len(pixels)}: add photos.")
    if resume and folder is None:
        raise ResumeError("Expected a run folder to resume from, got none: give the folder of the run.")
    loop = _Loop(mark, pixels, settings, folder)
    if resume and folder is not None:
        loop.resume(read_checkpoint_file(folder.path, KIND, folder.digest, _place))
    with ThreadPoolExecutor(1) as ahead:
        loop.run(ahead, on_step)
    return loop.decoder.cpu().eval().requires_grad_(False)


class _Loop:
    """The state of one training."""

    def __init__(
        self, mark: Mark, pixels: NDArray[np.uint8], settings: FilterSettings, folder: RunFolder | None
    ) -> None:
        self.mark, self.pixels, self.settings, self.folder = mark, pixels, settings, folder
        self.device = best_device()
        self.decoder = copy.deepcopy(mark.decoder).to(self.device).requires_grad_(True).train()
        self.adam = torch.optim.Adam(self.decoder.parameters(), lr=settings.learning_rate)
        self.step = 0
        self.batches: dict[int, Future[FilteredBatch]] = {}
        self.lately: deque[float] = deque(maxlen=LATELY)

    def run(self, ahead: ThreadPoolExecutor, on_step: OnStep | None) -> None:
        """Do the steps that are left, while the next batch is being made."""
        with held_interrupts() as pass_on:
            while self.step < self.settings.steps:
                self._learn(self._batch(ahead))
                self.step += 1
                if self.step % self.settings.check_every == 0 or self.step == self.settings.steps:
                    self._log()
                    self.store()
                try:
                    if on_step is not None:
                        on_step(self.step, self.settings.steps, float(np.mean(self.lately)))
                    pass_on()
                except KeyboardInterrupt:
                    self.store()
                    raise

    def _batch(self, ahead: ThreadPoolExecutor) -> FilteredBatch:
        """A new batch at every even step, and one that was learned from a while ago at every odd one."""
        newest, is_odd = divmod(self.step, 2)
        number = max(0, newest - AGAIN) if is_odd else newest
        for wanted in (number, newest + 1):
            if wanted not in self.batches:
                self.batches[wanted] = ahead.submit(draw_filtered_batch, self.pixels, self.mark, self.settings, wanted)
        self.batches.pop(newest - AGAIN - 1, None)
        return self.batches[number].result()

    def _learn(self, batch: FilteredBatch) -> None:
        photos, signs = batch.photos.to(self.device), batch.signs.to(self.device)
        with autocast(self.device, self.settings.precision):
            evidence, presence = self.decoder(photos)
        heard = evidence[: len(signs)]
        there = (torch.arange(len(photos), device=self.device) < len(signs)).to(presence.dtype)
        bits = F.binary_cross_entropy_with_logits(heard, (signs + 1) / 2)
        loss = bits + self.settings.presence_weight * F.binary_cross_entropy_with_logits(presence, there)
        if not bool(loss.isfinite()):
            raise TrainingError(f"Expected a finite loss, got {loss.item()} at step {self.step}: lower the rate.")
        for group in self.adam.param_groups:
            group["lr"] = self.settings.rate(self.step)
        self.adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.decoder.parameters(), 1.0)
        self.adam.step()
        self.lately.append(share_read(heard, signs))

    def _log(self) -> None:
        if self.folder is not None:
            self.folder.log(step=self.step, read=round(float(np.mean(self.lately)), 4))

    def store(self) -> None:
        """Write a checkpoint of this very step."""
        if self.folder is not None:
            facts = {"step": self.step, "lately": list(self.lately), "digest": self.folder.digest}
            write_checkpoint_file(self.folder.path, KIND, facts, gather_mark(self.decoder, self.adam))

    def resume(self, place: _Place) -> None:
        scatter_mark(place.tensors, self.decoder, self.adam)
        self.step = place.step
        self.lately.extend(place.lately)


def _place(facts: dict[str, Any], tensors: dict[str, Tensor]) -> _Place:
    return _Place(int(facts["step"]), [float(share) for share in facts["lately"]], tensors)
