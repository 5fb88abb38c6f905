"""``unfind cloak``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unfind.cli.cloak import HONEST, Effort
from unfind.cloaks.choose import CLOAKS
from unfind.cloaks.passages import ONCE_COMPRESSED, ROBUST
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.weights import save_encoder

FAST = ("--iterations=8", "--budget=0.04")


@pytest.fixture(scope="module")
def hash_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("model") / "hash"
    save_encoder(run, build_encoder(Architecture("tiny", size=32, dimension=16, head="hash"), seed=3), {})
    return run


def test_copies_beside_a_table_and_what_a_cloak_does_not_do(
    unfind, photos: list[Path], hash_run: Path, tmp_path: Path
) -> None:
    said = unfind("cloak", *photos[:2], "--against", hash_run, "--out", tmp_path / "out", *FAST)
    for photo in photos[:2]:
        with Image.open(photo) as old, Image.open(tmp_path / "out" / photo.name) as new:
            assert (new.format, new.size) == (old.format, old.size)
        assert photo.name in said.out
    assert "Distance from opposite of own code (bits)" in said.out
    assert HONEST in said.err


def test_json_is_one_document(unfind, photos: list[Path], hash_run: Path, tmp_path: Path) -> None:
    said = unfind("cloak", *photos[:2], "--against", hash_run, "--out", tmp_path / "out", *FAST, "--json")
    assert said.json["does_not"] == HONEST
    assert said.json["settings"]["name"] == "rnm"
    assert said.json["unit"] == "bits"
    assert said.json["away"] is True
    assert said.json["against"][0]["run"] == str(hash_run)
    for photo, one in zip(photos[:2], said.json["photos"], strict=True):
        assert (one["source"], one["problem"]) == (str(photo), None)
        assert one["written"] < one["before"] == one["bits"] == 16
        assert len(one["curve"]) <= 9
        assert one["after"].keys() == {"jpeg90", "resize0.5"}
        assert one["psnr"] > 25


def test_the_way_is_drawn(unfind, photos: list[Path], hash_run: Path, tmp_path: Path) -> None:
    for name, start in (("way.svg", b"<?xml"), ("way.png", b"\x89PNG")):
        unfind(
            "cloak", photos[0], "--against", hash_run, "--out", tmp_path / name[-3:], *FAST, "--curve", tmp_path / name
        )
        assert (tmp_path / name).read_bytes().startswith(start)


def test_targets_by_photo_code_and_label(
    unfind, photos: list[Path], hash_run: Path, class_photos: Path, tmp_path: Path
) -> None:
    ways: list[tuple[object, ...]] = [
        ("--target", class_photos / "class-1"),
        ("--target-code", "01" * 8),
        ("--target-label", "class-1", "--data", class_photos),
    ]
    for number, way in enumerate(ways):
        out = tmp_path / str(number)
        said = unfind("cloak", photos[0], "--against", hash_run, "--out", out, *way, *FAST, "--json")
        assert said.json["away"] is False
        assert said.json["photos"][0]["written"] <= said.json["photos"][0]["before"]


def test_an_embedding_model_takes_the_cosine(unfind, photos: list[Path], clean_run: Path, tmp_path: Path) -> None:
    said = unfind("cloak", photos[0], "--against", clean_run, "--out", tmp_path / "out", *FAST, "--json")
    assert said.json["settings"]["name"] == "cosine"
    assert said.json["unit"] == "1 - cosine"
    assert said.json["photos"][0]["bits"] is None


@pytest.mark.parametrize("name", sorted(set(CLOAKS) - {"amortised", "cosine"}))
def test_every_method_by_its_name(unfind, photos: list[Path], hash_run: Path, tmp_path: Path, name: str) -> None:
    words = ("--method", name, "--out", tmp_path / "out", "--iterations=2", "--budget=0.04")
    unfind("cloak", photos[0], "--against", hash_run, *words)
    assert (tmp_path / "out" / photos[0].name).exists()


def test_an_ensemble(unfind, photos: list[Path], hash_run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    save_encoder(other, build_encoder(Architecture("tiny", size=48, dimension=24, head="hash"), seed=4), {})
    words = ("--against", hash_run, "--against", other, "--out", tmp_path / "out", *FAST, "--diverse", "--json")
    said = unfind("cloak", photos[0], *words)
    assert said.json["photos"][0]["bits"] == 40
    assert [one["run"] for one in said.json["against"]] == [str(hash_run), str(other)]
    assert said.json["settings"]["passages"] == ["as-is", "jpeg90", "varied0.8"]


def test_options_reach_the_method(unfind, photos: list[Path], hash_run: Path, tmp_path: Path) -> None:
    words = ("--option", "p=2", "--option", "hold=0.4", "--out", tmp_path / "out", *FAST, "--json")
    said = unfind("cloak", photos[0], "--against", hash_run, *words)
    assert (said.json["settings"]["p"], said.json["settings"]["hold"]) == (2, 0.4)


def test_effort_becomes_a_pace() -> None:
    pace = Effort(budget=0.02, iterations=7, momentum=0.0, margin=0.1, seed=5).pace()
    assert (pace.budget, pace.iterations, pace.momentum, pace.margin, pace.seed) == (0.02, 7, 0.0, 0.1, 5)
    assert pace.passages == ONCE_COMPRESSED
    assert Effort(robust=True).pace().passages == ROBUST
    assert [passage.name for passage in Effort(robust=True, diverse=True).pace().passages][-1] == "varied0.8"


def test_the_psnr_of_an_effort() -> None:
    found = {
        (robust, psnr): Effort(robust=robust, psnr=psnr).pace().psnr
        for robust in (False, True)
        for psnr in (None, 45, 0)
    }
    assert found == {
        (False, None): 40, (True, None): 35, (False, 45): 45, (True, 45): 45, (False, 0): None, (True, 0): None
    }  # fmt: skip
    assert Effort().pace(limited=False).psnr is None
    assert Effort(psnr=42).pace(limited=False).psnr == 42


def test_a_preview_shows_every_photo_three_times(unfind, photos: list[Path], hash_run: Path, tmp_path: Path) -> None:
    for name, start in (("seen.svg", b"<?xml"), ("seen.png", b"\x89PNG")):
        words = ("--against", hash_run, "--out", tmp_path / name[-3:], *FAST, "--preview", tmp_path / name)
        unfind("cloak", *photos[:2], *words)
        assert (tmp_path / name).read_bytes().startswith(start)
    assert (tmp_path / "seen.svg").read_text().count("<image") == 6


def test_a_photo_keeps_its_psnr(unfind, hash_run: Path, wave: Any, tmp_path: Path) -> None:
    Image.fromarray(wave(0, 0)).save(tmp_path / "a.png")
    for psnr in (38, 44):
        out = tmp_path / str(psnr)
        words = ("--against", hash_run, "--out", out, "--iterations=8", f"--psnr={psnr}", "--json")
        said = unfind("cloak", tmp_path / "a.png", *words)
        assert said.json["settings"]["psnr"] == psnr
        assert said.json["photos"][0]["psnr"] > psnr - 0.3


def test_a_generator_cloaks_in_one_pass(
    unfind, photos: list[Path], hash_run: Path, class_photos: Path, tmp_path: Path
) -> None:
    file = tmp_path / "generator.safetensors"
    unfind("cloak-train", "--against", hash_run, "--data", class_photos, "--out", file, "--steps=2", "--width=4")
    words = ("--against", hash_run, "--generator", file, "--json")
    said = unfind("cloak", photos[0], *words, "--out", tmp_path / "out")
    assert said.json["settings"]["name"] == "amortised"
    assert (said.json["settings"]["iterations"], said.json["settings"]["psnr"]) == (1, None)
    assert (tmp_path / "out" / photos[0].name).exists()


def test_a_generator_of_another_model(
    wrong: Any, unfind, photos: list[Path], hash_run: Path, class_photos: Path, tmp_path: Path
) -> None:
    other, file = tmp_path / "other", tmp_path / "generator.safetensors"
    save_encoder(other, build_encoder(Architecture("tiny", size=32, dimension=16, head="hash"), seed=9), {})
    unfind("cloak-train", "--against", other, "--data", class_photos, "--out", file, "--steps=1", "--width=4")
    words = ("--against", hash_run, "--out", tmp_path / "out", "--generator", file)
    assert "fit one with unfind cloak-train" in wrong("cloak", photos[0], *words)


def test_a_target_that_is_missed_is_said_and_written(
    unfind, photos: list[Path], hash_run: Path, tmp_path: Path
) -> None:
    words = ("--target-code", "01" * 8, "--iterations=1", "--budget=0.004", "--out", tmp_path / "out")
    said = unfind("cloak", photos[0], "--against", hash_run, *words)
    assert "lower the PSNR" in said.err
    assert (tmp_path / "out" / photos[0].name).exists()


def test_a_corrupt_file_among_many_is_named_and_the_others_are_done(
    unfind, photos: list[Path], hash_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.jpg").write_bytes(photos[0].read_bytes()[:300])
    words = ("cloak", *photos[:2], tmp_path / "bad.jpg", "--against", hash_run, *FAST, "--out", tmp_path / "out")
    said = unfind(*words, code=1)
    assert f"unfind: {tmp_path / 'bad.jpg'}: " in said.err
    assert "got 2: see the lines above" in said.sentence
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--budget=0",), 2, "budget above 0 and at most 1"),
        (("--budget=1.5",), 2, "budget above 0 and at most 1"),
        (("--budget=0.001",), 2, "at least 1/255"),
        (("--iterations=-1",), 2, "iterations of at least 0"),
        (("--target-code=0101",), 2, "16 bits, as the model has, got 4"),
        (("--target-code=01", "--target=x"), 2, "one target at most"),
        (("--target=NOWHERE",), 2, "does not exist"),
        (("--target-label=class-77", "--data=DATA"), 2, "got 'class-77'"),
        (("--target-label=class-1",), 2, "together with the data"),
        (("--method=magic",), 2, "Expected a cloak out of rnm"),
        (("--method=hag", "--target-code=" + "01" * 8), 2, "away from one's own for hag"),
        (("--option=q=1",), 2, "settings that the cloak rnm knows"),
        (("--method=amortised",), 2, "Expected --generator with --method amortised, got none"),
        (("--method=rnm", "--generator=g.safetensors"), 2, "Expected --generator with --method amortised, got rnm"),
        (("--generator=NOWHERE",), 1, "Expected a generator at"),
        (("--psnr=60",), 2, "PSNR of 10 to 50 dB"),
        (("--preview=seen.jpg",), 2, "preview file that ends in .svg or .png"),
        (("--curve=way.jpg",), 2, ".svg or .png"),
    ],
)
def test_what_cannot_be(
    wrong: Any,
    photos: list[Path],
    hash_run: Path,
    class_photos: Path,
    tmp_path: Path,
    words: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    named = [word.replace("NOWHERE", str(tmp_path / "nowhere")).replace("DATA", str(class_photos)) for word in words]
    assert says in wrong("cloak", photos[0], "--against", hash_run, "--out", tmp_path / "out", *named, code=code)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_models_that_are_none(wrong: Any, photos: list[Path], clean_run: Path, hash_run: Path, tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"\x80\x04pickle")
    for against, code, says in (
        ((tmp_path / "nothing",), 1, "is this a run folder"),
        ((tmp_path / "model.pt",), 1, "can run code and is refused"),
        ((clean_run, hash_run), 2, "models of one kind"),
    ):
        named = [word for run in against for word in ("--against", run)]
        assert says in wrong("cloak", photos[0], *named, "--out", tmp_path / "out", code=code)


def test_a_photo_smaller_than_the_input(wrong: Any, hash_run: Path, tmp_path: Path) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "small.png")
    sentence = wrong("cloak", tmp_path / "small.png", "--against", hash_run, "--out", tmp_path / "out", code=1)
    assert "at least 32 x 32 pixels, the model's input, got 20 x 20" in sentence
