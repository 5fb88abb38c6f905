"""Bring folders of photos into a gallery: incremental, resumable, and never silent about a file left out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unfind.errors import GalleryError, ImageError, UsageError
from unfind.gallery.ahead import ahead
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

MAX_BATCH_BYTES = 256 * 2**20
"""Seven photos of 12 megapixels; two batches are in memory at once, and with 64 of them each that would take 4.6 GB."""
MAX_LOOKED_AT = 256
"""Files of one batch, new or not: where all are in the gallery already, somebody still wants to see it go on."""
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
    """Add photos, batch by batch: while one is written, the next is embedded and the one after it read.

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
        about = _About(label_of, owner, collection)
        reader = _Reader(set(gallery.ids()), batch, max_batch_bytes, limits or Limits(), about, refused)
        added, near = 0, list[NearDuplicate]()
        batches = _embedded(ahead(reader.batches(files)), gallery, embed)
        with closing(ahead(batches)) as ready:
            for number, (records, looked_at) in enumerate(ready, start=1):
                if near_threshold is not None:
                    near += _near(gallery, records, near_threshold)
                added += gallery.add(records)
                if number % COMPACT_AFTER == 0:
                    gallery.compact()
                if progress:
                    for done in looked_at:
                        progress(done, len(files))
        gallery.compact()
    return AddReport(added, reader.skipped, tuple(refused), tuple(near))


@dataclass(frozen=True)
class _About:
    """What is known of all photos of one call."""

    label_of: Callable[[Path], str]
    owner: str
    collection: str


@dataclass
class _Batch:
    """Photos that go through the model and to the disk together.

    Attributes:
        records: What is known of them; their vectors come later.
        images: Their pixels.
        looked_at: Numbers of the files that were looked at for it, from 1 on; some may hold no new photo.
    """

    looked_at: range
    records: list[Record] = field(default_factory=list)
    images: list[NDArray[np.uint8]] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Size of all pixels."""
        return sum(pixels.nbytes for pixels in self.images)


@dataclass
class _Reader:
    """Reads the files of one call; what it has skipped and refused is known when the last batch is there."""

    seen: set[str]
    batch: int
    max_batch_bytes: int
    limits: Limits
    about: _About
    refused: list[tuple[Path, str]]
    skipped: int = 0

    def batches(self, files: Sequence[Path]) -> Generator[_Batch, None, None]:
        """Read files, as many at once as make a batch."""
        batch = _Batch(range(1, 1))
        for done, file in enumerate(files, start=1):
            self._consider(file, batch)
            batch.looked_at = range(batch.looked_at.start, done + 1)
            full = len(batch.images) >= self.batch or batch.bytes >= self.max_batch_bytes
            if full or len(batch.looked_at) >= MAX_LOOKED_AT:
                yield batch
                batch = _Batch(range(done + 1, done + 1))
        if batch.looked_at:
            yield batch

    def _consider(self, file: Path, batch: _Batch) -> None:
        """Take one file into a batch, skip or refuse it."""
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
        batch.records.append(self._record(file, data, photo_id, pixels))
        batch.images.append(pixels)

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


def _embedded(
    batches: Generator[_Batch, None, None], gallery: Gallery, embed: Embedder
) -> Generator[tuple[list[Record], range], None, None]:
    """Batches with their vectors, and without the pixels that are not needed any more."""
    with closing(batches):
        for batch in batches:
            yield _with_vectors(batch, gallery, embed) if batch.records else [], batch.looked_at


def _with_vectors(batch: _Batch, gallery: Gallery, embed: Embedder) -> list[Record]:
    vectors = embed(batch.images)
    if len(vectors) != len(batch.records):
        raise GalleryError(
            f"an embedder gives one vector per photo, but {len(vectors)} came for {len(batch.records)}; mend it"
        )
    rows = gallery.stored(vectors)
    return [replace(record, vector=row) for record, row in zip(batch.records, rows, strict=True)]


def _near(gallery: Gallery, records: Sequence[Record], threshold: float) -> list[NearDuplicate]:
    if not records:
        return []
    rows = np.stack([record.vector for record in records])
    return near_duplicates(gallery, [record.id for record in records], rows, threshold)


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
