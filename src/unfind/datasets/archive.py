"""Photos in a zip, read where they lie, without unpacking."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from threading import Lock

from unfind.datasets.class_folders import by_class_folder
from unfind.datasets.names import is_photo, refuse_outside
from unfind.datasets.photo_set import PhotoSet
from unfind.errors import DataError

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    RuntimeError,  # a password it has not got, or a compression method it does not know
    ValueError,
    OverflowError,
    OSError,
)


class ArchiveReader:
    """Reads photos out of one zip, from many threads.

    Args:
        path: of the zip.
        max_photo_bytes: largest unpacked photo; 256 MiB is far above any photo and far below what a zip bomb
            asks for.
        max_files: most entries in the zip; each costs memory before a single photo is read.

    Raises:
        DataError: no such file, not a zip, or one that is damaged, encrypted or names files outside itself.
    """

    def __init__(self, path: Path, *, max_photo_bytes: int = 256 * 2**20, max_files: int = 5_000_000) -> None:
        self.path = path
        self._lock = Lock()
        self._zip = _open(path)
        entries = [entry for entry in self._zip.infolist() if not entry.filename.endswith("/")]
        if len(entries) > max_files:
            raise DataError(f"{path} may hold at most {max_files} files, but holds {len(entries)}; use several zips.")
        refuse_outside((entry.filename for entry in entries), str(path))
        self._entries = {entry.filename: entry for entry in entries if is_photo(entry.filename)}
        for entry in self._entries.values():
            _refuse(path, entry, max_photo_bytes)
        self.files = tuple(entry.filename for entry in entries if is_photo(entry.filename))

    def __call__(self, file: str) -> bytes:
        """Unpacked bytes of a photo; the zip's own checksum is compared on the way."""
        try:
            with self._lock:  # one file position is shared by all threads
                return self._zip.read(self._entries[file])
        except _DAMAGE as error:
            raise DataError(
                f"{file} in {self.path} is damaged and cannot be unpacked ({error}); copy or download the zip again."
            ) from error

    def signature(self, file: str) -> str:
        """Size and checksum as the zip states them."""
        entry = self._entries[file]
        return f"{entry.file_size}:{entry.CRC:08x}"


def photo_archive(path: Path) -> PhotoSet:
    """The photos in a zip; see `by_class_folder` for how they get their labels.

    Raises:
        DataError: as `ArchiveReader`, or a zip without usable photos.
    """
    reader = ArchiveReader(path)
    return by_class_folder(path.stem, reader.files, reader)


def _open(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise DataError(f"{path} must be a zip of photos, but there is no such file; check the path.") from error
    except _DAMAGE as error:
        raise DataError(
            f"{path} must be a zip of photos, but cannot be opened as one ({error}); copy or download it again."
        ) from error


def _refuse(path: Path, entry: zipfile.ZipInfo, max_photo_bytes: int) -> None:
    if entry.flag_bits & 1:
        raise DataError(
            f"{path} must not be encrypted, but {entry.filename} is; unpack it with its password and give the folder."
        )
    if entry.file_size > max_photo_bytes:
        raise DataError(
            f"a photo in {path} may unpack to at most {max_photo_bytes} bytes, but {entry.filename} would "
            f"to {entry.file_size}; take it out of the zip."
        )
