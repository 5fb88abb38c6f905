"""Read the orientation out of an EXIF block, and write a block anew without what must not travel.

A block is a small TIFF file (EXIF 2.32, section 4.6): directories of tags, some of which point to further
directories. It is parsed into tags with their values as stored, and written from those alone, so that bytes
no kept tag refers to (an old thumbnail, a removed position) cannot survive in the new block.
A damaged tag is left out; a damaged block reads as an empty one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

ByteOrder: TypeAlias = Literal["little", "big"]

_BYTE_ORDERS: dict[bytes, ByteOrder] = {b"II\x2a\0": "little", b"MM\0\x2a": "big"}
_HEADER_LENGTH = 8
_TAG_LENGTH = 12

_SHORT = 3
_LONG = 4
_BYTES_OF_KIND = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 129: 1}

_ORIENTATION = 0x0112
_GPS = 0x8825
_POINTERS: dict[int, frozenset[int]] = {  # directory -> tags in it that point to directories
    0: frozenset({0x8769, _GPS}),
    0x8769: frozenset({0xA005}),
}

# Left out always: each may show the photo as it was before, or say once more where it was taken.
_NOT_CARRIED = frozenset(
    {
        0x0111, 0x0117, 0x0201, 0x0202,  # where a thumbnail lies
        0x014A, 0x0190,  # directories of further images
        0x02BC, 0x83BB, 0x8649,  # XMP, IPTC, Photoshop: each may hold a position or a thumbnail
        0x927C,  # maker note: opaque, often with a preview picture, useless once moved
    }
)  # fmt: skip


@dataclass(frozen=True)
class _Tag:
    """One value: TIFF kind, number of items, and the items' bytes in the block's byte order."""

    kind: int
    count: int
    value: bytes


@dataclass
class _Directory:
    tags: dict[int, _Tag] = field(default_factory=dict)
    directories: dict[int, _Directory] = field(default_factory=dict)


def orientation(block: bytes | None) -> int:
    """Read the orientation of an EXIF block.

    Args:
        block: from the TIFF header on, or None.

    Returns:
        1..8; 1 when there is none or it makes no sense.
    """
    order = _byte_order(block)
    tag = _parse(block or b"").tags.get(_ORIENTATION)
    if tag is None or tag.kind not in (1, _SHORT, _LONG):
        return 1
    value = int.from_bytes(tag.value[: _BYTES_OF_KIND[tag.kind]], order)
    return value if 1 <= value <= 8 else 1


def carried(block: bytes | None, orientation: int, *, keep_location: bool) -> bytes | None:
    """Write the part of an EXIF block that goes along with a changed photo.

    Args:
        block: as read, from the TIFF header on, or None.
        orientation: 1..8, written into the new block.
        keep_location: keep the GPS directory. Thumbnails, XMP, IPTC and the maker note never go along.

    Returns:
        The new block, or None when nothing is left to say.
    """
    order = _byte_order(block)
    root = _without(_parse(block or b""), _NOT_CARRIED if keep_location else _NOT_CARRIED | {_GPS})
    if orientation != 1 or _ORIENTATION in root.tags:
        root.tags[_ORIENTATION] = _Tag(_SHORT, 1, orientation.to_bytes(2, order))
    if not root.tags and not root.directories:
        return None
    header = next(mark for mark, named in _BYTE_ORDERS.items() if named == order)
    return header + _HEADER_LENGTH.to_bytes(4, order) + _written(root, _HEADER_LENGTH, order)


def _byte_order(block: bytes | None) -> ByteOrder:
    return _BYTE_ORDERS.get((block or b"")[:4], "big")


def _parse(block: bytes) -> _Directory:
    if block[:4] not in _BYTE_ORDERS or len(block) < _HEADER_LENGTH:
        return _Directory()
    return _Parser(block).directory(int.from_bytes(block[4:8], _byte_order(block)), 0)


class _Parser:
    """Walks the directories of one block; values may not add up to more than the block itself."""

    def __init__(self, block: bytes) -> None:
        self.block = block
        self.order = _byte_order(block)
        # Values that overlap could otherwise blow a block of 64 kB up to hundreds of megabytes.
        self.left = len(block)

    def number(self, offset: int, length: int) -> int:
        return int.from_bytes(self.block[offset : offset + length], self.order)

    def directory(self, offset: int, name: int) -> _Directory:
        found = _Directory()
        first = offset + 2
        in_reach = max(0, len(self.block) - first) // _TAG_LENGTH
        for entry in range(min(self.number(offset, 2), in_reach)):
            self._read(first + entry * _TAG_LENGTH, found, _POINTERS.get(name, frozenset()))
        return found

    def _read(self, entry: int, into: _Directory, pointers: frozenset[int]) -> None:
        name, kind, count = self.number(entry, 2), self.number(entry + 2, 2), self.number(entry + 4, 4)
        if name in pointers:
            if name not in into.directories:
                into.directories[name] = self.directory(self.number(entry + 8, 4), name)
            return
        length = _BYTES_OF_KIND.get(kind, 0) * count
        start = entry + 8 if length <= 4 else self.number(entry + 8, 4)
        if 0 < length <= self.left and start + length <= len(self.block):
            self.left -= length
            into.tags.setdefault(name, _Tag(kind, count, self.block[start : start + length]))


def _without(directory: _Directory, names: frozenset[int]) -> _Directory:
    inner = {name: _without(below, names) for name, below in directory.directories.items() if name not in names}
    return _Directory(
        tags={name: tag for name, tag in directory.tags.items() if name not in names},
        directories={name: below for name, below in inner.items() if below.tags or below.directories},
    )


def _written(directory: _Directory, start: int, order: ByteOrder) -> bytes:
    """Lay a directory out from offset `start` on: its table, then what does not fit into it."""
    entries: Mapping[int, _Tag | _Directory] = {**directory.tags, **directory.directories}
    heap_start = start + 2 + len(entries) * _TAG_LENGTH + 4
    table = [len(entries).to_bytes(2, order)]
    heap = b""
    for name, entry in sorted(entries.items()):
        here = heap_start + len(heap)
        if isinstance(entry, _Directory):
            kind, count, value = _LONG, 1, here.to_bytes(4, order)
            heap += _written(entry, here, order)
        elif len(entry.value) > 4:
            kind, count, value = entry.kind, entry.count, here.to_bytes(4, order)
            heap += entry.value + b"\0" * (len(entry.value) % 2)
        else:
            kind, count, value = entry.kind, entry.count, entry.value.ljust(4, b"\0")
        table += [name.to_bytes(2, order), kind.to_bytes(2, order), count.to_bytes(4, order), value]
    return b"".join(table) + bytes(4) + heap
