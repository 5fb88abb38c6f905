"""One photo that a search has found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Hit:
    """A found photo; hits come best first.

    Attributes:
        id: Content id of the photo.
        score: Cosine of the angle between query and photo, -1..1 up to rounding; 1 is the same direction.
            For codes 1 - 2 h / D with h of D bits different, which is the cosine of the codes in {-1, +1}.
        path: Where the file lay when it was added.
        label: What the photo shows, or "".
        width: Upright width in pixels.
        height: Upright height in pixels.
        owner: Whose photo it is, or "".
        collection: Which set of photos it belongs to, or "".
        added: When it was added, or None when the search does not tell.
        thumbnail: JPEG bytes, or b"" when the search was not asked for pictures.
    """

    id: str
    score: float
    path: str
    label: str
    width: int
    height: int
    thumbnail: bytes = b""
    owner: str = ""
    collection: str = ""
    added: datetime | None = None
