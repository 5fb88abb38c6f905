"""Photos in a folder, sorted into one folder per class or not sorted at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from unfind.datasets.class_folders import by_class_folder
from unfind.datasets.photo_set import PhotoSet
from unfind.errors import DataError, ImageError
from unfind.images.files import find_photos


@dataclass(frozen=True)
class FolderReader:
    """Reads photos below `root` by their slash-separated path."""

    root: Path

    def __call__(self, file: str) -> bytes:
        return (self.root / file).read_bytes()

    def signature(self, file: str) -> str:
        """Size and time of the last change: what tells an edited photo without reading it."""
        state = (self.root / file).stat()
        return f"{state.st_size}:{state.st_mtime_ns}"


def photo_folder(root: Path) -> PhotoSet:
    """The photos below a folder; see `by_class_folder` for how they get their labels.

    Links to folders are not followed, as they may lead in circles.

    Raises:
        DataError: no such folder, one that may not be read, or one without usable photos.
    """
    return by_class_folder(root.name or str(root), photos_below(root), FolderReader(root))


def photos_below(root: Path) -> list[str]:
    """Slash-separated paths, relative to `root`, of all photos below it, sorted.

    Raises:
        DataError: no such folder, or one that may not be read.
    """
    if not root.is_dir():
        raise DataError(f"{root} must be a folder of photos, but there is no such folder; check the path.")
    try:
        return [path.relative_to(root).as_posix() for path in find_photos([root])]
    except ImageError as error:
        raise DataError(str(error)) from error
