"""The pictures of a report: ranked lists before and after, and protected photos beside their originals."""

from __future__ import annotations

from pathlib import Path

from unfind.gallery.hit import Hit
from unfind.images.colour import srgb
from unfind.images.files import read_photo
from unfind.report.page import Picture, RankedLists, Triplet
from unfind.report.pictures import amplified_difference, bytes_uri, data_uri
from unfind.studies.protect import Protected
from unfind.studies.scene import Scene, Search

GAIN = 10.0
"""Differences are shown this many times as large as they are."""
SIDE = 320
TRIPLETS = 3


def ranked_lists(scene: Scene) -> list[RankedLists]:
    """What each query of the scene found before and after."""
    return [_ranked(search) for search in scene.searches]


def triplets(scene: Scene) -> list[Triplet]:
    """The first protected photos: original, protected, and the difference made visible."""
    done = [one for one in scene.private if one.target is not None]
    return [_triplet(one, one.target) for one in done[:TRIPLETS] if one.target is not None]


def _ranked(search: Search) -> RankedLists:
    pixels = srgb(read_photo(search.query))
    kind = "a protected photo" if search.marked else "a photo anybody could have taken"
    query = Picture(data_uri(pixels, size=160), f"Query: {kind} of {search.label}", f"{kind}")
    counts = [sum(hit.label == search.label for hit in hits) for hits in (search.before, search.after)]
    note = f"Of {len(search.before)} photos shown, {counts[0]} were of the same subject before and {counts[1]} after."
    before, after = ([_hit(hit, search.label) for hit in hits] for hits in (search.before, search.after))
    return RankedLists(query, before, after, note)


def _hit(hit: Hit, label: str) -> Picture:
    marked = " · protected" if Path(hit.path).parent.name == "protected" else ""
    alt = f"Found at similarity {hit.score:.2f}: {hit.label}{marked}"
    return Picture(bytes_uri(hit.thumbnail, "image/jpeg"), alt, f"{hit.score:.2f}{marked}", hit.label == label)


def _triplet(one: Protected, target: Path) -> Triplet:
    before, after = (srgb(read_photo(path)) for path in (one.source, target))
    psnr = f"{one.psnr:.1f} dB PSNR" if one.psnr is not None else ""
    found = f"mark found, chance of error {one.check.false_alarm:.0e}" if one.check is not None else ""
    return Triplet(
        Picture(data_uri(before, size=SIDE), "The photo before", "original"),
        Picture(data_uri(after, size=SIDE, quality=92), "The protected photo", "protected"),
        Picture(
            data_uri(amplified_difference(before, after, GAIN), size=SIDE), "Their difference", f"difference x {GAIN:g}"
        ),
        ", ".join(part for part in (psnr, found) if part),
    )
