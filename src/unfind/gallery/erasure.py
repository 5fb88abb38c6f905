"""Erase photos, look whether it is true, and write that down: the right to erasure of GDPR Article 17."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from unfind.errors import GalleryError
from unfind.gallery.ids import checked_ids
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery
from unfind.gallery.traces import Scan, scan_files

RECEIPTS = "receipts"
"""Folder inside a gallery's folder."""
OUT_OF_REACH = ("the photo's own file", "backups and exports of the gallery", "free blocks of the disk")
ON_A_SERVER = ("the server's files, which it frees at a time of its own", *OUT_OF_REACH)
IN_A_BUCKET = ("versions that the bucket itself keeps, when it is told to", *OUT_OF_REACH)
LIKE = 1000
"""Photos of the same vector that are looked at, to tell a trace from a living photo that shares it."""


@dataclass(frozen=True)
class Receipt:
    """What was erased, and how that was verified. It holds nothing that shows or finds a photo.

    Attributes:
        gallery: The gallery's name.
        began: ISO 8601 time, UTC.
        finished: ISO 8601 time, UTC.
        photos: For each photo the SHA-256 of its content id; whoever has the photo can make the same.
        removed: Photos that were there.
        parts: What was removed of each photo.
        verified_by: "scan" of all files for ids and vectors, or "query" where files are out of reach.
        files: Files that were scanned after the erasure.
        bytes: Bytes that were scanned after the erasure.
        traces_before: Ids and vectors found before; shows that the scan can see them.
        traces_after: Ids and vectors found afterwards; 0.
        shared: Vectors found afterwards because a photo that stays has the same one.
        out_of_reach: What erasing cannot reach.
        format: Always "unfind-erasure".
        version: Of this format.
    """

    gallery: str
    began: str
    finished: str
    photos: tuple[str, ...]
    removed: int
    parts: tuple[str, ...]
    verified_by: str
    files: int
    bytes: int
    traces_before: int
    traces_after: int
    shared: int
    out_of_reach: tuple[str, ...]
    format: str = "unfind-erasure"
    version: int = 1

    def to_json(self) -> str:
        """The receipt as a JSON document."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def erase_with_receipt(gallery: Gallery, ids: Iterable[str]) -> Receipt:
    """Erase photos from every file of a gallery, scan the files for what could be left, and write a receipt.

    The receipt is also kept below ``receipts`` in a folder or bucket.

    Args:
        gallery: Where they are.
        ids: Content ids; those that are not there are named in the receipt as well.

    Returns:
        The receipt.

    Raises:
        UsageError: When one is not a content id.
        GalleryError: When the gallery cannot be written, or something of a photo is left.
    """
    wanted = checked_ids(ids)
    began = _now()
    with gallery.writing():
        records = list(gallery.records(wanted).values())
        needles = [record.id.encode() for record in records] + [record.vector.tobytes() for record in records]
        before = _scan(gallery, needles)
        removed = gallery.erase(wanted)
        after = _scan(gallery, needles)
        shared = frozenset(
            n for n in after.found if n >= len(records) and _lives_on(gallery, records[n - len(records)])
        )
        _check_gone(gallery, wanted, after, shared)
        receipt = _receipt(gallery, began, wanted, removed, before, after, len(shared))
        keep(gallery, receipt)
    return receipt


def photo_digest(photo_id: str) -> str:
    """Name a photo in a receipt, so that it can be recognised by whoever has it and by nobody else."""
    return hashlib.sha256(photo_id.encode()).hexdigest()


def keep(gallery: Gallery, receipt: Receipt) -> str | None:
    """Keep a receipt with the gallery.

    Returns:
        Where it is, or None for a gallery on a Milvus server.

    Raises:
        GalleryError: When it cannot be written.
    """
    name = f"erasure-{receipt.finished.replace(':', '')}-{secrets.token_hex(4)}.json"
    return gallery.engine.keep(f"{RECEIPTS}/{name}", receipt.to_json().encode())


def _receipt(
    gallery: Gallery, began: str, wanted: Sequence[str], removed: int, before: Scan, after: Scan, shared: int
) -> Receipt:
    local = gallery.engine.files() is not None
    return Receipt(
        gallery=gallery.card.name,
        began=began,
        finished=_now(),
        photos=tuple(photo_digest(photo_id) for photo_id in wanted),
        removed=removed,
        parts=("vector", "thumbnail", "metadata"),
        verified_by="scan" if local else "query",
        files=after.files,
        bytes=after.bytes,
        traces_before=len(before.found),
        traces_after=len(after.found) - shared,
        shared=shared,
        out_of_reach=(OUT_OF_REACH if isinstance(gallery.path, Path) else IN_A_BUCKET) if local else ON_A_SERVER,
    )


def _scan(gallery: Gallery, needles: Sequence[bytes]) -> Scan:
    return scan_files(gallery.engine.files() or (), needles)


def _lives_on(gallery: Gallery, gone: Record) -> bool:
    """Whether a photo that stays has the very same vector; collapsed embeddings and copies of a photo do."""
    hits = gallery.search(gone.vector[None], LIKE, exact=gallery.engine.files() is not None)[0]
    near = [hit.id for hit in hits if hit.score > 1 - 1e-5]
    return any(record.vector.tobytes() == gone.vector.tobytes() for record in gallery.records(near).values())


def _check_gone(gallery: Gallery, wanted: Sequence[str], after: Scan, shared: frozenset[int]) -> None:
    left, there = len(after.found - shared), len(gallery.present(wanted))
    if left or there:
        raise GalleryError(
            f"after erasing, nothing of a photo may be left in {gallery.path}, but {left} traces and {there} photos "
            "are; look for other programs that write to it, and erase again"
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
