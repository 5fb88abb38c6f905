"""Photos of many subjects at the size they have, where a data set holds few kinds: each photo taken again.

With nine kinds of clothes a ranking drawn by lot already hides nine tenths of what a search finds, so no method can be
told from chance. Here every chosen photo becomes a subject, and four new snapshots of it are what is searched among.
Run it as ``python benchmarks/native_photos.py PHOTOS --out native.zip``.
"""

from __future__ import annotations

import argparse
import zipfile
from pathlib import Path

import numpy as np

from unfind.datasets.native import native_photos, photos_of
from unfind.datasets.rephotograph import rephotograph
from unfind.errors import DataError
from unfind.images.colour import srgb
from unfind.images.encode import encode
from unfind.images.photo import Photo

SUBJECTS, SHOTS, SIDE, QUALITY = 300, 4, 400, 92


def write_shots(data: str, out: Path, *, subjects: int = SUBJECTS, shots: int = SHOTS, side: int = SIDE) -> int:
    """Write a zip with a folder of snapshots for each subject.

    Args:
        data: a folder or a zip of photos, as for ``unfind train``.
        out: the zip.
        subjects: photos that are chosen, evenly.
        shots: of each; the same data give the same shots.
        side: of a square snapshot, in pixels; photos that are smaller are passed over.

    Returns:
        How many subjects there are.

    Raises:
        DataError: no photo is large enough.
    """
    photos = photos_of(data)
    large = [photo for photo in native_photos(photos, len(photos)) if min(photo.pixels.shape[:2]) >= side]
    if not large:
        raise DataError(f"Expected photos of at least {side} pixels a side in {data}, got none: take larger ones.")
    chosen = [large[i] for i in np.linspace(0, len(large) - 1, min(subjects, len(large))).round().astype(int)]
    with zipfile.ZipFile(out, "w") as archive:
        for number, photo in enumerate(chosen):
            for shot in range(shots):
                pixels = rephotograph(srgb(photo), [number, shot], side)
                archive.writestr(f"subject-{number:03d}/{shot}.jpg", encode(Photo(pixels, "jpeg", quality=QUALITY)))
    return len(chosen)


def main() -> None:
    """Read the words, write the zip, say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="a folder or a zip of photos")
    parser.add_argument("--out", type=Path, required=True, help="the zip that is written")
    asked = parser.parse_args()
    print(f"{asked.out}: {write_shots(asked.data, asked.out)} subjects, {SHOTS} photos each")


if __name__ == "__main__":
    main()
