"""Take a PNG file apart into its chunks (PNG specification, third edition, sections 5 and 11)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from unfind.images.container import Container, bare_exif
from unfind.images.limits import Limits

_SIGNATURE_LENGTH = 8
_FOR_THE_DECODER = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_BIT_DEPTH_AT = 8


def split_png(data: bytes, limits: Limits) -> Container:
    """Separate a PNG's picture from its EXIF block and ICC profile; drop all other metadata.

    Args:
        data: a file that begins like a PNG.
        limits: `max_icc_bytes` applies, to the unpacked profile.
    """
    kept = [data[:_SIGNATURE_LENGTH]]
    bodies: dict[bytes, bytes] = {}
    for name, body, chunk in _chunks(data):
        bodies.setdefault(name, body)
        if name in _FOR_THE_DECODER:
            kept.append(chunk)
    header = bodies.get(b"IHDR", b"")
    return Container(
        picture=b"".join(kept),
        icc=_profile(bodies.get(b"iCCP", b""), limits),
        exif=bare_exif(bodies.get(b"eXIf", b"")),
        frames=max(1, int.from_bytes(bodies.get(b"acTL", b"")[:4], "big")),
        bit_depth=header[_BIT_DEPTH_AT] if len(header) > _BIT_DEPTH_AT else 8,
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield (name, body, whole chunk); a chunk cut short comes as far as it goes."""
    position = _SIGNATURE_LENGTH
    while position + 8 <= len(data):
        body = position + 8
        end = body + int.from_bytes(data[position : position + 4], "big")
        yield data[position + 4 : body], data[body:end], data[position : end + 4]
        position = end + 4


def _profile(body: bytes, limits: Limits) -> bytes | None:
    """Unpack an iCCP chunk: name, zero, method, zlib data. None when it is damaged or too large."""
    packed = body.partition(b"\0")[2][1:]
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed, limits.max_icc_bytes)
    except zlib.error:
        return None
    return profile if profile and unpacker.eof else None
