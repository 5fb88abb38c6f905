"""The networks of a mark, run by torch on photos from files."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from unfind.images.photo import Pixels
from unfind.models.mark_weights import Mark
from unfind.triggers.mark_graphs import MarkReader, MarkWriter
from unfind.triggers.read_mark import Look
from unfind.triggers.slots import Signs


class TorchMark:
    """A mark's networks on photos uint8 (H, W, 3).

    Args:
        mark: the networks, on the CPU.
    """

    def __init__(self, mark: Mark) -> None:
        self.strength = float(mark.card["strength"])
        self.fingerprint = mark.fingerprint
        self.writer = MarkWriter(mark.encoder).eval()
        self.reader = MarkReader(mark.decoder).eval()

    def change(self, photo: Pixels, signs: Signs) -> NDArray[np.float32]:
        """What a mark of strength 1 adds, (128, 128), for signs (160,)."""
        with torch.inference_mode():
            change: NDArray[np.float32] = self.writer(_batch(photo), torch.from_numpy(signs)[None])[0].numpy()
        return change

    def looks(self, photo: Pixels) -> Iterator[Look]:
        """What is heard in a photo, look by look: later ones cost nothing where an earlier one is enough."""
        for view in self.reader.views(_batch(photo)):
            with torch.inference_mode():
                evidence, presence = self.reader.decoder(view)
            yield evidence[0].numpy(), float(presence[0])


def _batch(photo: Pixels) -> torch.Tensor:
    # A copy where it must be: photos may be read-only, or views with negative steps.
    return torch.from_numpy(np.array(photo, copy=None if photo.flags.writeable else True, order="C"))[None]
