"""Damage a random byte of a random file of a gallery, and look whether anybody is told something wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unfind.errors import GalleryError
from unfind.gallery.erasure import erase_with_receipt
from unfind.gallery.store import Gallery
from unfind.studies.service_vectors import crowded, made_up_records, near

COUNT, DIMENSION = 6000, 32
"""Enough photos for an index, so that its files are damaged as well."""
THUMBNAIL_BYTES = 200
QUERIES = 16
K = 10


@dataclass(frozen=True)
class Damaged:
    """What damage has done.

    Attributes:
        detected: Times that opening, or the first answer, was refused by an error of the gallery.
        harmless: Times that every answer and every photo was what it had been.
        silent: Files whose damage changed an answer or a photo without a word.
        crashed: Files whose damage raised something else than an error of the gallery.
        files: Different files that were damaged.
    """

    detected: int
    harmless: int
    silent: tuple[str, ...]
    crashed: tuple[str, ...]
    files: int


def build(folder: Path, count: int = COUNT) -> Path:
    """Make a gallery that has every kind of file: an index, removals, a receipt, several versions.

    Args:
        folder: Nothing is there yet.
        count: Photos; from 5,000 on there is an index.

    Returns:
        The folder.
    """
    rows = crowded(count, DIMENSION)
    records = list(made_up_records(rows, THUMBNAIL_BYTES))
    gallery = Gallery.create(folder, dimension=DIMENSION, fingerprint="bench")
    with gallery.writing():
        gallery.add(records[: count - 40])
        erase_with_receipt(gallery, [record.id for record in records[:3]])
        gallery.index()
        gallery.add(records[count - 40 : count - 20])
        gallery.remove([record.id for record in records[5:15]])
        gallery.add(records[count - 20 :])
    return folder


def flip(draw: np.random.Generator, data: bytes) -> bytes:
    """Change one byte."""
    place = int(draw.integers(len(data)))
    return data[:place] + bytes([data[place] ^ int(draw.integers(1, 256))]) + data[place + 1 :]


def cut(draw: np.random.Generator, data: bytes) -> bytes:
    """Lose the end."""
    return data[: int(draw.integers(len(data)))]


def damage_rounds(
    folder: Path,
    rounds: int,
    damage: Callable[[np.random.Generator, bytes], bytes] = flip,
    *,
    seed: int = 0,
) -> Damaged:
    """Damage a file, open the gallery, compare all that it says, and mend the file; again and again.

    Each file is as likely as any other, however short it is.

    Args:
        folder: A gallery; it is as it was in the end.
        rounds: How often.
        damage: What is done to the bytes of the file.
        seed: Of the choice of files and bytes.

    Returns:
        What was seen.
    """
    draw = np.random.default_rng(seed)
    truth = told(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    seen: dict[str, list[str]] = {"detected": [], "harmless": [], "silent": [], "crashed": []}
    for _ in range(rounds):
        file = files[draw.integers(len(files))]
        whole = file.read_bytes()
        try:
            file.write_bytes(damage(draw, whole))
            seen[_outcome(folder, truth)].append(file.relative_to(folder).as_posix())
        finally:
            file.write_bytes(whole)
    touched = {name for names in seen.values() for name in names}
    return Damaged(
        len(seen["detected"]), len(seen["harmless"]), tuple(seen["silent"]), tuple(seen["crashed"]), len(touched)
    )


def told(folder: Path) -> Any:
    """All that a gallery says: exact and approximate neighbours, and every photo."""
    gallery = Gallery.open(folder)
    asked = near(crowded(COUNT, DIMENSION), QUERIES)
    neighbours = [
        [[(hit.id, hit.score) for hit in hits] for hits in gallery.search(asked, K, exact=exact)]
        for exact in (True, False)
    ]
    digest = hashlib.sha256()
    for record in sorted((record for batch in gallery.scan() for record in batch), key=lambda record: record.id):
        digest.update(repr({**vars(record), "vector": record.vector.tobytes()}).encode())
    return gallery.card, neighbours, digest.hexdigest()


def _outcome(folder: Path, truth: Any) -> str:
    try:
        return "harmless" if told(folder) == truth else "silent"
    except GalleryError:
        return "detected"
    except Exception:
        return "crashed"
