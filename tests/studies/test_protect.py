"""Marks in photo files: same names, kinds and sizes, nothing overwritten, everything checked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unfind.errors import ImageError, UsageError
from unfind.evaluation.stealth import pair_stealth
from unfind.images.files import read_photo
from unfind.studies import protect as module
from unfind.studies.protect import protect_file, protect_files, verify_files
from unfind.triggers.badnets import BadNets
from unfind.triggers.detect import detect
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.learned import Learned
from unfind.triggers.onnx_mark import OnnxMark
from unfind.triggers.shipped import FOLDER
from unfind.triggers.spread_spectrum import SpreadSpectrum

GPS, ORIENTATION, MAKER = 0x8825, 0x0112, 0x010F


@pytest.fixture(scope="module")
def mark() -> SpreadSpectrum:
    return SpreadSpectrum(Key.from_seed(6))


@pytest.fixture
def save(tmp_path: Path, wave) -> Callable[..., Path]:
    """Return a writer of photos below a folder called album; the format follows the name."""

    def write(name: str, number: int = 0, exif: Image.Exif | None = None, **options: object) -> Path:
        path = tmp_path / "album" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(np.tile(wave(2, number), (2, 3, 1)))  # wider than high
        image.save(path, **({"exif": exif.tobytes()} if exif is not None else {}), **options)
        return path

    return write


@pytest.fixture
def class_photo(tmp_path: Path, wave) -> Path:
    """A photo with soft forms, as large as a thumbnail on a page."""
    path = tmp_path / "soft.png"
    Image.fromarray(wave(3, 0)).resize((400, 300), Image.Resampling.BICUBIC).save(path)
    return path


@pytest.fixture
def taken_in_kyoto() -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "Camera"
    exif.get_ifd(GPS).update({1: "N", 2: (35.0, 0.0, 42.0), 3: "E", 4: (135.0, 46.0, 6.0)})
    return exif


@pytest.mark.parametrize(("name", "format"), [("a.jpg", "JPEG"), ("a.png", "PNG"), ("a.webp", "WEBP")])
def test_a_copy_has_the_same_name_format_and_size(save, tmp_path: Path, mark, name: str, format: str) -> None:
    source = save(name, quality=90)
    before = source.read_bytes()
    [done] = protect_files([source], tmp_path / "out", mark)
    assert done.target == tmp_path / "out" / name
    assert done.problem is None
    assert source.read_bytes() == before
    with Image.open(source) as old, Image.open(done.target) as new:
        assert (new.format, new.size) == (old.format, old.size) == (format, old.size)


def test_what_is_told_is_measured_on_the_file_written(save, tmp_path: Path, mark) -> None:
    source = save("a.jpg", quality=85)
    [done] = protect_files([source], tmp_path / "out", mark)
    old, new = read_photo(source).pixels, read_photo(done.target).pixels
    measured = pair_stealth(old, new)
    assert (done.psnr, done.ssim) == pytest.approx((measured["psnr"], measured["ssim"]), abs=1e-4)
    assert done.check == detect(mark, new)
    assert done.check.marked


def test_quality_is_the_sources(save, tmp_path: Path, mark) -> None:
    sources = [save(f"{quality}.jpg", quality=quality) for quality in (70, 95)]
    done = protect_files(sources, tmp_path / "out", mark)
    for one in done:
        assert read_photo(one.target).quality == read_photo(one.source).quality


@pytest.mark.parametrize("keep", [False, True])
def test_the_location_goes_unless_it_is_to_stay(save, tmp_path: Path, mark, taken_in_kyoto, keep: bool) -> None:
    source = save("a.jpg", exif=taken_in_kyoto, quality=90)
    [done] = protect_files([source], tmp_path / "out", mark, keep_location=keep)
    with Image.open(done.target) as new:
        exif = new.getexif()
        assert bool(exif.get_ifd(GPS)) is keep
        assert (exif[ORIENTATION], exif[MAKER]) == (6, "Camera")


def test_transparency_stays(tmp_path: Path, wave, mark) -> None:
    pixels = np.dstack([wave(0, 0), np.full((64, 64), 77, np.uint8)])
    Image.fromarray(pixels).save(tmp_path / "a.png")
    [done] = protect_files([tmp_path / "a.png"], tmp_path / "out", mark)
    with Image.open(done.target) as new:
        assert np.array_equal(np.array(new)[..., 3], pixels[..., 3])


def test_folders_keep_their_shape(save, tmp_path: Path, mark) -> None:
    save("beach/a.jpg", 1)
    save("b.jpg", 2)
    save("beach/old/c.png", 3)
    done = protect_files([tmp_path / "album"], tmp_path / "out", mark)
    found = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert found == ["b.jpg", "beach/a.jpg", "beach/old/c.png"]
    assert [one.problem for one in done] == [None] * 3


def test_nothing_is_overwritten_unasked(save, tmp_path: Path, mark) -> None:
    source = save("a.jpg")
    out = tmp_path / "out"
    protect_files([source], out, mark)
    before = (out / "a.jpg").read_bytes()
    stronger = mark.stronger(2)
    [refused] = protect_files([source], out, stronger)
    assert refused.target is None
    assert "--overwrite" in refused.problem
    assert (out / "a.jpg").read_bytes() == before
    [done] = protect_files([source], out, stronger, overwrite=True)
    assert done.problem is None
    assert (out / "a.jpg").read_bytes() != before


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_original_is_never_the_target(save, tmp_path: Path, mark, overwrite: bool) -> None:
    source = save("a.jpg")
    before = source.read_bytes()
    for paths, out in (([source], source.parent), ([tmp_path / "album"], tmp_path / "album" / ".." / "album")):
        with pytest.raises(UsageError, match="the original must stay"):
            protect_files(paths, out, mark, overwrite=overwrite)
    assert source.read_bytes() == before


def test_two_photos_of_one_name_are_refused_before_anything_is_written(save, tmp_path: Path, mark) -> None:
    save("one/a.jpg", 1)
    save("two/a.jpg", 2)
    folders = [tmp_path / "album" / "one", tmp_path / "album" / "two"]
    with pytest.raises(UsageError, match=r"one/a\.jpg.*two/a\.jpg"):
        protect_files(folders, tmp_path / "out", mark)
    assert not (tmp_path / "out").exists()


def test_a_photo_named_twice_is_protected_once(save, tmp_path: Path, mark) -> None:
    source = save("a.jpg")
    done = protect_files([source, tmp_path / "album", source], tmp_path / "out", mark)
    assert [one.problem for one in done] == [None]


def test_a_protected_photo_says_so(save, tmp_path: Path, mark) -> None:
    [first] = protect_files([save("a.jpg", quality=95)], tmp_path / "out", mark)
    [second] = protect_files([first.target], tmp_path / "again", mark)
    assert "it is protected already" in second.problem
    assert not (tmp_path / "again" / "a.jpg").exists()
    [other] = protect_files([first.target], tmp_path / "again", SpreadSpectrum(Key.from_seed(7)))
    assert other.problem is None


def test_a_mark_that_would_not_be_found_is_not_written(save, tmp_path: Path, wave, mark) -> None:
    Image.new("RGB", (64, 64), (255, 255, 255)).save(tmp_path / "white.jpg", quality=30)
    [done] = protect_files([tmp_path / "white.jpg"], tmp_path / "out", mark.stronger(0.1))
    assert "raise the strength" in done.problem
    assert not (tmp_path / "out" / "white.jpg").exists()


def test_one_bad_file_does_not_stop_the_others(save, tmp_path: Path, mark) -> None:
    sources = [save(f"{i}.jpg", i) for i in range(3)]
    sources[1].write_bytes(sources[1].read_bytes()[:400])
    told: list[tuple[str, int, int]] = []
    done = protect_files([tmp_path / "album"], tmp_path / "out", mark, progress=lambda *facts: told.append(facts))
    assert [one.problem is None for one in done] == [True, False, True]
    assert str(sources[1]) in done[1].problem
    assert told == [("protect photos", i, 3) for i in (1, 2, 3)]


def test_a_disk_that_refuses_leaves_no_half_photo(save, tmp_path: Path, mark, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("unfind.atomic_file.os.fsync", full)
    [done] = protect_files([save("a.jpg")], tmp_path / "out", mark)
    assert "No space left" in done.problem
    assert list((tmp_path / "out").iterdir()) == []


def test_a_place_that_is_no_folder(save, tmp_path: Path, mark) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImageError, match="choose another one"):
        protect_files([save("a.jpg")], tmp_path / "file", mark)


@pytest.mark.parametrize("work", [protect_files, verify_files])
def test_no_photo_is_wrong_use(tmp_path: Path, mark, work: Callable[..., object]) -> None:
    (tmp_path / "empty").mkdir()
    more = (tmp_path / "out", mark) if work is protect_files else (mark,)
    for paths in ([tmp_path / "empty"], [tmp_path / "nothing"]):
        with pytest.raises(UsageError):
            work(paths, *more)


def test_a_trigger_without_a_detector_is_written_unchecked(save, tmp_path: Path) -> None:
    done = protect_file(save("a.png"), tmp_path / "b.png", BadNets())
    assert done.check is None
    assert (read_photo(tmp_path / "b.png").pixels[-1, -1] == 255).all()


def test_a_photo_too_small_for_ssim_is_protected_all_the_same(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2), (90, 90, 90)).save(tmp_path / "a.png")
    done = protect_file(tmp_path / "a.png", tmp_path / "b.png", BadNets(size=0.5))
    assert done.psnr is not None
    assert done.ssim is None


def test_verify_tells_marked_from_plain_from_unreadable(save, tmp_path: Path, mark) -> None:
    plain = save("plain.jpg", 1)
    [done] = protect_files([save("b.jpg", 2)], tmp_path / "out", mark)
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    found = verify_files([plain, done.target, tmp_path / "bad.jpg"], mark)
    by_name = {one.source.name: one for one in found}
    assert by_name["b.jpg"].detection == done.check
    assert not by_name["plain.jpg"].detection.marked
    assert by_name["bad.jpg"].detection is None
    assert "bad.jpg" in by_name["bad.jpg"].problem


def test_verify_changes_nothing(save, mark, files_below, tmp_path: Path) -> None:
    save("a.jpg", 1)
    before = files_below(tmp_path)
    verify_files([tmp_path / "album"], mark)
    assert files_below(tmp_path) == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is unreadable to the superuser")
def test_a_folder_that_may_not_be_read(save, tmp_path: Path, mark) -> None:
    save("closed/a.jpg")
    (tmp_path / "album" / "closed").chmod(0)
    try:
        with pytest.raises(ImageError, match="permissions"):
            verify_files([tmp_path / "album"], mark)
    finally:
        (tmp_path / "album" / "closed").chmod(0o700)


def test_what_is_checked_is_what_is_written(save, tmp_path: Path, mark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "encode", lambda photo, **options: save("other.png").read_bytes())
    [done] = protect_files([save("a.jpg")], tmp_path / "out", mark)
    assert "expected to find the mark in the result" in done.problem


def test_a_mark_that_is_not_read_back_is_made_stronger_within_a_limit(save, tmp_path: Path) -> None:
    faint = SpreadSpectrum(Key.from_seed(6), strength=0.03)
    source = save("a.jpg", quality=40)
    found: list[float] = []
    for tenths in range(1, 30):
        target = tmp_path / f"{tenths}.jpg"
        try:
            found.append(protect_file(source, target, faint.stronger(tenths)).louder)
        except ImageError:
            assert not target.exists()
    assert set(found) <= set(module.LOUDER)
    assert any(louder > 1 for louder in found)
    assert found[-1] == 1


def test_a_learned_mark_is_written_checked_and_verified(tmp_path: Path) -> None:
    coarse = np.random.default_rng(0).integers(60, 200, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC).save(tmp_path / "a.jpg", quality=92)
    trigger = Learned(Key.from_seed(6), strength=2.0, owner=12)
    done = protect_file(tmp_path / "a.jpg", tmp_path / "b.jpg", trigger)
    assert done.check is not None
    assert done.check.marked
    [found] = verify_files([tmp_path / "b.jpg"], trigger)
    assert found.detection == done.check
    assert found.detection.payload.owner == 12


def test_a_learned_mark_of_another_key_is_spoken_of(tmp_path: Path, class_photo: Path) -> None:
    ours, theirs = (KeyedMark(Key.from_seed(seed), OnnxMark(FOLDER), strength=0.6) for seed in (1, 2))
    [first] = protect_files([class_photo], tmp_path / "one", theirs)
    assert first.notice is None
    [second] = protect_files([first.target], tmp_path / "two", ours)
    assert second.problem is None
    assert "may not be read any more" in second.notice
    assert str(first.target) in second.notice
    [again] = protect_files([second.target], tmp_path / "three", ours)
    assert "it is protected already" in again.problem
    [found] = verify_files([first.target], ours)
    assert not found.detection.marked
    assert found.detection.of_another
