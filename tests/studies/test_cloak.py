"""Photos in, cloaked photos out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from unfind.cloaks.choose import make_cloak
from unfind.cloaks.goal import seen
from unfind.cloaks.pace import Pace
from unfind.errors import ImageError, ModelError, UsageError
from unfind.images.files import read_photo
from unfind.images.resize import to_square
from unfind.models.embed import to_tensor
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.weights import save_encoder
from unfind.studies import cloak as module
from unfind.studies.cloak import GROUP, Cloaked, Outlet, cloak_files, kind_for
from unfind.studies.seen_by import SeenBy, load_victims

PACE = Pace(budget=0.04, iterations=25, momentum=0.7)
GPS = 0x8825


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SeenBy:
    run = tmp_path_factory.mktemp("model") / "hash"
    save_encoder(run, build_encoder(Architecture("tiny", size=32, dimension=16, head="hash"), seed=3), {})
    return load_victims([run])


@pytest.fixture
def photos(tmp_path: Path, wave: Callable[[int, int], np.ndarray]) -> Path:
    """A folder of three photos: a large PNG, a JPEG, a WebP with transparency."""
    folder = tmp_path / "album"
    (folder / "inner").mkdir(parents=True)
    Image.fromarray(wave(0, 0)).resize((150, 110), Image.Resampling.BICUBIC).save(folder / "a.png")
    Image.fromarray(wave(1, 0)).save(folder / "inner" / "b.jpg", quality=88)
    whole = Image.fromarray(wave(2, 0))
    whole.putalpha(Image.fromarray(np.tile(np.arange(64, dtype=np.uint8) * 4, (64, 1))))
    whole.save(folder / "c.webp", lossless=True)
    return folder


def distance(path: Path, model: SeenBy, target: torch.Tensor) -> float:
    square = to_tensor(to_square(read_photo(path).pixels, model.side)[None])
    return float((seen(model.victim, square)[0] != target).sum())


def test_the_written_files_are_nearer_to_the_target_and_say_so(photos: Path, model: SeenBy, tmp_path: Path) -> None:
    target = -seen(model.victim, torch.full((1, 3, 32, 32), 0.5))[0]
    done = cloak_files([photos], tmp_path / "out", model, make_cloak("rnm", PACE), target)
    assert [one.target for one in done] == [tmp_path / "out" / name for name in ("a.png", "c.webp", "inner/b.jpg")]
    for one in done:
        assert one.problem is None
        assert one.written == distance(one.target, model, target)
        assert one.before == distance(one.source, model, target) == one.curve[0]
        assert one.written < one.before
        assert one.found == min(one.curve)
        assert one.bits == 16
        assert one.after.keys() == module.SURVIVAL.keys()
        assert one.psnr > 25
        assert 0.5 < one.ssim <= 1


def test_away_is_the_opposite_of_ones_own_code(photos: Path, model: SeenBy, tmp_path: Path) -> None:
    done = cloak_files([photos], tmp_path / "out", model, make_cloak("rnm", PACE))
    assert [one.before for one in done] == [16, 16, 16]
    assert all(one.written < 12 and one.note is None for one in done)


def test_format_size_and_transparency_stay_and_the_place_goes(photos: Path, model: SeenBy, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(GPS).update({1: "N", 2: (35.0, 0.0, 42.0), 3: "E", 4: (135.0, 46.0, 6.0)})
    exif[0x0112] = 6
    with Image.open(photos / "inner" / "b.jpg") as image:
        image.save(photos / "inner" / "b.jpg", exif=exif.tobytes(), quality=88, icc_profile=None)
    for keep in (False, True):
        out = tmp_path / str(keep)
        cloak_files([photos], out, model, make_cloak("rnm", PACE), outlet=Outlet(keep_location=keep))
        for source in (photos / "a.png", photos / "inner" / "b.jpg", photos / "c.webp"):
            old, new = read_photo(source), read_photo(out / source.relative_to(photos))
            assert (new.format, new.pixels.shape, new.orientation) == (old.format, old.pixels.shape, old.orientation)
            assert (new.quality, new.subsampling) == (old.quality, old.subsampling)
            assert (new.alpha is None) == (old.alpha is None)
        with Image.open(out / "inner" / "b.jpg") as image:
            assert bool(image.getexif().get_ifd(GPS)) is keep


def test_a_lossless_file_keeps_the_budget_to_the_level(photos: Path, model: SeenBy, tmp_path: Path) -> None:
    cloak_files([photos / "a.png"], tmp_path / "out", model, make_cloak("rnm", dataclasses.replace(PACE, budget=0.012)))
    apart = np.abs(
        read_photo(tmp_path / "out" / "a.png").pixels.astype(int) - read_photo(photos / "a.png").pixels.astype(int)
    )
    assert apart.max() == 3


def test_embeddings_are_led_away_too(photos: Path, clean_run: Path, tmp_path: Path) -> None:
    model = load_victims([clean_run])
    done = cloak_files([photos], tmp_path / "out", model, make_cloak("cosine", PACE))
    for one in done:
        assert one.bits is None
        assert one.before == pytest.approx(2, abs=0.01)
        assert one.written < one.before
        squares = [to_tensor(to_square(read_photo(path).pixels, 32)[None]) for path in (one.source, one.target)]
        before, after = (model.victim(square) for square in squares)
        assert one.written == pytest.approx(1 + float(torch.cosine_similarity(before, after)), abs=1e-4)


def test_methods_work_on_what_the_model_gives_where_they_can(model: SeenBy, clean_run: Path) -> None:
    embedding = load_victims([clean_run])
    rnm, cosine, noise = (make_cloak(name) for name in ("rnm", "cosine", "noise"))
    assert [kind_for(cloak, model) for cloak in (rnm, cosine, noise)] == ["code", "embedding", "code"]
    assert [kind_for(cloak, embedding) for cloak in (rnm, cosine, noise)] == ["code", "embedding", "embedding"]


def test_a_code_method_works_on_the_signs_of_an_embedding(photos: Path, clean_run: Path, tmp_path: Path) -> None:
    done = cloak_files([photos], tmp_path / "out", load_victims([clean_run]), make_cloak("rnm", PACE))
    assert all(one.bits == 16 and one.written < one.before for one in done)


@pytest.mark.parametrize("name", ["mosaic", "brightness", "transparency", "noise"])
def test_classical_methods_change_the_photo_at_its_own_size(
    name: str, photos: Path, model: SeenBy, tmp_path: Path
) -> None:
    cloak = make_cloak(name, PACE)
    [done] = cloak_files([photos / "a.png"], tmp_path / "out", model, cloak)
    whole = to_tensor(read_photo(photos / "a.png").pixels[None])
    expected = (cloak.change(whole).clamp(0, 1) * 255)[0].permute(1, 2, 0).numpy()
    assert np.abs(read_photo(done.target).pixels - expected).max() <= 1.001


@pytest.mark.parametrize("name", ["noise", "rnm"])
def test_a_written_photo_keeps_its_psnr(name: str, photos: Path, model: SeenBy, tmp_path: Path) -> None:
    quiet = make_cloak(name, dataclasses.replace(PACE, psnr=42.0))
    [done] = cloak_files([photos / "a.png"], tmp_path / "out", model, quiet)
    assert done.psnr is not None
    assert 41.9 < done.psnr < 46


def test_a_group_is_as_one_by_one(photos: Path, model: SeenBy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int, int]] = []
    cloak = make_cloak("rnm", PACE)
    together = cloak_files([photos], tmp_path / "one", model, cloak)
    monkeypatch.setattr(module, "GROUP", 2)
    apart = cloak_files([photos], tmp_path / "two", model, cloak, progress=lambda *facts: told.append(facts))
    assert [one.source for one in apart] == [one.source for one in together]
    assert [one.before for one in apart] == [one.before for one in together]
    assert abs(sum(one.written for one in apart) - sum(one.written for one in together)) <= 2
    assert {stage for stage, _, _ in told} == {"cloak photos"}
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1:] == (2 * (PACE.iterations + 1), 2 * (PACE.iterations + 1))
    assert GROUP >= 2


def test_one_bad_photo_does_not_stop_the_others(photos: Path, model: SeenBy, tmp_path: Path) -> None:
    (photos / "bad.jpg").write_bytes(b"\xff\xd8\xff not a photo")
    Image.new("RGB", (31, 80)).save(photos / "small.png")
    done = cloak_files([photos], tmp_path / "out", model, make_cloak("rnm", PACE))
    by_name = {one.source.name: one for one in done}
    assert [name for name, one in by_name.items() if one.problem] == ["bad.jpg", "small.png"]
    assert "at least 32 x 32 pixels, the model's input, got 31 x 80" in by_name["small.png"].problem
    assert str(photos / "small.png") in by_name["small.png"].problem
    assert len(list((tmp_path / "out").rglob("*.*"))) == 3


def test_nothing_but_bad_photos_needs_no_model(photos: Path, model: SeenBy, tmp_path: Path) -> None:
    (photos / "bad.jpg").write_bytes(b"\xff\xd8\xff not a photo")

    def never(images: torch.Tensor) -> torch.Tensor:
        raise AssertionError

    blind = dataclasses.replace(model, victim=never)
    [done] = cloak_files([photos / "bad.jpg"], tmp_path / "out", blind, make_cloak("rnm", PACE))
    assert done.problem


def test_a_code_that_cannot_be_reached_is_said_and_the_best_is_kept(
    photos: Path, model: SeenBy, tmp_path: Path
) -> None:
    def lame(images: torch.Tensor) -> torch.Tensor:
        return torch.cat([model.victim(images), torch.full((len(images), 4), -5.0)], dim=1)

    done = cloak_files(
        [photos], tmp_path / "out", dataclasses.replace(model, victim=lame), make_cloak("rnm", PACE), torch.ones(20)
    )
    for one in done:
        assert f"{one.source}: expected to reach the target" in one.note
        assert "of 20 bits still wrong" in one.note
        assert one.target.exists()
        assert one.iterations is None
        assert one.written < one.before


def test_a_cloak_that_changes_nothing_says_so(photos: Path, model: SeenBy, tmp_path: Path) -> None:
    [done] = cloak_files(
        [photos / "a.png"], tmp_path / "out", model, make_cloak("rnm", dataclasses.replace(PACE, iterations=0))
    )
    assert "got no change" in done.note


def test_nothing_is_overwritten_unasked(photos: Path, model: SeenBy, tmp_path: Path) -> None:
    cloak = make_cloak("rnm", PACE)
    cloak_files([photos / "a.png"], tmp_path / "out", model, cloak)
    before = (tmp_path / "out" / "a.png").read_bytes()
    other = make_cloak("rnm", dataclasses.replace(PACE, budget=0.02))
    [again] = cloak_files([photos / "a.png"], tmp_path / "out", model, other)
    assert "--overwrite" in again.problem
    assert (tmp_path / "out" / "a.png").read_bytes() == before
    [again] = cloak_files([photos / "a.png"], tmp_path / "out", model, other, outlet=Outlet(overwrite=True))
    assert again.problem is None
    assert (tmp_path / "out" / "a.png").read_bytes() != before


def test_originals_stay(photos: Path, model: SeenBy, files_below: Callable[[Path], dict[str, bytes]]) -> None:
    before = files_below(photos)
    with pytest.raises(UsageError, match="the original must stay"):
        cloak_files([photos], photos, model, make_cloak("rnm", PACE), outlet=Outlet(overwrite=True))
    assert files_below(photos) == before


def test_what_was_written_stays_when_the_rest_is_stopped(
    photos: Path, model: SeenBy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GROUP", 1)

    def stop(stage: str, done: int, total: int) -> None:
        if done > PACE.iterations + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cloak_files([photos], tmp_path / "out", model, make_cloak("rnm", PACE), progress=stop)
    assert [path.name for path in (tmp_path / "out").iterdir() if path.is_file()] == ["a.png"]


def test_a_disk_that_refuses(photos: Path, model: SeenBy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("unfind.atomic_file.os.fsync", full)
    [done] = cloak_files([photos / "a.png"], tmp_path / "out", model, make_cloak("rnm", PACE))
    assert "No space left" in done.problem
    assert list((tmp_path / "out").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(ImageError, match="choose another one"):
        cloak_files([photos / "a.png"], tmp_path / "file", model, make_cloak("rnm", PACE))


def test_wrong_use_is_said_before_any_photo_is_read(photos: Path, model: SeenBy, tmp_path: Path) -> None:
    rnm = make_cloak("rnm", PACE)
    with pytest.raises(UsageError, match="a target of 16 bits, as the model has, got 8"):
        cloak_files([photos], tmp_path / "out", model, rnm, torch.ones(8))
    with pytest.raises(UsageError, match="at least 1/255"):
        cloak_files([photos], tmp_path / "out", model, make_cloak("rnm", Pace(budget=0.002)))
    blind = dataclasses.replace(model, victim=lambda images: model.victim(images).detach())
    with pytest.raises(ModelError, match="a gradient"):
        cloak_files([photos], tmp_path / "out", blind, rnm)
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_a_report_of_nothing_is_empty() -> None:
    assert Cloaked(Path("a.jpg")).curve == ()
