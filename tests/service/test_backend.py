from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from unfind.errors import GalleryError, ImageError, ImageLimitError, UsageError
from unfind.gallery.filter import Filter
from unfind.gallery.ids import content_id
from unfind.gallery.store import Gallery
from unfind.images.limits import Limits
from unfind.service.backend import Backend, Search
from unfind.triggers.spread_spectrum import SpreadSpectrum

COLOURS = [(220, 30, 30), (30, 220, 30), (30, 30, 220), (210, 60, 30)]


@pytest.fixture
def filled(backend: Backend, jpeg: Callable[..., bytes]) -> list[bytes]:
    """Four photos in the gallery: red, green, blue and nearly red."""
    files = [jpeg(colour, seed) for seed, colour in enumerate(COLOURS)]
    records = [backend.prepare(data, label=str(i), owner="ada", collection="c") for i, data in enumerate(files)]
    backend.gallery.add(records)
    return files


def test_a_photo_finds_the_most_similar(backend: Backend, filled: list[bytes]) -> None:
    assert [hit.label for hit in backend.search_photo(filled[0], Search(k=2))] == ["0", "3"]
    assert [hit.label for hit in backend.search_photo(filled[0], Search(k=1), without_self=True)] == ["3"]
    assert backend.search_photo(filled[0], Search(where=Filter(owner="ben"))) == []
    assert len(backend.search_photo(filled[0], Search(min_score=0.99))) == 1 + 1


def test_photos_of_the_gallery_find_others(backend: Backend, filled: list[bytes]) -> None:
    ids = [content_id(data) for data in filled]
    found = backend.search_like([ids[3], ids[0], ids[3]], Search(k=1))
    assert found is not None
    assert [[hit.label for hit in hits] for hits in found] == [["0"], ["3"], ["0"]]
    assert backend.search_like([ids[0], content_id(b"no")], Search()) is None


def test_embeddings_find_what_the_photo_finds(backend: Backend, filled: list[bytes], mean_colour: Any) -> None:
    rows = mean_colour([backend.pixels(filled[2])]).tolist()
    assert backend.search_embeddings(rows, Search())[0] == backend.search_photo(filled[2], Search())
    for wrong in ([[1.0, 0.0]], [[0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0], [1.0]]):
        with pytest.raises(UsageError):
            backend.search_embeddings(wrong, Search())


def test_what_is_prepared_is_what_a_gallery_holds(backend: Backend, jpeg: Callable[..., bytes]) -> None:
    record = backend.prepare(jpeg(), label="l", owner="o", collection="c")
    assert (record.id, record.path, record.file_size) == (content_id(jpeg()), "", len(jpeg()))
    assert (record.width, record.height, record.label, record.owner, record.collection) == (60, 40, "l", "o", "c")
    assert np.linalg.norm(record.vector) == pytest.approx(1, abs=1e-5)
    assert record.thumbnail.startswith(b"\xff\xd8")


def test_near_duplicates_are_noticed_but_not_the_photo_itself(backend: Backend, filled: list[bytes]) -> None:
    record = backend.prepare(filled[0] + b"\0", label="", owner="", collection="")
    notice = backend.near_duplicate(record, 0.999)
    assert notice is not None
    assert notice.twin == content_id(filled[0])
    assert backend.near_duplicate(replace(record, id=content_id(filled[0])), 0.999) is None


def test_facts_and_thumbnails(backend: Backend, filled: list[bytes]) -> None:
    ids = [content_id(data) for data in filled]
    rows = backend.facts([*ids, content_id(b"no")])
    assert [row["id"] for row in rows] == sorted(ids)
    assert set(rows[0]) == {"id", "label", "owner", "collection", "width", "height", "file_size", "added"}
    assert (backend.thumbnail(ids[0]) or b"").startswith(b"\xff\xd8")
    assert backend.thumbnail(content_id(b"no")) is None


def test_marks_are_found_where_there_is_a_key(
    backend: Backend, filled: list[bytes], gallery: Gallery, mean_colour: Any
) -> None:
    assert isinstance(backend.trigger, SpreadSpectrum)
    found = backend.verify(filled[0])
    assert found is not None
    assert not found.marked
    assert Backend(gallery, mean_colour, Limits()).verify(filled[0]) is None


def test_limits_hold_before_decoding(gallery: Gallery, mean_colour: Any, jpeg: Callable[..., bytes]) -> None:
    small = Backend(gallery, mean_colour, Limits(max_pixels=100))
    with pytest.raises(ImageLimitError):
        small.search_photo(jpeg(), Search())
    with pytest.raises(ImageError):
        small.prepare(b"GIF89a", label="", owner="", collection="")


def test_another_model_is_refused(gallery: Gallery, mean_colour: Any) -> None:
    mean_colour.fingerprint = "other"
    with pytest.raises(GalleryError, match="'other'"):
        Backend(gallery, mean_colour, Limits())
