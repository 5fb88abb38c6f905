"""Take a JPEG file apart into its segments (ITU-T T.81, annex B)."""

from __future__ import annotations

from collections.abc import Iterator

from unfind.errors import ImageError
from unfind.images.container import Container, bare_exif
from unfind.images.limits import Limits, check_scans

_START_OF_IMAGE = b"\xff\xd8"
_START_OF_SCAN = 0xDA
_COMMENT = 0xFE
_APP0, _APP1, _APP2, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
_WITHOUT_LENGTH = frozenset({0x00, 0x01, *range(0xD0, 0xDA)})

# Of the application data a decoder needs JFIF's and Adobe's, which tell the colour transform.
_FOR_THE_DECODER = frozenset({_APP0, _APP14})

_EXIF_MARK = b"Exif\0\0"
_ICC_MARK = b"ICC_PROFILE\0"


def split_jpeg(data: bytes, limits: Limits) -> Container:
    """Separate a JPEG's picture from its EXIF block and ICC profile; drop all other metadata.

    Args:
        data: a file that begins like a JPEG.
        limits: `max_scans` and `max_icc_bytes` apply.

    Raises:
        ImageError: the file ends before its first scan.
        ImageLimitError: it has too many scans.
    """
    kept = [_START_OF_IMAGE]
    exif: bytes | None = None
    icc: dict[int, bytes] = {}
    for marker, body, segment in _segments(data):
        if marker == _APP1 and body.startswith(_EXIF_MARK):
            exif = exif or bare_exif(body)
        elif marker == _APP2 and body.startswith(_ICC_MARK) and len(body) >= len(_ICC_MARK) + 2:
            icc.setdefault(body[len(_ICC_MARK)], body[len(_ICC_MARK) + 2 :])
        elif marker in _FOR_THE_DECODER or not (_APP0 <= marker <= _APP15 or marker == _COMMENT):
            kept.append(segment)
    # Inside a scan 0xFF is always followed by 0x00 or a restart marker, so this counts scans.
    check_scans(kept[-1].count(bytes([0xFF, _START_OF_SCAN])), limits)
    profile = b"".join(icc[number] for number in sorted(icc))
    return Container(
        picture=b"".join(kept),
        icc=profile if 0 < len(profile) <= limits.max_icc_bytes else None,
        exif=exif,
    )


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield (marker, body, whole segment); the first scan and all after it come last, as one."""
    position = len(_START_OF_IMAGE)
    while True:
        # Bytes between segments are fill or junk; readers skip both.
        position = data.find(b"\xff", position)
        if position < 0 or position + 4 > len(data):
            raise ImageError("expected a JPEG with a picture in it, got a header and no more; take the original file")
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in _WITHOUT_LENGTH:
            position += 2
            continue
        if marker == _START_OF_SCAN:
            yield marker, b"", data[position:]
            return
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        yield marker, data[position + 4 : end], data[position:end]
        position = max(end, position + 2)
