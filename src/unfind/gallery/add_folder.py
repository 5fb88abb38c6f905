"""Bring folders of photos into a gallery: incremental, resumable, and never silent about a file left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unfind.errors import GalleryError, ImageError, UsageError
from unfind.gallery.embedder import Embedder
from unfind.gallery.ids import content_id
from unfind.gallery.near_duplicates import NearDuplicate, near_duplicates
from unfind.gallery.record import Record, path_text
from unfind.gallery.store import Gallery
from unfind.gallery.thumbnail import thumbnail
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.files import find_photos
from unfind.images.limits import Limits

MAX_BATCH_BYTES = 512 * 2**20
"""Fourteen photos of 12 megapixels; a batch of 64 of them decoded at once would take 2.3 GB."""

COMPACT_AFTER = 256
"""Each committed batch leaves a file and a version behind; beyond a few hundred, opening gets slow."""


@dataclass(frozen=True)
class AddReport:
    """What became of each photo.

    Attributes:
        added: Photos that are new in the gallery.
        skipped: Photos whose content was there already, or came twice.
        refused: Files that could not be read, each with one sentence saying why.
        near: Added photos that look the same as another one, when that was asked for.
    """

    added: int
    skipped: int
    refused: tuple[tuple[Path, str], ...]
    near: tuple[NearDuplicate, ...] = ()


def add_photos(
    gallery: Gallery,
    paths: Iterable[Path],
    embed: Embedder,
    *,
    batch: int = 64,
    max_batch_bytes: int = MAX_BATCH_BYTES,
    limits: Limits | None = None,
    label_of: Callable[[Path], str] = lambda path: "",
    owner: str = "",
    collection: str = "",
    near_threshold: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AddReport:
    """Add photos, batch by batch; each batch is on disk before the next one begins.

    When the call is cut short, the batches done so far stay, and the same call again goes on behind them:
    a photo that is there by content is neither decoded nor embedded a second time.

    Args:
        gallery: Where to add.
        paths: Files, and folders that are searched recursively.
        embed: The model, the one that the gallery was made for.
        batch: Photos per embedding call and per commit, at least 1.
        max_batch_bytes: A batch is closed early when its decoded pixels reach this many bytes.
        limits: Sizes beyond which a file is refused; the default limits when None.
        label_of: Gives the label of a file.
        owner: Whose photos these are.
        collection: Which set of photos they belong to.
        near_threshold: Report photos that look the same as another one, by this score or more; see
            :func:`unfind.gallery.near_duplicates.near_duplicates`. Costs a search for each photo.
        progress: Called with (files done, files in all) after each file.

    Returns:
        What was added, skipped and refused.

    Raises:
        UsageError: When batch or max_batch_bytes is below 1.
        GalleryError: When the model does not fit the gallery, or another writer holds it.
    """
    if batch < 1 or max_batch_bytes < 1:
        raise UsageError(
            f"a batch takes at least 1 photo and 1 byte, but {batch} and {max_batch_bytes} came; raise them"
        )
    gallery.check_model(fingerprint=embed.fingerprint, dimension=embed.dimension)
    files, refused = _listed(paths)
    with gallery.writing():
        seen = set(gallery.ids())
        about = _About(label_of, owner, collection, near_threshold)
        job = _Job(gallery, embed, batch, max_batch_bytes, limits or Limits(), about, seen, refused)
        for done, file in enumerate(files, start=1):
            job.consider(file)
            if progress:
                progress(done, len(files))
        job.commit()
        gallery.compact()
    return AddReport(job.added, job.skipped, tuple(job.refused), tuple(job.near))


@dataclass(frozen=True)
class _About:
    """What is known of all photos of one call."""

    label_of: Callable[[Path], str]
    owner: str
    collection: str
    near_threshold: float | None


@dataclass
class _Job:
    """One call of :func:`add_photos` under way."""

    gallery: Gallery
    embed: Embedder
    batch: int
    max_batch_bytes: int
    limits: Limits
    about: _About
    seen: set[str]
    refused: list[tuple[Path, str]]
    near: list[NearDuplicate] = field(default_factory=list)
    added: int = 0
    skipped: int = 0
    commits: int = 0
    waiting: list[tuple[Record, NDArray[np.uint8]]] = field(default_factory=list)

    def consider(self, file: Path) -> None:
        """Skip or refuse one file, or put it into the waiting batch."""
        try:
            data = _read(file, self.limits.max_bytes)
            photo_id = content_id(data)
            if photo_id in self.seen:
                self.skipped += 1
                return
            pixels = srgb(decode(data, limits=self.limits))
        except ImageError as error:
            self.refused.append((file, str(error)))
            return
        self.seen.add(photo_id)
        self.waiting.append((self._record(file, data, photo_id, pixels), pixels))
        if len(self.waiting) >= self.batch or self._waiting_bytes() >= self.max_batch_bytes:
            self.commit()

    def commit(self) -> None:
        """Embed the waiting photos and put them on disk."""
        if not self.waiting:
            return
        records = [record for record, _ in self.waiting]
        vectors = self.embed([pixels for _, pixels in self.waiting])
        self.waiting.clear()
        if len(vectors) != len(records):
            raise GalleryError(
                f"an embedder gives one vector per photo, but {len(vectors)} came for {len(records)}; mend it"
            )
        rows = self.gallery.stored(vectors)
        if self.about.near_threshold is not None:
            self.near += near_duplicates(self.gallery, [r.id for r in records], rows, self.about.near_threshold)
        filled = [replace(record, vector=row) for record, row in zip(records, rows, strict=True)]
        self.added += self.gallery.add(filled)
        self.commits += 1
        if self.commits % COMPACT_AFTER == 0:
            self.gallery.compact()

    def _waiting_bytes(self) -> int:
        return sum(pixels.nbytes for _, pixels in self.waiting)

    def _record(self, file: Path, data: bytes, photo_id: str, pixels: NDArray[np.uint8]) -> Record:
        return Record(
            id=photo_id,
            path=path_text(file),
            file_size=len(data),
            width=pixels.shape[1],
            height=pixels.shape[0],
            added=datetime.now(UTC),
            vector=np.empty(0, np.float32),
            label=self.about.label_of(file),
            owner=self.about.owner,
            collection=self.about.collection,
            thumbnail=thumbnail(pixels),
        )


def _listed(paths: Iterable[Path]) -> tuple[list[Path], list[tuple[Path, str]]]:
    """Look into folders, but keep every file that was named, so that an unfit one is refused by name."""
    files: list[Path] = []
    refused: list[tuple[Path, str]] = []
    for path in paths:
        try:
            files.extend(find_photos([path]) if path.is_dir() else [path])
        except ImageError as error:
            refused.append((path, str(error)))
    return files, refused


def _read(file: Path, max_bytes: int) -> bytes:
    if not file.is_file():  # a pipe or a device would never end
        raise ImageError(f"a photo must be a file, but {file} is none; check the path")
    try:
        with file.open("rb") as stream:
            # One byte too many is enough for the decoder to refuse the file by its limit.
            return stream.read(max_bytes + 1)
    except OSError as error:
        raise ImageError(f"a photo must be readable, but {error}; check its access") from error
