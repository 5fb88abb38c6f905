"""Where a LanceDB gallery lives, a folder or a bucket: its card, its lock, and what makes a write hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from unfind.errors import GalleryError
from unfind.gallery.bucket import Bucket
from unfind.gallery.card import CARD_NAME, Card, card_text, parse_card, read_card, write_card
from unfind.gallery.lease import LEASE_NAME, Lease
from unfind.gallery.location import BucketPlace
from unfind.gallery.lock import LOCK_NAME, WriteLock
from unfind.gallery.seal import broken, changing
from unfind.images.files import write_atomic


class StoredFile(Protocol):
    """What is asked of a file: a path has it, and so has an object."""

    def open(self, mode: Any = "rb", /) -> AbstractContextManager[Any]:
        """Read it from the beginning."""

    def stat(self) -> Any:
        """At least ``st_size``."""


class Home(Protocol):
    """One place of one gallery."""

    @property
    def place(self) -> str:
        """What LanceDB connects to."""

    def prepare(self) -> None:
        """Make the place ready for a new gallery; GalleryError when it holds something already."""

    def card(self) -> Card:
        """The gallery's card."""

    def write_card(self, card: Card) -> None:
        """Replace the card in one step."""

    def held(self) -> AbstractContextManager[None]:
        """Hold the place for writing."""

    def changing(self) -> AbstractContextManager[None]:
        """Around a write, by whoever holds the place: when the block has ended well, the write holds."""

    def broken(self) -> list[str]:
        """One sentence for each file that is not what was written."""

    def tables(self) -> set[str]:
        """Names of the tables that are there."""

    def files(self) -> Iterable[StoredFile]:
        """Every file."""

    def keep(self, name: str, data: bytes) -> str:
        """Keep a small file beside the tables; returns where it is."""


def home_at(place: Path | BucketPlace) -> Home:
    """The home for a place."""
    return BucketHome(place) if isinstance(place, BucketPlace) else FolderHome(place)


class FolderHome:
    """A folder: the operating system keeps the lock, and a seal holds digests of all files."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it may not exist yet."""
        self.folder = folder
        self.place = str(folder)
        self._lock = WriteLock(folder)

    def prepare(self) -> None:
        """Make the folder.

        Raises:
            GalleryError: It holds something already, or cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            found = sorted(entry.name for entry in self.folder.iterdir() if entry.name != LOCK_NAME)
        except OSError as error:
            raise GalleryError(f"a new gallery needs a folder of its own, but {error}; give another path") from error
        if found:
            advice = "open it instead of creating it" if CARD_NAME in found else "give an empty or a new folder"
            raise GalleryError(f"a new gallery needs an empty folder, but {self.folder} holds {found[0]!r}; {advice}")

    def card(self) -> Card:
        """Read and check ``gallery.json``."""
        return read_card(self.folder)

    def write_card(self, card: Card) -> None:
        """Write ``gallery.json``."""
        write_card(self.folder, card)

    def held(self) -> AbstractContextManager[None]:
        """A second writer is refused and told who holds the folder."""
        return self._lock.held()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Mark the folder, and seal it in the end."""
        try:
            with changing(self.folder):
                yield
        except OSError as error:
            raise GalleryError(
                f"the gallery {self.folder} must be writable, but {error}; check space and access"
            ) from error

    def broken(self) -> list[str]:
        """Compare digests."""
        return broken(self.folder)

    def tables(self) -> set[str]:
        """Folders that LanceDB has made."""
        return {path.stem for path in self.folder.glob("*.lance")}

    def files(self) -> Iterable[Path]:
        """Every file in the folder."""
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def keep(self, name: str, data: bytes) -> str:
        """Write a file, sealed with the others.

        Raises:
            GalleryError: It cannot be written.
        """
        with self.held(), self.changing():
            (self.folder / name).parent.mkdir(exist_ok=True)
            write_atomic(self.folder / name, data)
        return str(self.folder / name)


class BucketHome:
    """A prefix of an object storage: a lease is the lock, and the storage itself answers for its bytes."""

    def __init__(self, place: BucketPlace) -> None:
        """Name the place; it may be empty."""
        self.place = str(place)
        self._bucket = Bucket(place)
        self._lease = Lease(self._bucket)

    def prepare(self) -> None:
        """Look whether the place is free.

        Raises:
            GalleryError: It holds something already.
        """
        found = sorted(file.name for file in self._bucket.files() if file.name != LEASE_NAME)
        if found:
            advice = "open it instead of creating it" if CARD_NAME in found else "name another one"
            raise GalleryError(
                f"a new gallery needs a prefix of its own, but {self.place} holds {found[0]!r}; {advice}"
            )

    def card(self) -> Card:
        """Read and check the object ``gallery.json``.

        Raises:
            GalleryError: There is no gallery.
        """
        data = self._bucket.read(CARD_NAME)
        if data is None:
            raise GalleryError(
                f"a gallery must exist, but {self.place} holds none; make it with `unfind gallery create`"
            )
        return parse_card(data, f"{self.place}/{CARD_NAME}")

    def write_card(self, card: Card) -> None:
        """Put the object ``gallery.json``."""
        self._bucket.write(CARD_NAME, card_text(card).encode())

    def held(self) -> AbstractContextManager[None]:
        """A second writer is refused and told who holds the place."""
        return self._lease.held()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Nothing is acknowledged after the lease was lost."""
        yield
        self._lease.check()

    def broken(self) -> list[str]:
        """Nothing is compared: the storage keeps checksums of its own."""
        return []

    def tables(self) -> set[str]:
        """First parts of names that LanceDB has made."""
        tops = {file.name.partition("/")[0] for file in self._bucket.files()}
        return {top.removesuffix(".lance") for top in tops if top.endswith(".lance")}

    def files(self) -> Iterable[StoredFile]:
        """Every object below the prefix."""
        return self._bucket.files()

    def keep(self, name: str, data: bytes) -> str:
        """Put an object."""
        self._bucket.write(name, data)
        return f"{self.place}/{name}"
