"""A contact sheet: what one search has found, on one page that can be sent by mail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

from unfind.gallery.hit import Hit
from unfind.report.pictures import bytes_uri
from unfind.report.templating import render_page

_TEMPLATE = Path(__file__).with_name("contact_sheet.html")


def contact_sheet(query_thumbnail: bytes, hits: Sequence[Hit], *, title: str = "Contact sheet") -> str:
    """Lay the result of one search out as a page.

    The page holds its pictures and style itself, forbids every request and script, and escapes file names.

    Args:
        query_thumbnail: JPEG bytes of the photo searched with, or b"" when there is no picture of it.
        hits: What was found, best first; search with ``thumbnails=True`` to see pictures.
        title: Headline of the page.

    Returns:
        A whole HTML document.
    """
    cards = [_card(rank, hit) for rank, hit in enumerate(hits, start=1)]
    return render_page(_TEMPLATE, title=title, query=_picture(query_thumbnail), cards=cards)


def _card(rank: int, hit: Hit) -> dict[str, Any]:
    # Splits at / and at \, so that galleries made on another system show short names too.
    name = PureWindowsPath(hit.path).name or hit.path
    return {"rank": rank, "hit": hit, "name": name, "picture": _picture(hit.thumbnail)}


def _picture(jpeg: bytes) -> str | None:
    return bytes_uri(jpeg, "image/jpeg") if jpeg else None
