from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import ImageError
from unfind.images.signature import photo_format


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_the_three_formats_are_told_by_their_bytes(
    format: str, scene: Callable[..., object], saved: Callable[..., bytes]
) -> None:
    assert photo_format(saved(scene(), format)) == format


@pytest.mark.parametrize("format", ["gif", "tiff", "bmp", "ico", "pdf", "jpeg2000", "avif"])
def test_what_pillow_writes_in_other_formats_is_refused_by_name(
    format: str, scene: Callable[..., object], saved: Callable[..., bytes]
) -> None:
    named = {
        "gif": "GIF",
        "tiff": "TIFF",
        "bmp": "BMP",
        "ico": "icon",
        "pdf": "PDF",
        "jpeg2000": "JPEG 2000",
        "avif": "AVIF",
    }
    with pytest.raises(ImageError, match=named[format]):
        photo_format(saved(scene(), format))


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", "an empty file"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypqt  \0\0\0\0", "a video"),
        (b"RIFF\0\0\0\0AVI LIST", "a video"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"\xff\x0a\x12\x34", "JPEG XL"),
        (b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg">', "SVG"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"8BPS\0\1", "Photoshop"),
        (b"\0\1\2\3 whatever this is", "unknown kind"),
        (b"RIFF\0\0\0\0WAVEfmt ", "unknown kind"),
    ],
)
def test_other_kinds_are_named(head: bytes, kind: str) -> None:
    with pytest.raises(ImageError, match=kind):
        photo_format(head)


@given(st.binary(max_size=64))
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_either_a_format_or_an_image_error(data: bytes) -> None:
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (data[:4], data[8:12]) == (
        b"RIFF",
        b"WEBP",
    ):
        assert photo_format(data) in ("jpeg", "png", "webp")
        return
    with pytest.raises(ImageError, match="convert"):
        photo_format(data)
