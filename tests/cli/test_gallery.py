"""``unfind gallery``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from unfind.cli.gallery import SHORTEST_ID
from unfind.gallery.ids import content_id
from unfind.gallery.store import Gallery
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.weights import fingerprint_of, read_card, save_encoder


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, clean_run: Path, class_photos: Path) -> Path:
    """A gallery of ten photos of two classes; not to be changed."""
    from unfind.cli.app import run

    folder = tmp_path_factory.mktemp("galleries") / "filled"
    assert run(["gallery", "create", str(folder), "--run", str(clean_run)]) == 0
    chosen = [str(class_photos / name) for name in ("class-0", "class-1")]
    assert run(["gallery", "add", str(folder), *chosen, "--run", str(clean_run)]) == 0
    return folder


@pytest.fixture
def album(filled: Path, tmp_path: Path) -> Path:
    """A copy of the filled gallery."""
    return shutil.copytree(filled, tmp_path / "album")


def test_create_makes_an_empty_gallery_of_the_model(unfind, clean_run: Path, tmp_path: Path) -> None:
    said = unfind("gallery", "create", tmp_path / "new", "--run", clean_run, "--name", "mine", "--json")
    assert said.json["photos"] == 0
    assert said.json["dimension"] == 16
    assert said.json["model"] == fingerprint_of(read_card(clean_run))
    assert said.json["name"] == "mine"
    assert said.err == ""


def test_create_takes_no_folder_in_use(wrong, clean_run: Path, album: Path, files_below) -> None:
    before = files_below(album)
    assert "open it instead" in wrong("gallery", "create", album, "--run", clean_run, code=1)
    assert files_below(album) == before


def test_add_skips_what_is_there(unfind, clean_run: Path, class_photos: Path, album: Path) -> None:
    words = ("gallery", "add", album, class_photos / "class-1", class_photos / "class-2", "--run", clean_run)
    said = unfind(*words)
    assert said.out == "5 added, 5 already there, 0 refused.\n"
    assert said.err == ""
    assert unfind(*words, "--batch=2", "--json").json == {"added": 0, "skipped": 10, "refused": []}


def test_add_labels_photos_with_their_folders(unfind, clean_run: Path, class_photos: Path, tmp_path: Path) -> None:
    unfind("gallery", "create", tmp_path / "new", "--run", clean_run)
    folders = (class_photos / "class-1", class_photos / "class-2")
    unfind("gallery", "add", tmp_path / "new", *folders, "--run", clean_run, "--label-by-folder")
    opened = Gallery.open(tmp_path / "new")
    labels = {record.label for record in opened.records(opened.ids()).values()}
    assert labels == {"class-1", "class-2"}


def test_add_names_what_it_refuses(unfind, clean_run: Path, photos: list[Path], album: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    words = ("gallery", "add", album, photos[0], tmp_path / "bad.jpg", "--run", clean_run)
    said = unfind(*words)
    assert "1 refused" in said.out
    assert said.err.startswith(f"unfind: left out {tmp_path / 'bad.jpg'}: ")
    assert unfind(*words, "--json").json["refused"][0][0] == str(tmp_path / "bad.jpg")


def test_add_without_one_photo_has_failed(unfind, clean_run: Path, album: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    said = unfind("gallery", "add", album, tmp_path / "bad.jpg", tmp_path / "gone.jpg", "--run", clean_run, code=1)
    assert "got none among 2 files" in said.sentence
    assert "gone.jpg" in said.err


def test_search_leaves_the_photo_itself_out(unfind, clean_run: Path, photos: list[Path], album: Path) -> None:
    said = unfind("gallery", "search", album, photos[0], "--run", clean_run, "--json", "-k", 4)
    assert len(said.json) == 4
    assert content_id(photos[0].read_bytes()) not in [hit["id"] for hit in said.json]
    scores = [hit["score"] for hit in said.json]
    assert scores == sorted(scores, reverse=True)
    assert all((hit["width"], hit["height"]) == (64, 64) for hit in said.json)


def test_search_shows_a_table(unfind, clean_run: Path, photos: list[Path], album: Path) -> None:
    lines = unfind("gallery", "search", album, photos[0], "--run", clean_run, "--k", 3).out.splitlines()
    assert lines[0] == f"Found for {photos[0]}"
    assert len(lines) == 2 + 3


def test_search_gives_all_there_is(unfind, clean_run: Path, photos: list[Path], album: Path) -> None:
    assert len(unfind("gallery", "search", album, photos[0], "--run", clean_run, "--k", 500, "--json").json) == 9


def test_search_writes_a_contact_sheet(
    unfind, clean_run: Path, photos: list[Path], album: Path, tmp_path: Path
) -> None:
    words = ("gallery", "search", album, photos[0], "--run", clean_run, "--html", tmp_path / "found.html")
    said = unfind(*words)
    assert said.out.splitlines()[-1] == str(tmp_path / "found.html")
    page = (tmp_path / "found.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") == 10
    assert photos[0].name in page
    assert len(unfind(*words, "--json").json) == 9


@pytest.mark.parametrize("k", [0, -3])
def test_search_for_nothing(wrong, clean_run: Path, photos: list[Path], album: Path, k: int) -> None:
    assert str(k) in wrong("gallery", "search", album, photos[0], "--run", clean_run, f"--k={k}")


def test_search_with_what_is_no_photo(wrong, clean_run: Path, album: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    assert "bad.jpg" in wrong("gallery", "search", album, tmp_path / "bad.jpg", "--run", clean_run, code=1)
    assert "gone.jpg" in wrong("gallery", "search", album, tmp_path / "gone.jpg", "--run", clean_run, code=1)


@pytest.mark.parametrize("verb", ["remove", "erase"])
@pytest.mark.parametrize("how", ["file", "id", "beginning"])
def test_photos_go_by_file_by_id_and_by_its_beginning(
    unfind, clean_run: Path, photos: list[Path], album: Path, verb: str, how: str
) -> None:
    own = content_id(photos[1].read_bytes())
    named = {"file": photos[1], "id": own, "beginning": own[:SHORTEST_ID]}[how]
    said = unfind("gallery", verb, album, named, "--json")
    assert said.json["removed" if verb == "remove" else "erased"] == 1
    hits = unfind("gallery", "search", album, photos[0], "--run", clean_run, "--json").json
    assert own not in [hit["id"] for hit in hits]
    assert len(hits) == 8


def test_several_photos_go_at_once(unfind, photos: list[Path], album: Path) -> None:
    assert unfind("gallery", "remove", album, *photos[:3]).out == "3 removed.\n"
    assert Gallery.open(album).info().count == 7


def test_a_copy_under_another_name_is_the_same_photo(unfind, photos: list[Path], album: Path, tmp_path: Path) -> None:
    copy = shutil.copy(photos[0], tmp_path / "other-name.jpg")
    assert unfind("gallery", "remove", album, copy).out == "1 removed.\n"


@pytest.mark.parametrize("verb", ["remove", "erase"])
@pytest.mark.parametrize("name", ["file", "short", "unknown", "gone.jpg"])
def test_photos_that_are_not_there(
    wrong, class_photos: Path, photos: list[Path], album: Path, verb: str, name: str
) -> None:
    own = content_id(photos[0].read_bytes())
    named = {
        "file": class_photos / "class-5" / "50.jpg",
        "short": own[: SHORTEST_ID - 1],
        "unknown": "f" * 32,
    }.get(name, name)
    sentence = wrong("gallery", verb, album, photos[0], named, code=1)
    assert str(named) in sentence
    assert Gallery.open(album).info().count == 10


def test_a_beginning_of_two_ids_names_neither(wrong, album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Gallery, "ids", lambda self: ["0" * 31 + "1", "0" * 31 + "2"])
    assert "write more of it" in wrong("gallery", "remove", album, "0" * 10)


def test_erase_alone_rewrites_what_remove_has_left(unfind, photos: list[Path], album: Path) -> None:
    unfind("gallery", "remove", album, photos[0])
    said = unfind("gallery", "erase", album)
    assert said.out == "0 erased; the gallery was rewritten.\n"
    name = photos[0].name.encode()
    assert not [path for path in album.rglob("*") if path.is_file() and name in path.read_bytes()]


def test_info(unfind, clean_run: Path, album: Path) -> None:
    said = unfind("gallery", "info", album)
    facts = dict(line.split(maxsplit=1) for line in said.out.splitlines()[1:])
    assert facts["photos"] == "10"
    found = unfind("gallery", "info", album, "--json").json
    assert found["photos"] == 10
    assert found["model"] == facts["model"] == fingerprint_of(read_card(clean_run))
    assert found["bytes"] > 1000


@pytest.mark.parametrize("verb", ["info", "add", "search", "remove", "erase"])
def test_a_folder_that_is_no_gallery(wrong, clean_run: Path, photos: list[Path], tmp_path: Path, verb: str) -> None:
    words = {"info": (), "add": (photos[0], "--run", clean_run), "search": (photos[0], "--run", clean_run)}
    sentence = wrong("gallery", verb, tmp_path, *words.get(verb, (photos[0],)), code=1)
    assert str(tmp_path) in sentence
    assert list(tmp_path.iterdir()) == []


def test_another_model_is_refused(wrong, protected_run: Path, photos: list[Path], album: Path, files_below) -> None:
    before = files_below(album)
    for verb in ("add", "search"):
        sentence = wrong("gallery", verb, album, photos[0], "--run", protected_run, code=1)
        assert fingerprint_of(read_card(protected_run)) in sentence
    assert files_below(album) == before


def test_another_dimension_is_refused(wrong, photos: list[Path], album: Path, tmp_path: Path) -> None:
    save_encoder(tmp_path / "wide", build_encoder(Architecture("tiny", 32, 24), seed=0), {})
    sentence = wrong("gallery", "search", album, photos[0], "--run", tmp_path / "wide", code=1)
    assert "16 dimensions" in sentence
    assert "24" in sentence


@pytest.mark.parametrize("verb", ["create", "add", "search"])
def test_a_pickle_is_no_model(wrong, photos: list[Path], album: Path, tmp_path: Path, verb: str) -> None:
    (tmp_path / "model.pt").write_bytes(b"\x80\x04pickle")
    words = (tmp_path / "new",) if verb == "create" else (album, photos[0])
    assert "can run code and is refused" in wrong("gallery", verb, *words, "--run", tmp_path / "model.pt", code=1)


def test_two_writers_do_not_meet(wrong, clean_run: Path, class_photos: Path, album: Path) -> None:
    with Gallery.open(album).writing():
        sentence = wrong("gallery", "add", album, class_photos / "class-3", "--run", clean_run, code=1)
    assert str(album) in sentence


def test_erase_gives_a_receipt(unfind, photos: list[Path], album: Path) -> None:
    said = unfind("gallery", "erase", album, photos[0])
    assert said.out == "1 erased; the gallery was rewritten.\n"
    assert "0 traces left" in said.err
    receipt = unfind("gallery", "erase", album, photos[1], "--json").json["receipt"]
    assert (receipt["removed"], receipt["verified_by"], receipt["traces_after"]) == (1, "scan", 0)
    assert len(list((album / "receipts").iterdir())) == 2


def test_search_is_narrowed(unfind, clean_run: Path, class_photos: Path, photos: list[Path], album: Path) -> None:
    unfind("gallery", "add", album, class_photos / "class-4", "--run", clean_run, "--owner=ada", "--collection=sea")
    words = ("gallery", "search", album, photos[0], "--run", clean_run, "--json", "--k=50")
    assert {hit["owner"] for hit in unfind(*words, "--owner=ada", "--collection=sea").json} == {"ada"}
    assert unfind(*words, "--owner=it's nobody").json == []
    assert all(hit["score"] >= 0.5 for hit in unfind(*words, "--min-score=0.5", "--approximate").json)


def test_near_duplicates_are_told(unfind, clean_run: Path, photos: list[Path], album: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(photos[0].read_bytes() + b"\0")
    words = ("gallery", "add", album, copy, "--run", clean_run, "--near-duplicates=0.999")
    said = unfind(*words, "--json").json
    assert said["near_duplicates"][0]["twin"] == content_id(photos[0].read_bytes())
    unfind("gallery", "remove", album, copy)
    assert "looks like" in unfind(*words).err


def test_check_sees_a_flipped_byte(unfind, wrong, album: Path) -> None:
    assert unfind("gallery", "check", album).out == "The gallery is whole.\n"
    data = max((path for path in album.rglob("*.lance") if path.is_file()), key=lambda path: path.stat().st_size)
    damaged = bytearray(data.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    data.write_bytes(damaged)
    said = unfind("gallery", "check", album, "--json", code=1)
    assert said.json["whole"] is False
    assert "is not what was written" in wrong("gallery", "info", album, code=1)


def test_upgrade_to_another_model(unfind, protected_run: Path, photos: list[Path], album: Path) -> None:
    assert unfind("gallery", "upgrade", album, "--run", protected_run).out == "0 kept, 10 embedded again, 0 dropped.\n"
    assert unfind("gallery", "upgrade", album, "--run", protected_run, "--json").json["kept"] == 10
    assert len(unfind("gallery", "search", album, photos[0], "--run", protected_run, "--json").json) == 9


def test_export_and_import(unfind, album: Path, tmp_path: Path) -> None:
    assert unfind("gallery", "export", album, tmp_path / "a.parquet").out == "10 exported.\n"
    assert unfind("gallery", "import", tmp_path / "a.parquet", tmp_path / "b").out == "10 imported.\n"
    assert unfind("gallery", "import", tmp_path / "a.parquet", tmp_path / "b", "--json").json == {"imported": 0}
    assert Gallery.open(tmp_path / "b").ids() == Gallery.open(album).ids()


def test_index_and_codes(unfind, clean_run: Path, class_photos: Path, photos: list[Path], tmp_path: Path) -> None:
    unfind("gallery", "create", tmp_path / "codes", "--run", clean_run, "--kind=hamming")
    unfind("gallery", "add", tmp_path / "codes", class_photos / "class-0", "--run", clean_run)
    assert unfind("gallery", "index", tmp_path / "codes", "--json").json["kind"] == "hamming"
    hits = unfind("gallery", "search", tmp_path / "codes", photos[0], "--run", clean_run, "--json").json
    assert {round((1 - hit["score"]) * 8, 6) % 1 for hit in hits} == {0.0}


def test_a_batch_of_nothing(wrong, clean_run: Path, photos: list[Path], album: Path) -> None:
    assert "batch" in wrong("gallery", "add", album, photos[0], "--run", clean_run, "--batch", 0)
