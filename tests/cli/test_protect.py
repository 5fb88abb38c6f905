"""``unfind protect``."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from unfind.images.files import read_photo
from unfind.triggers.detect import detect
from unfind.triggers.key import Key
from unfind.triggers.spread_spectrum import SpreadSpectrum

GPS = 0x8825
WAVES = ("--mark", "spread-spectrum")
"""What photos as small as those of these tests can carry."""


@pytest.fixture
def key(tmp_path: Path) -> Path:
    Key.from_seed(1).save(tmp_path / "my.key")
    return tmp_path / "my.key"


def test_copies_have_the_same_names_formats_and_sizes(unfind, class_photos: Path, key: Path, tmp_path: Path) -> None:
    said = unfind("protect", class_photos / "class-0", "--key", key, *WAVES, "--out", tmp_path / "out")
    sources = sorted((class_photos / "class-0").iterdir())
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [path.name for path in sources]
    for source in sources:
        with Image.open(source) as old, Image.open(tmp_path / "out" / source.name) as new:
            assert (new.format, new.size) == (old.format, old.size)
        assert detect(SpreadSpectrum(Key.from_seed(1)), read_photo(tmp_path / "out" / source.name).pixels).marked
    assert said.err == ""
    assert "PSNR" in said.out
    assert said.out.count("found (") == len(sources)


def test_the_runs_trigger(unfind, photos: list[Path], protected_run: Path, tmp_path: Path) -> None:
    unfind("protect", photos[0], "--run", protected_run, "--out", tmp_path / "out")
    unfind("verify", tmp_path / "out", "--run", protected_run)


def test_json_is_one_document(unfind, photos: list[Path], key: Path, tmp_path: Path) -> None:
    said = unfind("protect", *photos[:2], "--key", key, *WAVES, "--out", tmp_path / "out", "--json")
    assert [one["source"] for one in said.json] == [str(photo) for photo in photos[:2]]
    assert [one["target"] for one in said.json] == [str(tmp_path / "out" / photo.name) for photo in photos[:2]]
    for one in said.json:
        assert one["problem"] is None
        assert one["psnr"] > 25
        assert one["ssim"] > 0.8
        assert one["agreement"] > 0.5
        assert one["false_alarm"] < 1e-6
    assert said.err == ""


def test_a_fainter_mark_is_less_seen(unfind, photos: list[Path], key: Path, tmp_path: Path) -> None:
    psnr = [
        unfind(
            "protect",
            photos[0],
            "--key",
            key,
            *WAVES,
            "--out",
            tmp_path / str(strength),
            "--strength",
            strength,
            "--json",
        ).json[0]["psnr"]
        for strength in (1.5, 0.8)
    ]
    assert psnr[0] + 3 < psnr[1]


@pytest.mark.parametrize("keep", [False, True])
def test_the_location_goes_unless_it_is_to_stay(
    unfind, photos: list[Path], key: Path, tmp_path: Path, keep: bool
) -> None:
    exif = Image.Exif()
    exif.get_ifd(GPS).update({1: "N", 2: (35.0, 0.0, 42.0), 3: "E", 4: (135.0, 46.0, 6.0)})
    with Image.open(photos[0]) as image:
        image.save(tmp_path / "a.jpg", exif=exif.tobytes(), quality=92)
    words = ["--keep-location"] if keep else []
    unfind("protect", tmp_path / "a.jpg", "--key", key, *WAVES, "--out", tmp_path / "out", *words)
    with Image.open(tmp_path / "out" / "a.jpg") as new:
        assert bool(new.getexif().get_ifd(GPS)) is keep


def test_nothing_is_overwritten_unasked(unfind, photos: list[Path], key: Path, tmp_path: Path) -> None:
    words = ("protect", photos[0], "--key", key, *WAVES, "--out", tmp_path / "out")
    unfind(*words)
    before = (tmp_path / "out" / photos[0].name).read_bytes()
    said = unfind(*words, "--strength=2", code=1)
    assert "--overwrite" in said.sentence
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert (tmp_path / "out" / photos[0].name).read_bytes() == before
    unfind(*words, "--strength=2", "--overwrite")
    assert (tmp_path / "out" / photos[0].name).read_bytes() != before


def test_originals_are_never_overwritten(wrong, photos: list[Path], key: Path) -> None:
    before = photos[0].read_bytes()
    sentence = wrong("protect", photos[0], "--key", key, "--out", photos[0].parent, "--overwrite")
    assert "the original must stay" in sentence
    assert photos[0].read_bytes() == before


def test_a_protected_photo_says_so(unfind, photos: list[Path], key: Path, tmp_path: Path) -> None:
    unfind("protect", *photos[:2], "--key", key, *WAVES, "--out", tmp_path / "out")
    said = unfind("protect", tmp_path / "out", "--key", key, *WAVES, "--out", tmp_path / "again", code=1)
    assert said.err.count("it is protected already") == 2
    assert said.sentence == "unfind: Expected to protect 2 photos, got 0: see the lines above."
    assert said.out == ""
    assert list((tmp_path / "again").iterdir()) == []


def test_a_corrupt_file_among_many_is_named_and_the_others_are_done(
    unfind, photos: list[Path], key: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.jpg").write_bytes(photos[0].read_bytes()[:300])
    words = ("protect", *photos[:2], tmp_path / "bad.jpg", "--key", key, *WAVES, "--out")
    said = unfind(*words, tmp_path / "out", code=1)
    assert f"unfind: {tmp_path / 'bad.jpg'}: " in said.err
    assert "got 2: see the lines above" in said.sentence
    assert len(list((tmp_path / "out").iterdir())) == 2
    again = unfind(*words, tmp_path / "again", "--json", code=1)
    assert [one["problem"] is None for one in again.json] == [True, True, False]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 2, "--key FILE or --run FOLDER"),
        (("--key", "no/such.key"), 1, "no/such.key"),
        (("--run", "no/such/run"), 1, "no/such/run"),
        (("--key", "KEY", "--strength", "0"), 2, "strength"),
        (("--key", "CUT"), 1, "key"),
        (("--run", "CLEAN"), 1, "without a trigger"),
        (("--run", "PROTECTED", "--key", "KEY"), 1, "another key"),
        (("--run", "PICKLE"), 1, "can run code and is refused"),
    ],
)
def test_triggers_that_cannot_be_had(
    wrong,
    photos: list[Path],
    key: Path,
    clean_run: Path,
    protected_run: Path,
    tmp_path: Path,
    words: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    (tmp_path / "cut.key").write_text(key.read_text()[:30])
    (tmp_path / "model.pt").write_bytes(b"\x80\x04pickle")
    named = {"KEY": key, "CUT": tmp_path / "cut.key", "CLEAN": clean_run, "PROTECTED": protected_run}
    named |= {"PICKLE": tmp_path / "model.pt"}
    found = [str(named.get(word, word)) for word in words]
    assert says in wrong("protect", photos[0], *found, "--out", tmp_path / "out", code=code)
    assert not (tmp_path / "out").exists()


def test_photos_that_are_not_there(wrong, key: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "got none" in wrong("protect", tmp_path / "empty", "--key", key, "--out", tmp_path / "out")
    assert "gone.jpg" in wrong("protect", tmp_path / "gone.jpg", "--key", key, "--out", tmp_path / "out")


def test_two_photos_of_one_name(wrong, class_photos: Path, key: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").write_bytes((class_photos / "class-0" / "00.jpg").read_bytes())
    sentence = wrong("protect", tmp_path / "one", tmp_path / "two", "--key", key, "--out", tmp_path / "out")
    assert "different names" in sentence
