from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from unfind.errors import GalleryError, UsageError
from unfind.gallery.ids import content_id
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery

Unit = Callable[..., np.ndarray]
MakeRecord = Callable[..., Record]


def filled(gallery: Gallery, unit: Unit, record: MakeRecord, n: int = 12) -> list[Record]:
    records = [record(f"{i}.jpg", row) for i, row in enumerate(unit(n))]
    assert gallery.add(records) == n
    return records


def test_new_gallery_says_what_it_is(gallery: Gallery) -> None:
    info = gallery.info()
    assert (info.name, info.count, info.dimension, info.fingerprint) == ("tests", 0, 8, "model-1")
    assert info.format_version == 2
    assert info.bytes_on_disk > 0
    assert abs((datetime.now(UTC) - info.created).total_seconds()) < 60


def test_records_come_back_after_reopening(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    records = filled(gallery, unit, record)
    again = Gallery.open(str(gallery.path))
    assert again.ids() == sorted(r.id for r in records)
    assert again.info().count == len(records)
    for before, after in [(r, again.records([r.id])[r.id]) for r in records]:
        for field in dataclasses.fields(Record):
            np.testing.assert_array_equal(getattr(after, field.name), getattr(before, field.name))


def test_search_tells_everything_about_a_hit(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    records = filled(gallery, unit, record)
    [hits] = gallery.search(records[5].vector[None], 3)
    assert hits[0].id == records[5].id
    assert hits[0].score == pytest.approx(1.0, abs=1e-5)
    assert (hits[0].path, hits[0].label) == ("/photos/5.jpg", "auklet")
    assert (hits[0].width, hits[0].height) == (640, 480)
    assert hits[0].thumbnail == b""
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    [pictured] = gallery.search(records[5].vector[None], 1, thumbnails=True)
    assert pictured[0].thumbnail == records[5].thumbnail


@pytest.mark.parametrize("k", [0, 1, 5, 12, 99])
@pytest.mark.parametrize("queries", [0, 1, 4])
def test_search_equals_numpy(gallery: Gallery, unit: Unit, record: MakeRecord, k: int, queries: int) -> None:
    records = filled(gallery, unit, record)
    asked = unit(queries, seed=9)
    scores = asked @ np.stack([r.vector for r in records]).T
    expected = [[records[i].id for i in np.argsort(-row)[:k]] for row in scores]
    assert [[hit.id for hit in hits] for hits in gallery.search(asked, k)] == expected


def test_empty_gallery_finds_nothing(gallery: Gallery, unit: Unit) -> None:
    assert gallery.search(unit(2), 3) == [[], []]
    assert gallery.ids() == []
    assert gallery.present([content_id(b"x")]) == set()
    assert gallery.remove([content_id(b"x")]) == 0
    assert gallery.erase() == 0


def test_negative_k_is_refused(gallery: Gallery, unit: Unit) -> None:
    with pytest.raises(UsageError, match="k = -1"):
        gallery.search(unit(1), -1)


def test_adding_twice_keeps_the_first(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    a, b = unit(2)
    first, second = record("a", a, label="first"), record("a", b, label="second")
    assert gallery.add([first, second]) == 1
    assert gallery.add([second]) == 0
    assert gallery.add([]) == 0
    assert gallery.records([first.id])[first.id].label == "first"
    assert gallery.info().count == 1


def test_one_bad_vector_leaves_all_of_its_call_out(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    good = record("good", unit(1)[0])
    for vector in (np.zeros(8, np.float32), unit(1, dimension=5)[0], np.full(8, np.nan, np.float32)):
        with pytest.raises(GalleryError):
            gallery.add([good, record("bad", vector)])
    assert gallery.info().count == 0


def test_query_of_another_dimension_is_refused(gallery: Gallery, unit: Unit) -> None:
    with pytest.raises(GalleryError, match=r"shape \(N, 8\), but \(1, 5\) came"):
        gallery.search(unit(1, dimension=5), 1)


@pytest.mark.parametrize(("fingerprint", "dimension"), [("model-2", 8), ("model-1", 16)])
def test_another_model_is_refused_by_name(gallery: Gallery, fingerprint: str, dimension: int) -> None:
    gallery.check_model(fingerprint="model-1", dimension=8)
    with pytest.raises(GalleryError, match=f"'model-1' with 8 .* '{fingerprint}' with {dimension} came"):
        gallery.check_model(fingerprint=fingerprint, dimension=dimension)


def test_remove_takes_out_only_what_was_named(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    records = filled(gallery, unit, record)
    gone = [records[2].id, records[7].id]
    assert gallery.remove([*gone, gone[0], content_id(b"never there")]) == 2
    assert gallery.remove(gone) == 0
    assert gallery.ids() == sorted({r.id for r in records} - set(gone))
    [hits] = gallery.search(records[2].vector[None], 99)
    assert len(hits) == 10
    assert not {hit.id for hit in hits} & set(gone)


def test_ids_cannot_smuggle_a_filter_in(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    filled(gallery, unit, record)
    for call in (gallery.remove, gallery.erase, gallery.present, gallery.records):
        with pytest.raises(UsageError, match="hexadecimal"):
            call(["x') OR ('1' = '1"])
    assert gallery.info().count == 12


def test_many_ids_are_split_over_filters(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    records = filled(gallery, unit, record)
    others = [content_id(str(i).encode()) for i in range(2500)]
    assert gallery.present([*others, *(r.id for r in records)]) == {r.id for r in records}


def test_erase_leaves_nothing_on_disk(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    records = filled(gallery, unit, record, n=40)
    reader = Gallery.open(gallery.path)
    gone = records[4]

    def on_disk() -> bytes:
        return b"".join(p.read_bytes() for p in gallery.path.rglob("*") if p.is_file())

    assert gone.vector.tobytes() in on_disk()
    assert gallery.erase([gone.id]) == 1
    for trace in (gone.id.encode(), gone.vector.tobytes(), gone.path.encode() + b"\0", gone.thumbnail):
        assert trace not in on_disk()
    assert gallery.info().count == reader.info().count == 39
    assert gone.id not in {hit.id for hit in reader.search(gone.vector[None], 99)[0]}
    assert gallery.add([gone]) == 1


def test_erase_without_ids_clears_what_remove_left(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    records = filled(gallery, unit, record, n=40)
    gallery.remove([records[0].id])
    assert gallery.erase() == 0
    stored = b"".join(p.read_bytes() for p in gallery.path.rglob("*") if p.is_file())
    assert records[0].vector.tobytes() not in stored


def test_readers_see_what_a_writer_has_done(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    reader = Gallery.open(gallery.path)
    records = filled(gallery, unit, record)
    assert reader.info().count == 12
    gallery.remove([records[0].id])
    gallery.compact()
    assert records[0].id not in reader.ids()


def test_second_writer_is_refused_but_may_read(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    other = Gallery.open(gallery.path)
    with gallery.writing():
        for write in (other.erase, other.compact, lambda: other.add([]), lambda: other.remove([])):
            with pytest.raises(GalleryError, match="one writer at a time"):
                write()
        assert other.search(unit(1), 1) == [[]]
        assert gallery.add([record("a", unit(1)[0])]) == 1
    assert other.remove([record("a", unit(1)[0]).id]) == 1


def test_compact_merges_files_and_changes_no_answer(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    for i, row in enumerate(unit(8)):
        gallery.add([record(f"{i}", row)])
    before = gallery.search(unit(3, seed=5), 4)
    gallery.compact()
    assert gallery.search(unit(3, seed=5), 4) == before


@pytest.mark.parametrize("name", ["with space", "ümläut 日本", "per%20cent", "a#b?c=d", "it's"])
def test_gallery_may_lie_under_any_name(tmp_path: Path, unit: Unit, record: MakeRecord, name: str) -> None:
    gallery = Gallery.create(tmp_path / name / "deep", dimension=8, fingerprint="m")
    gallery.add([record("a", unit(1)[0])])
    assert Gallery.open(tmp_path / name / "deep").info().count == 1


@pytest.mark.parametrize("path", ["ü 日本.jpg", "../../etc/passwd", "<img src=x onerror=alert(1)>", "a'; DROP--", "🐦"])
def test_any_file_name_is_only_text(gallery: Gallery, unit: Unit, record: MakeRecord, path: str) -> None:
    gallery.add([record("a", unit(1)[0], path=path, label=path)])
    [[hit]] = gallery.search(unit(1), 1)
    assert (hit.path, hit.label) == (path, path)


def test_create_refuses_a_folder_in_use(gallery: Gallery, tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="open it instead"):
        Gallery.create(gallery.path, dimension=8, fingerprint="m")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("x")
    with pytest.raises(GalleryError, match=r"holds 'thesis.txt'"):
        Gallery.create(tmp_path / "full", dimension=8, fingerprint="m")
    with pytest.raises(GalleryError, match="folder of its own"):
        Gallery.create(tmp_path / "full" / "thesis.txt", dimension=8, fingerprint="m")


@pytest.mark.parametrize(("dimension", "fingerprint"), [(0, "m"), (-3, "m"), (8, "")])
def test_create_refuses_impossible_cards(tmp_path: Path, dimension: int, fingerprint: str) -> None:
    with pytest.raises(UsageError, match="take both from the embedder"):
        Gallery.create(tmp_path / "g", dimension=dimension, fingerprint=fingerprint)
    assert not (tmp_path / "g").exists()


def test_open_refuses_what_is_no_gallery(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(GalleryError, match="a gallery is a folder"):
            Gallery.open(path)


def test_open_refuses_a_gallery_without_its_table(gallery: Gallery) -> None:
    shutil.rmtree(gallery.path / "photos.lance")
    with pytest.raises(GalleryError, match="is missing"):
        Gallery.open(gallery.path)
    with pytest.raises(GalleryError, match="must be whole"):
        Gallery.open(gallery.path, verify=False)


def test_open_refuses_a_card_of_another_dimension(gallery: Gallery) -> None:
    card = gallery.path / "gallery.json"
    card.write_text(card.read_text().replace('"dimension": 8', '"dimension": 9'))
    with pytest.raises(GalleryError, match=r"gallery\.json is not what was written"):
        Gallery.open(gallery.path)
    with pytest.raises(GalleryError, match="columns its card promises"):
        Gallery.open(gallery.path, verify=False)


@pytest.mark.parametrize("damage", ["cut", "delete", "noise"])
def test_damaged_data_give_a_gallery_error(gallery: Gallery, unit: Unit, record: MakeRecord, damage: str) -> None:
    filled(gallery, unit, record)
    [data] = gallery.path.rglob("data/*.lance")
    whole = data.read_bytes()
    if damage == "delete":
        data.unlink()
    else:
        data.write_bytes(whole[:100] if damage == "cut" else b"\x5a" * len(whole))
    with pytest.raises(GalleryError, match=r"must hold what was written, but photos\.lance/data"):
        Gallery.open(gallery.path)
    with pytest.raises(GalleryError, match="must be whole"):
        Gallery.open(gallery.path, verify=False).search(unit(1), 1)


def test_putting_replaces_what_is_known(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    a, b = unit(2)
    old, new = record("a", a, label="old"), record("a", b, label="new")
    assert gallery.put([record("b", a), old]) == 2
    assert gallery.put([old, new, record("c", a)]) == 1
    assert gallery.put([]) == 0
    found = gallery.records([old.id])[old.id]
    assert found.label == "new"
    np.testing.assert_array_equal(found.vector, b)
    assert gallery.info().count == 3


@pytest.mark.parametrize("name", ["owner", "collection"])
def test_names_that_no_engine_could_hold_are_refused(
    gallery: Gallery, unit: Unit, record: MakeRecord, name: str
) -> None:
    for text in ("x" * 1025, "a\0b", "\ud800"):
        with pytest.raises(UsageError, match=f"{name} must be whole text"):
            gallery.add([record("a", unit(1)[0], **{name: text})])


@pytest.mark.parametrize("score", [1.5, -2.0, float("nan")])
def test_impossible_scores_are_refused(gallery: Gallery, unit: Unit, score: float) -> None:
    with pytest.raises(UsageError, match="a score lies between -1 and 1"):
        gallery.search(unit(1), 1, min_score=score)


def test_codes_are_packed_eight_to_a_byte(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="multiple of 8"):
        Gallery.create(tmp_path / "g", dimension=12, fingerprint="m", kind="hamming")


def test_two_galleries_can_be_told_apart_by_their_place(gallery: Gallery, tmp_path: Path) -> None:
    assert Gallery.open(f"gallery://{tmp_path}/gallery").path == gallery.path
    with pytest.raises(UsageError, match="write one of these"):
        Gallery.open("http://elsewhere/gallery")
