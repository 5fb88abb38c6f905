"""What every engine must keep: one set of tests, run on LanceDB scanned and in memory, and on Milvus."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unfind.errors import GalleryError, UsageError
from unfind.gallery.filter import Filter
from unfind.gallery.ids import content_id
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery

Make = Callable[..., Gallery]
Unit = Callable[..., np.ndarray]
MakeRecord = Callable[..., Record]
START = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
NASTY = ["it's", 'say "hi"', "back\\slash", "x' OR '1'='1", '" or id > "', "ü 日本 🐦", "{brace}", "%like_", "a\nb", ""]


@pytest.fixture
def filled(make_gallery: Make, unit: Unit, record: MakeRecord) -> tuple[Gallery, list[Record]]:
    """Twenty photos of two owners and five collections, added an hour apart."""
    gallery = make_gallery()
    records = [
        record(
            f"{i}.jpg",
            row,
            owner="ada" if i % 2 else 'it\'s "ben"',
            collection=f"set-{i % 5}",
            added=START + timedelta(hours=i),
        )
        for i, row in enumerate(unit(20))
    ]
    assert gallery.add(records) == 20
    return gallery, records


def nearest(records: list[Record], query: np.ndarray, k: int) -> list[str]:
    """The definition: score each photo by itself, sort by score and then by id."""
    scored = [(-float(np.dot(r.vector.astype(np.float64), query)), r.id) for r in records]
    return [photo_id for _, photo_id in sorted(scored)[:k]]


def test_records_come_back_as_they_went(filled: tuple[Gallery, list[Record]]) -> None:
    gallery, records = filled
    back = gallery.records(r.id for r in records)
    for before in records:
        for field in dataclasses.fields(Record):
            np.testing.assert_array_equal(getattr(back[before.id], field.name), getattr(before, field.name))
        assert back[before.id].vector.dtype == np.float32


def test_ids_are_listed_page_by_page(filled: tuple[Gallery, list[Record]]) -> None:
    gallery, records = filled
    expected = sorted(r.id for r in records)
    assert gallery.ids() == expected
    assert gallery.ids(limit=7) == expected[:7]
    assert gallery.ids(after=expected[6], limit=7) == expected[7:14]
    assert gallery.ids(after=expected[-1]) == []
    with pytest.raises(UsageError):
        gallery.ids(after="' OR 1=1 --")


def test_scan_gives_every_photo_once(filled: tuple[Gallery, list[Record]]) -> None:
    gallery, records = filled
    batches = list(gallery.scan(7))
    assert max(map(len, batches)) <= 7
    assert sorted(r.id for batch in batches for r in batch) == sorted(r.id for r in records)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("k", [1, 5, 20, 50])
def test_search_equals_the_definition(filled: tuple[Gallery, list[Record]], unit: Unit, k: int, exact: bool) -> None:
    gallery, records = filled
    queries = unit(3, seed=4)
    found = gallery.search(queries, k, exact=exact)
    assert [[hit.id for hit in hits] for hits in found] == [nearest(records, query, k) for query in queries]
    for query, hits in zip(queries, found, strict=True):
        by_id = {r.id: r for r in records}
        assert [hit.score for hit in hits] == pytest.approx([float(by_id[h.id].vector @ query) for h in hits], abs=1e-5)


def test_hits_tell_what_is_known(filled: tuple[Gallery, list[Record]]) -> None:
    gallery, records = filled
    [[hit]] = gallery.search(records[3].vector[None], 1, thumbnails=True)
    for field in dataclasses.fields(hit):
        if field.name != "score":
            assert getattr(hit, field.name) == getattr(records[3], field.name)
    [[plain]] = gallery.search(records[3].vector[None], 1)
    assert plain.thumbnail == b""


@pytest.mark.parametrize(
    "where",
    [
        Filter(owner="ada"),
        Filter(owner='it\'s "ben"', collection="set-2"),
        Filter(label="auklet", collection="set-1"),
        Filter(added_from=START + timedelta(hours=5)),
        Filter(added_before=START + timedelta(hours=5)),
        Filter(owner="ada", added_from=START + timedelta(hours=3), added_before=START + timedelta(hours=9)),
        Filter(owner="nobody"),
    ],
)
def test_filters_leave_only_what_meets_them(filled: tuple[Gallery, list[Record]], unit: Unit, where: Filter) -> None:
    gallery, records = filled
    wanted = [
        r
        for r in records
        if all(getattr(r, column) == text for column, text in where.texts.items())
        and (where.added_from is None or r.added >= where.added_from)
        and (where.added_before is None or r.added < where.added_before)
    ]
    for exact in (True, False):
        [hits] = gallery.search(unit(1, seed=8), 30, where=where, exact=exact)
        assert [hit.id for hit in hits] == nearest(wanted, unit(1, seed=8)[0], 30)


def test_text_of_any_kind_is_only_text(make_gallery: Make, unit: Unit, record: MakeRecord) -> None:
    gallery = make_gallery()
    gallery.add([record(f"{i}", row, owner=text) for i, (row, text) in enumerate(zip(unit(10), NASTY, strict=True))])
    for text in NASTY:
        [hits] = gallery.search(unit(1), 20, where=Filter(owner=text))
        assert [hit.owner for hit in hits] == [text]
        assert gallery.search(unit(1), 20, where=Filter(collection=text or "x"))[0] == []


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_no_text_breaks_out_of_a_filter(filled: tuple[Gallery, list[Record]], text: str) -> None:
    gallery, records = filled
    expected = [r.id for r in records if r.owner == text]
    assert [hit.id for hit in gallery.search(records[0].vector[None], 30, where=Filter(owner=text))[0]] == expected


def test_a_threshold_cuts_the_answer(filled: tuple[Gallery, list[Record]], unit: Unit) -> None:
    gallery, _ = filled
    [all_hits] = gallery.search(unit(1, seed=4), 20)
    [hits] = gallery.search(unit(1, seed=4), 20, min_score=all_hits[4].score)
    assert [hit.id for hit in hits] == [hit.id for hit in all_hits[:5]]
    assert gallery.search(unit(1, seed=4), 20, min_score=1.0) == [[]]


def test_photos_on_one_point_come_by_id(make_gallery: Make, unit: Unit, record: MakeRecord) -> None:
    gallery = make_gallery()
    [row] = unit(1, seed=3)
    records = [record(f"{i}", row) for i in range(30)]
    gallery.add(records[:11])
    gallery.add(records[11:])
    for k in (1, 10, 29, 40):
        assert [hit.id for hit in gallery.search(row[None], k)[0]] == sorted(r.id for r in records)[:k]


def test_put_replaces_and_remove_takes_out(filled: tuple[Gallery, list[Record]], unit: Unit) -> None:
    gallery, records = filled
    gallery.search(unit(1), 1)
    moved = dataclasses.replace(records[4], vector=-records[4].vector, owner="cy")
    assert gallery.put([moved]) == 0
    [[hit]] = gallery.search(moved.vector[None], 1)
    assert (hit.id, hit.owner, round(hit.score, 4)) == (moved.id, "cy", 1.0)
    assert gallery.remove([records[0].id, moved.id, content_id(b"never")]) == 2
    assert gallery.info().count == 18
    assert not {records[0].id, moved.id} & {hit.id for hit in gallery.search(unit(1), 99)[0]}
    assert gallery.add(records[:5]) == 2
    [[hit]] = gallery.search(records[4].vector[None], 1)
    assert (hit.id, hit.owner) == (records[4].id, records[4].owner)


def test_erased_photos_are_gone_and_the_others_stay(filled: tuple[Gallery, list[Record]], unit: Unit) -> None:
    gallery, records = filled
    gallery.search(unit(1), 1)
    assert gallery.erase([records[7].id]) == 1
    gallery.compact()
    assert gallery.present(r.id for r in records) == {r.id for r in records} - {records[7].id}
    [hits] = gallery.search(records[7].vector[None], 99)
    assert len(hits) == 19
    assert gallery.check() == []


@pytest.mark.parametrize("bits", [8, 64, 128])
def test_codes_are_compared_by_the_bits_that_differ(make_gallery: Make, record: MakeRecord, bits: int) -> None:
    gallery = make_gallery("hamming", bits)
    codes = np.sign(np.random.default_rng(bits).normal(size=(40, bits)))
    records = [record(f"{i}", np.packbits(code > 0)) for i, code in enumerate(codes)]
    gallery.add(records)
    queries = np.sign(np.random.default_rng(1).normal(size=(4, bits)))
    for query, hits in zip(queries, gallery.search(queries, 12), strict=True):
        differing = (codes != query).sum(axis=1)
        expected = sorted((int(h), r.id) for h, r in zip(differing, records, strict=True))[:12]
        assert [hit.id for hit in hits] == [photo_id for _, photo_id in expected]
        assert [hit.score for hit in hits] == pytest.approx([1 - 2 * h / bits for h, _ in expected], abs=1e-5)
    [packed] = gallery.search(records[3].vector[None], 1)
    assert packed[0].score == pytest.approx(1.0)
    back = gallery.records([records[3].id])[records[3].id].vector
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, records[3].vector)
    assert gallery.search(queries, 3, exact=False) == gallery.search(queries, 3)


def test_reopened_it_is_the_same(filled: tuple[Gallery, list[Record]]) -> None:
    gallery, records = filled
    again = Gallery.open(str(gallery.path))
    assert again.card == gallery.card
    assert again.info().count == 20
    assert again.search(records[0].vector[None], 3)[0][0].id == records[0].id
    again.close()


def test_a_place_in_use_is_not_created_again(make_gallery: Make) -> None:
    gallery = make_gallery()
    with pytest.raises(GalleryError, match="open it"):
        Gallery.create(str(gallery.path), dimension=8, fingerprint="m")


def test_an_empty_gallery_has_nothing(make_gallery: Make, unit: Unit) -> None:
    gallery = make_gallery()
    assert gallery.search(unit(2), 3, where=Filter(owner="x")) == [[], []]
    assert (gallery.ids(), list(gallery.scan()), gallery.check()) == ([], [], [])
    assert gallery.remove([content_id(b"x")]) == 0
    assert gallery.info().count == 0
