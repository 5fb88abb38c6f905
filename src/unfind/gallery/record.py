"""One photo as the gallery keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32] | NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Record:
    """A photo's embedding and what is needed to show it again.

    The thumbnail lies in the gallery itself, so that a result can be shown after the file has moved. It also
    means that a gallery holds small pictures of private photos: whoever may read the folder may see them.

    Attributes:
        id: Content id of the file, see :func:`unfind.gallery.ids.content_id`.
        path: Where the file lay when it was added, as text for people.
        file_size: Bytes of the file, at least 0.
        width: Upright width in pixels, at least 1.
        height: Upright height in pixels, at least 1.
        added: When it was added, with a time zone.
        label: What the photo shows, or "" when nobody said.
        vector: Embedding, float32 (D,) of length 1; in a gallery of codes uint8 (D / 8,), packed bits.
        thumbnail: A JPEG file of at most 160 pixels on its longer side, or b"" for none.
        owner: Whose photo it is, or "" when nobody said.
        collection: Which set of photos it belongs to, or "".
    """

    id: str
    path: str
    file_size: int
    width: int
    height: int
    added: datetime
    vector: Vector
    label: str = ""
    thumbnail: bytes = b""
    owner: str = ""
    collection: str = ""


def path_text(path: Path) -> str:
    r"""Write a path as text that any file or page can hold.

    File names on Linux are bytes; those that are not UTF-8 are shown with ``\xff`` escapes.

    Args:
        path: Any path.

    Returns:
        Text without lone surrogates.
    """
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
