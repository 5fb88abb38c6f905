"""The networks of a mark, run by onnxruntime: neither torch nor anything else that is slow to import."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unfind.errors import ModelError
from unfind.images.photo import Pixels
from unfind.models.onnx_session import facts_of, open_session
from unfind.triggers.read_mark import Look
from unfind.triggers.slots import SLOTS, Signs

ENCODER, DECODER = "mark_encoder.onnx", "mark_decoder.onnx"
FORMAT = "1"
"""Of the interface that ``mark_graphs`` describes."""


class OnnxMark:
    """A mark's networks on photos uint8 (H, W, 3).

    Args:
        folder: with both graphs, as ``unfind mark export`` writes them.
        suffix: "" for full precision, ".int8" for the small form.

    Raises:
        ModelError: no graphs there, damaged ones, two that do not belong together, or another version's.
        UsageError: onnxruntime is not installed.
    """

    def __init__(self, folder: Path, *, suffix: str = "") -> None:
        names = [str(Path(name).with_suffix(f"{suffix}.onnx")) for name in (ENCODER, DECODER)]
        self.encoder, self.decoder = (open_session(folder / name) for name in names)
        facts, others = facts_of(self.encoder), facts_of(self.decoder)
        if facts != others or (facts.get("format"), facts.get("slots")) != (FORMAT, str(SLOTS)):
            raise ModelError(
                f"Expected an encoder and a decoder of one mark of format {FORMAT} and {SLOTS} slots in {folder}, got "
                f"{_told(facts)} and {_told(others)}: export them together with this version."
            )
        self.strength = float(facts["strength"])
        self.fingerprint = facts["fingerprint"]

    def change(self, photo: Pixels, signs: Signs) -> NDArray[np.float32]:
        """What a mark of strength 1 adds, (128, 128), for signs (160,)."""
        given = {"photo": photo[None], "signs": signs[None]}
        change: NDArray[np.float32] = self.encoder.run(["change"], given)[0][0]
        return change

    def looks(self, photo: Pixels) -> Iterator[Look]:
        """What is heard in a photo, all looks at once."""
        evidence, presence = self.decoder.run(["evidence", "presence"], {"photo": photo[None]})
        yield from zip(evidence, presence.tolist(), strict=True)


def _told(facts: dict[str, str]) -> str:
    return ", ".join(f"{name} {facts.get(name, 'unknown')}" for name in ("fingerprint", "format", "slots"))
