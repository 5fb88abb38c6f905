"""Bring a gallery to another model or a newer format, embedding only what must be embedded again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unfind.errors import GalleryError, ImageError
from unfind.gallery.arrow import arrow_schema
from unfind.gallery.card import FORMAT_VERSION, Card, read_card
from unfind.gallery.embedder import Embedder
from unfind.gallery.home import home_at
from unfind.gallery.ids import content_id
from unfind.gallery.lance_engine import LanceEngine
from unfind.gallery.lance_table import open_table
from unfind.gallery.location import parse_location
from unfind.gallery.record import Record
from unfind.gallery.vectors import stored_rows
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.files import find_photos
from unfind.images.limits import DEFAULT_LIMITS, Limits


@dataclass(frozen=True)
class UpgradeReport:
    """What became of the photos.

    Attributes:
        kept: Photos whose vectors are still right, or were made by an earlier call that was cut short.
        embedded: Photos that this call has embedded again.
        dropped: Photos whose files could not be found, left out because that was asked for.
    """

    kept: int
    embedded: int
    dropped: int


def upgrade(
    place: Path | str,
    embed: Embedder,
    *,
    look_in: Iterable[Path] = (),
    drop_missing: bool = False,
    batch: int = 64,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[int, int], None] | None = None,
) -> UpgradeReport:
    """Write a table of the new model beside the old one, then let the card speak of it.

    Searches by the old model work until the end. A call that was cut short goes on where it stopped. Photos are read
    from where they lay when they were added, and must still have the same content.

    Args:
        place: The gallery's folder.
        embed: The new model; with the gallery's own one only the format is upgraded, and no photo is read.
        look_in: Folders and files in which to look for photos that were moved.
        drop_missing: Leave photos out whose files cannot be found, instead of refusing.
        batch: Photos embedded and committed at once.
        limits: Sizes beyond which a file is not read.
        progress: Called with (photos done, photos in all) after each batch.

    Returns:
        What was kept, embedded and dropped.

    Raises:
        GalleryError: When it is on a server, another writer holds it, or photos cannot be found.
    """
    folder = parse_location(place)
    if not isinstance(folder, Path):
        raise GalleryError(
            f"an upgrade works on a folder, but {folder} came; export it, import it into a folder, upgrade that, "
            "and import its export into a new collection"
        )
    old = _open(folder)
    card = _next_card(old.card, embed)
    with old.writing():
        if card == old.card:
            return UpgradeReport(old.count(), 0, 0)
        old.drop_tables(keep=(old.card.table, card.table))
        moved = _by_content(look_in, limits)
        job = _Job(old, old.sibling(card), embed, moved, limits)
        job.run(batch, progress)
        if job.missing and not drop_missing:
            raise GalleryError(
                f"an upgrade embeds every photo again, but {len(job.missing)} files are gone or changed, such as "
                f"{job.missing[0]}; name the folders they are in now, or drop them with --drop-missing"
            )
        old.replace_table(card)
    return UpgradeReport(job.kept, job.embedded, len(job.missing))


class _Job:
    """One upgrade under way."""

    def __init__(
        self, old: LanceEngine, new: LanceEngine, embed: Embedder, moved: dict[str, Path], limits: Limits
    ) -> None:
        self.old, self.new, self.embed, self.moved, self.limits = old, new, embed, moved, limits
        self.same = (old.card.fingerprint, old.card.dimension) == (new.card.fingerprint, new.card.dimension)
        self.kept = self.embedded = 0
        self.missing: list[str] = []

    def run(self, batch: int, progress: Callable[[int, int], None] | None) -> None:
        """Write what the new table does not have yet."""
        there, total, seen = set(self.new.ids()), self.old.count(), 0
        for records in self.old.scan(batch):
            todo = [record for record in records if record.id not in there]
            self.kept += len(records) - len(todo)
            if todo and self.same:
                self.new.put(todo)
                self.kept += len(todo)
            elif todo:
                self._embed(todo)
            seen += len(records)
            if progress:
                progress(seen, total)

    def _embed(self, records: Sequence[Record]) -> None:
        found = list(self._pixels(records))
        if not found:
            return
        vectors = self.embed([pixels for _, pixels in found])
        rows = stored_rows(vectors, self.new.card.dimension, self.new.card.kind)
        self.new.put([replace(record, vector=row) for (record, _), row in zip(found, rows, strict=True)])
        self.embedded += len(found)

    def _pixels(self, records: Sequence[Record]) -> Iterator[tuple[Record, NDArray[np.uint8]]]:
        for record in records:
            path = self.moved.get(record.id, Path(record.path))
            try:
                data = _read(path, self.limits)
                if content_id(data) != record.id:
                    raise ImageError("another photo lies there")
                yield record, srgb(decode(data, limits=self.limits))
            except (ImageError, OSError):
                self.missing.append(record.path)


def _open(folder: Path) -> LanceEngine:
    card = read_card(folder)
    if card.version > 1:
        return LanceEngine.open(folder)
    first = arrow_schema(card.dimension)
    for name in ("owner", "collection"):
        first = first.remove(first.get_field_index(name))
    return LanceEngine(home_at(folder), card, open_table(folder, first, card.table))


def _next_card(card: Card, embed: Embedder) -> Card:
    wanted = (embed.fingerprint, embed.dimension, FORMAT_VERSION)
    if wanted == (card.fingerprint, card.dimension, card.version):
        return card
    digest = hashlib.sha256("\n".join(map(str, wanted)).encode()).hexdigest()[:12]
    return replace(
        card,
        fingerprint=embed.fingerprint,
        dimension=embed.dimension,
        version=FORMAT_VERSION,
        table=f"photos-{digest}",
    )


def _by_content(paths: Iterable[Path], limits: Limits) -> dict[str, Path]:
    files = [file for path in paths for file in (find_photos([path]) if path.is_dir() else [path])]
    return {content_id(_read(file, limits)): file for file in files if file.is_file()}


def _read(path: Path, limits: Limits) -> bytes:
    if not path.is_file():
        raise ImageError("no such file")
    with path.open("rb") as file:
        return file.read(limits.max_bytes + 1)
