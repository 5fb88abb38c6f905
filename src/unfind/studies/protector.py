"""The mark in two lines of Python: protect one picture, verify one picture.

``unfind.Protector`` and ``unfind.Verifier`` are these. They do for a picture at hand what ``unfind protect`` and
``unfind verify`` do for files, and import torch only where the mark needs it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
from PIL import Image

from unfind.errors import ImageError, KeyFileError
from unfind.images.photo import Pixels, check_pixels
from unfind.studies.protect import LOUDER
from unfind.triggers.detection import Detection
from unfind.triggers.find_mark import Findable
from unfind.triggers.key import Key
from unfind.triggers.open_mark import Engine, open_mark

KEY_VARIABLE = "UNFIND_KEY"
"""Names the key file where none is given."""

Picture = TypeVar("Picture", Pixels, Image.Image)


class _WithMark:
    """What both have in common.

    Args:
        mark: what marks and reads photos.
    """

    def __init__(self, mark: Findable) -> None:
        self.mark = mark

    @classmethod
    def load(
        cls,
        key: Key | Path | str | None = None,
        *,
        mark: str | None = None,
        strength: float | None = None,
        owner: int | None = None,
        engine: Engine = "auto",
    ) -> Self:
        """Get ready.

        Args:
            key: a key, or its file; None for the file that the environment names as UNFIND_KEY.
            mark: "shipped", "spread-spectrum" or the folder of a learned mark; None for the default.
            strength: None for the mark's own; half of it is 6 dB fainter. Small photos get a somewhat stronger learned
                mark, see ``triggers/strength_by_size.py``.
            owner: what a learned mark says of its owner, 0..65535.
            engine: "auto", "onnx" or "torch".

        Raises:
            KeyFileError: no key, or a damaged one.
            UsageError: a number out of range, or an engine that cannot run this mark.
            ModelError: no such mark.
        """
        return cls(open_mark(_key(key), mark, strength=strength, owner=owner, engine=engine))


class Protector(_WithMark):
    """Marks pictures: ``Protector.load("provider.key")(picture)``."""

    def __call__(self, picture: Picture) -> Picture:
        """A marked copy of a picture, which is left as it is.

        The mark is read back from the copy, and made up to twice as strong where it cannot be. What a file format
        then takes away is not known here; ``unfind protect`` checks the files themselves.

        Args:
            picture: uint8 RGB (H, W, 3) of any size, or a Pillow image; an image comes back as RGB, or RGBA with its
                alpha as it was.

        Raises:
            ImageError: not 8-bit RGB, already marked with this key, or too small or flat to carry a mark.
        """
        if isinstance(picture, Image.Image):
            return _with_alpha_of(picture, Image.fromarray(self._marked(_rgb(picture))))
        return self._marked(_rgb(picture))

    def _marked(self, pixels: Pixels) -> Pixels:
        if self.mark.find(pixels).marked:
            raise ImageError("Expected a picture without this mark, got one that carries it: it is protected already.")
        for louder in LOUDER:
            made = self.mark.stronger(louder).mark(pixels)
            if self.mark.find(made).marked:
                return made
        raise ImageError(
            f"Expected to find the mark in the copy, got none even {LOUDER[-1]:g} times as strong: the picture is too "
            "small or too flat, raise the strength."
        )


class Verifier(_WithMark):
    """Reads pictures: ``Verifier.load("provider.key")(picture).marked``."""

    def __call__(self, picture: Pixels | Image.Image) -> Detection:
        """The verdict on a picture: ``marked``, ``false_alarm``, and of learned marks ``payload``.

        Args:
            picture: as ``Protector`` takes it.

        Raises:
            ImageError: not 8-bit RGB.
        """
        return self.mark.find(_rgb(picture))


def _key(key: Key | Path | str | None) -> Key:
    if isinstance(key, Key):
        return key
    path = os.environ.get(KEY_VARIABLE) if key is None else key
    if not path:
        raise KeyFileError(
            f"Expected a key, got none: give its file, or name it in {KEY_VARIABLE}; unfind key new makes one."
        )
    return Key.load(Path(path))


def _rgb(picture: Pixels | Image.Image) -> Pixels:
    pixels = np.array(picture.convert("RGB")) if isinstance(picture, Image.Image) else np.asarray(picture)
    check_pixels(pixels)
    return pixels


def _with_alpha_of(picture: Image.Image, marked: Image.Image) -> Image.Image:
    if picture.has_transparency_data:
        marked.putalpha(picture.convert("RGBA").getchannel("A"))
    return marked
