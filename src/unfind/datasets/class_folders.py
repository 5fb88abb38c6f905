"""Labels from folder names: the first folder of a photo's path is its class."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from unfind.datasets.names import is_photo
from unfind.datasets.photo_set import PhotoSet, Reader, by_class_name
from unfind.errors import DataError


def by_class_folder(name: str, files: Iterable[str], reader: Reader) -> PhotoSet:
    """Photos labelled by the first folder of their path.

    A single folder around everything says nothing about a photo and is looked through, once. Photos without
    a class folder make an unlabelled set, in which each photo is its own class.

    Args:
        name: what reports call the set.
        files: slash-separated paths; those that are hidden or no photos are left out.
        reader: reads a photo by the path given in `files`.

    Raises:
        DataError: no photo at all, or photos both inside and beside the class folders.
    """
    photos = sorted(file for file in files if is_photo(file))
    if not photos:
        raise DataError(f"{name} needs JPEG, PNG or WebP photos, but holds none; give a folder or a zip of photos.")
    classes = _classes(photos)
    loose = [file for file, folder in zip(photos, classes, strict=True) if not folder]
    if len(loose) == len(photos):
        return PhotoSet(name, tuple(photos), np.arange(len(photos)), tuple(photos), reader, labelled=False)
    if loose:
        raise DataError(
            f"{name} needs its photos either all inside class folders or all without, but {len(loose)} of "
            f"{len(photos)}, such as {loose[0]}, lie beside the class folders; move them into one, or out "
            f"of {name}."
        )
    return by_class_name(name, photos, classes, reader)


def _classes(photos: list[str]) -> list[str]:
    """Class folder of each photo, empty for a photo that lies in none."""
    parts = [file.split("/") for file in photos]
    one_top = len(parts[0]) > 1 and all(len(path) > 1 and path[0] == parts[0][0] for path in parts)
    level = 1 if one_top else 0
    return [path[level] if len(path) > level + 1 else "" for path in parts]
