"""The seal: a digest of every file of a gallery, so that a single flipped byte is noticed before it misleads.

LanceDB writes its files once and keeps no digest of all their bytes. After each write the seal takes in the new files,
forces them to the disk, and drops the ones that are gone; only then the write is acknowledged. While a write is under
way a marker lies in the folder: files may come and go then, but a file that is sealed and there must still be whole.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unfind.atomic_file import replace_file
from unfind.errors import GalleryError

SEAL_NAME = "gallery.seal"
MARKER_NAME = "gallery.writing"
_MUTABLE = ".json"
"""The card and LanceDB's hint at the newest version are the only files that are ever written anew."""
_ATTEMPTS = 5
"""Reads of the seal while another process writes; each one sees a later seal."""

Entries = dict[str, tuple[int, str]]


def read_seal(folder: Path) -> Entries | None:
    """Read the digests.

    Args:
        folder: The gallery's folder.

    Returns:
        Size and SHA-256 by path below the folder, or None when there is no seal.

    Raises:
        GalleryError: When the seal itself is damaged.
    """
    try:
        data = (folder / SEAL_NAME).read_bytes()
    except FileNotFoundError:
        return None
    digest, _, body = data.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise GalleryError(
            f"{folder / SEAL_NAME} must hold the gallery's digests, but it is damaged; restore the gallery from a copy"
        )
    return {name: (size, digest) for name, (size, digest) in json.loads(body).items()}


def write_seal(folder: Path, known: Entries | None = None) -> Entries:
    """Take digests of the files that are not in a seal yet, and write it.

    Args:
        folder: The gallery's folder.
        known: The seal so far; files in it that are written only once are not read again.

    Returns:
        The new seal.

    Raises:
        OSError: When the disk refuses.
    """
    known = known or {}
    entries = {
        name: known[name] if name in known and not name.endswith(_MUTABLE) else _digest(folder / name, sync=True)
        for name in listed(folder)
    }
    for place in {str(Path(name).parent) for name in entries.keys() - known.keys()}:
        sync_folder(folder / place)
    body = json.dumps(entries, separators=(",", ":")).encode()
    replace_file(folder / SEAL_NAME, hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    return entries


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Mark the folder as being written, and seal it when the block has ended well; only for whoever holds the lock.

    After an error or a crash the marker stays, and the next write that ends well seals what is there.
    """
    marker = folder / MARKER_NAME
    if not marker.exists():
        marker.touch()
        sync_folder(folder)
    yield
    write_seal(folder, read_seal(folder))
    marker.unlink(missing_ok=True)


def broken(folder: Path) -> list[str]:
    """Compare every sealed file with its digest.

    Args:
        folder: The gallery's folder.

    Returns:
        One sentence for each file that is damaged or missing.

    Raises:
        GalleryError: When the seal is damaged.
    """
    found: list[str] = []
    for _ in range(_ATTEMPTS):
        writing = (folder / MARKER_NAME).exists()
        seal = read_seal(folder)
        if seal is None:
            return [] if writing else [f"{SEAL_NAME} is missing"]
        found = [sentence for name, entry in seal.items() if (sentence := _fault(folder, name, entry, writing))]
        if not found or read_seal(folder) == seal:
            break
    return found


def unsealed(folder: Path) -> list[str]:
    """Files that no finished write has sealed: the rest of a write that is under way or was cut short."""
    seal = read_seal(folder) or {}
    return [name for name in listed(folder) if name not in seal]


def listed(folder: Path) -> list[str]:
    """Paths below the folder of all files that a seal covers, sorted."""
    names = []
    for place, _, files in os.walk(folder):
        names += [os.path.relpath(os.path.join(place, file), folder) for file in files]
    # Files at the top other than the card are the lock, the marker, the seal and files on their way.
    return sorted(name for name in names if os.sep in name or name.endswith(_MUTABLE))


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk, where the system can."""
    if os.name == "posix":
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _fault(folder: Path, name: str, entry: tuple[int, str], writing: bool) -> str | None:
    try:
        came = _digest(folder / name)
    except FileNotFoundError:
        return None if writing or (folder / MARKER_NAME).exists() else f"{name} is missing"
    except OSError as error:
        return f"{name} cannot be read ({error.strerror})"
    changed_meanwhile = name.endswith(_MUTABLE) and (writing or (folder / MARKER_NAME).exists())
    return None if came == entry or changed_meanwhile else f"{name} is not what was written"


def _digest(path: Path, *, sync: bool = False) -> tuple[int, str]:
    with path.open("rb") as file:
        if sync and os.name == "posix":
            os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return os.fstat(file.fileno()).st_size, digest
