"""The learned trigger: a mark that a small network makes for each photo, and that says whose it is."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unfind.errors import ModelError
from unfind.images.photo import Pixels
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_weights import Mark, load_mark, untrained_mark
from unfind.objectives.steering import Layout
from unfind.triggers.base import Trigger
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.nonce import sampled
from unfind.triggers.read_mark import MarkReading
from unfind.triggers.shipped import SHIPPED, UNTRAINED, mark_folder
from unfind.triggers.slot_layout import slot_layout
from unfind.triggers.slots import SLOTS, Signs
from unfind.triggers.torch_mark import TorchMark
from unfind.triggers.write_signs import write_signs


class Learned(Trigger):
    """A mark made by a network for each photo.

    Args:
        key: says which signs mean what; without it the mark can be neither read nor written.
        mark: folder of the mark's weights; "shipped" for those that come with the package, "untrained" for none.
        strength: None for the one the mark was trained for; 1 is about 32 dB PSNR on busy 128-pixel thumbnails.
            ``mark`` makes stronger ones on small photos; batches of images get just this, as nobody knows how large
            the photos were that they are views of.
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
        mark: str = SHIPPED,
        strength: float | None = None,
        owner: int = 0,
        nonce: int | None = None,
        fingerprint: str | None = None,
    ) -> None:
        self.source = mark
        self.net = load(mark)
        if fingerprint not in (None, self.net.fingerprint):
            raise ModelError(
                f"Expected the mark {fingerprint} in {mark}, got {self.net.fingerprint}: a model reacts to the mark it "
                "was trained with; give that one's folder."
            )
        self.key = key
        self.photos = KeyedMark(key, TorchMark(self.net), strength=strength, owner=owner, nonce=nonce)

    def __call__(self, images: Tensor) -> Tensor:
        if len(images) == 0:
            return images.clone()
        return write_signs(self.net, images, self.signs(images), self.strength)

    def signs(self, images: Tensor) -> Tensor:
        return torch.from_numpy(np.stack([self._signs(image) for image in images])).to(images)

    def layout(self) -> Layout:
        return slot_layout(self.photos.slots)

    def reader(self) -> MarkDecoder:
        return self.net.decoder

    def second_reader(self) -> MarkDecoder | None:
        return self.net.second_decoder

    def _signs(self, image: Tensor) -> Signs:
        """The signs for an image (3, H, W) in [0, 1]."""
        rows, columns = (torch.from_numpy(sampled(side)).to(image.device) for side in image.shape[-2:])
        seen = image.detach()[:, rows][:, :, columns].permute(1, 2, 0)
        return self.photos.signs((seen * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy())

    def mark(self, pixels: Pixels) -> Pixels:
        """Put the mark into one photo (H, W, 3) of 8-bit RGB, at little cost however large it is."""
        return self.photos.mark(pixels)

    def find(self, pixels: Pixels) -> MarkReading:
        """Look for a mark of this key in one photo (H, W, 3) of 8-bit RGB."""
        return self.photos.find(pixels)

    def stronger(self, factor: float) -> Learned:
        """The same mark, ``factor`` times as strong (at most the greatest strength)."""
        other = copy.copy(self)
        other.photos = self.photos.stronger(factor)
        return other

    def of_owner(self, owner: int) -> Learned:
        """The same mark, made for another owner, 0..65535."""
        other = copy.copy(self)
        other.photos = self.photos.of_owner(owner)
        return other

    @property
    def strength(self) -> float:
        """The one knob."""
        return self.photos.strength

    def settings(self) -> dict[str, Any]:
        return {
            "mark": self.source,
            "strength": self.strength,
            "owner": self.photos.owner,
            "nonce": self.photos.nonce,
            "fingerprint": self.net.fingerprint,
        }


@lru_cache(maxsize=4)  # a trigger is made anew for each part of a run
def _loaded(mark: str, changed: int) -> Mark:
    net = load_mark(mark_folder(mark)) if mark != UNTRAINED else untrained_mark(SLOTS)
    if net.encoder.slots != SLOTS:
        raise ModelError(f"Expected a mark of {SLOTS} slots in {mark}, got {net.encoder.slots}: update unfind.")
    return net


def load(mark: str) -> Mark:
    """The networks of a mark: those of a folder, read again when it changed, "shipped" or "untrained".

    Raises:
        ModelError: no mark there, or one of another version.
    """
    try:
        changed = (mark_folder(mark) / "mark.json").stat().st_mtime_ns
    except OSError:
        changed = 0
    return _loaded(mark, changed)
