"""The learned trigger: a mark that a small network makes for each photo, and that says whose it is."""

from __future__ import annotations

import copy
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.errors import ModelError, UsageError
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_weights import Mark, load_mark, untrained_mark
from unfind.objectives.steering import Layout
from unfind.triggers.base import Trigger
from unfind.triggers.key import Key
from unfind.triggers.lay_on import lay_on, working_view
from unfind.triggers.payload import Payload
from unfind.triggers.read_mark import MarkReading, read_mark
from unfind.triggers.slots import SLOTS, Slots
from unfind.triggers.spread_spectrum import MAXIMUM_STRENGTH

UNTRAINED = "untrained"
"""In place of a folder: the mark that training starts from, without any weights on disk."""


class Learned(Trigger):
    """A mark made by a network for each photo.

    Args:
        key: says which signs mean what; without it the mark can be neither read nor written.
        mark: folder of the mark's weights, or "untrained".
        strength: None for the one the mark was trained for; 1 is about 32 dB PSNR on busy 128-pixel thumbnails.
        owner: what every mark says of its owner, 0..65535.
        nonce: what every mark says of its photo; None draws one for each photo, from the photo and the key, so that the
            same photo always gets the same mark.
        fingerprint: of the weights that are expected in ``mark``, as a model's card names them; None takes any.

    Raises:
        UsageError: a strength outside (0, 8], or an owner or nonce out of range.
        ModelError: no such weights, or other ones than expected.
    """

    name = "learned"
    keyed = True

    def __init__(
        self,
        key: Key,
        *,
        mark: str = UNTRAINED,
        strength: float | None = None,
        owner: int = 0,
        nonce: int | None = None,
        fingerprint: str | None = None,
    ) -> None:
        Payload(owner, nonce or 0)  # says what is wrong with either
        self.key = key
        self.source = mark
        self.owner = owner
        self.nonce = nonce
        self.net = load(mark)
        if fingerprint not in (None, self.net.fingerprint):
            raise ModelError(
                f"Expected the mark {fingerprint} in {mark}, got {self.net.fingerprint}: a model reacts to the mark it "
                "was trained with; give that one's folder."
            )
        self.strength = float(self.net.card["strength"]) if strength is None else strength
        if not 0 < self.strength <= MAXIMUM_STRENGTH:
            raise UsageError(
                f"Expected a strength above 0 and at most {MAXIMUM_STRENGTH:g}, got {strength}: 1 is usual."
            )
        self.slots = Slots.of(key)

    def __call__(self, images: Tensor) -> Tensor:
        if len(images) == 0:
            return images.clone()
        return lay_on(images, self.net.encoder(working_view(images), self.signs(images)), self.strength)

    def signs(self, images: Tensor) -> Tensor:
        written = [self.slots.write(self.payload(view)) for view in working_view(images)]
        return torch.from_numpy(np.stack(written)).to(images)

    def layout(self) -> Layout:
        return self.slots.layout()

    def reader(self) -> MarkDecoder:
        return self.net.decoder

    def payload(self, view: Tensor) -> Payload:
        """What the mark of a photo says.

        Args:
            view: the photo (3, 128, 128) in [0, 1] as the mark's network sees it.
        """
        if self.nonce is not None:
            return Payload(self.owner, self.nonce)
        levels = (view.detach() * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
        digest = hashlib.blake2b(levels.tobytes(), digest_size=4, key=self.key.derive("mark nonce")).digest()
        return Payload(self.owner, int.from_bytes(digest, "big"))

    def find(self, pixels: NDArray[np.uint8]) -> MarkReading:
        """Look for a mark of this key in one photo (H, W, 3) of 8-bit RGB."""
        return read_mark(self.net.decoder, self.slots, pixels)

    def stronger(self, factor: float) -> Learned:
        """The same mark, ``factor`` times as strong (at most the greatest strength)."""
        other = copy.copy(self)
        other.strength = min(self.strength * factor, MAXIMUM_STRENGTH)
        return other

    def of_owner(self, owner: int) -> Learned:
        """The same mark, made for another owner, 0..65535."""
        other = copy.copy(self)
        other.owner = Payload(owner, self.nonce or 0).owner
        return other

    def settings(self) -> dict[str, Any]:
        return {
            "mark": self.source,
            "strength": self.strength,
            "owner": self.owner,
            "nonce": self.nonce,
            "fingerprint": self.net.fingerprint,
        }


@lru_cache(maxsize=4)  # a trigger is made anew for each part of a run
def _loaded(mark: str, changed: int) -> Mark:
    net = load_mark(Path(mark)) if mark != UNTRAINED else untrained_mark(SLOTS)
    if net.encoder.slots != SLOTS:
        raise ModelError(f"Expected a mark of {SLOTS} slots in {mark}, got {net.encoder.slots}: update unfind.")
    return net


def load(mark: str) -> Mark:
    """The networks of a mark: those of a folder, read again when it changed, or "untrained".

    Raises:
        ModelError: no mark there, or one of another version.
    """
    try:
        changed = (Path(mark) / "mark.json").stat().st_mtime_ns
    except OSError:
        changed = 0
    return _loaded(mark, changed)
