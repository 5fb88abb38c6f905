"""Which kind of file some bytes are, told by their first bytes; a file's name is never asked."""

from __future__ import annotations

import re

from unfind.errors import ImageError
from unfind.images.photo import Format

# The longest stretch any rule looks at; SVG may open with a comment or an XML declaration.
_HEAD = 1024

_ACCEPTED: dict[Format, re.Pattern[bytes]] = {
    "jpeg": re.compile(rb"\xff\xd8\xff"),
    "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}

# Kinds people mistake for photos we take; named, so that the refusal helps. First match wins.
_REFUSED: dict[str, re.Pattern[bytes]] = {
    "a GIF image": re.compile(rb"GIF8[79]a"),
    "a TIFF or camera raw image": re.compile(rb"II[\x2a\x2b]\0|MM\0[\x2a\x2b]"),
    "an AVIF image": re.compile(rb".{4}ftypavi[fs]", re.DOTALL),
    "a HEIC image": re.compile(rb".{4}ftyp(?:hei|hev|mif1|msf1)", re.DOTALL),
    "a video": re.compile(rb".{4}ftyp|RIFF.{4}AVI |\x1aE\xdf\xa3", re.DOTALL),
    "a BMP image": re.compile(rb"BM.{4}\0{4}", re.DOTALL),
    "a JPEG XL image": re.compile(rb"\xff\x0a|\0{3}\x0cJXL "),
    "a JPEG 2000 image": re.compile(rb"\xff\x4f\xff\x51|\0{3}\x0cjP {2}"),
    "a Photoshop file": re.compile(rb"8BPS"),
    "an icon": re.compile(rb"\0\0[\x01\x02]\0"),
    "a PDF document": re.compile(rb"\s*%PDF-"),
    "an SVG drawing": re.compile(rb"[^\0]*?<svg[\s>]", re.IGNORECASE),
    "a web page": re.compile(rb"\s*<(?:!doctype html|html)", re.IGNORECASE),
    "a ZIP archive": re.compile(rb"PK\x03\x04"),
}


def photo_format(data: bytes) -> Format:
    """Tell the format of a photo by its first bytes.

    Args:
        data: the whole file, or at least its first kilobyte.

    Raises:
        ImageError: `data` are neither JPEG nor PNG nor WebP; the message names what they are, where known.
    """
    head = data[:_HEAD]
    for name, opening in _ACCEPTED.items():
        if opening.match(head):
            return name
    raise ImageError(f"expected a JPEG, PNG or WebP photo, got {_kind(head)}; convert it to one of these formats first")


def _kind(head: bytes) -> str:
    if not head:
        return "an empty file"
    found = (kind for kind, opening in _REFUSED.items() if opening.match(head))
    return next(found, "a file of an unknown kind")
