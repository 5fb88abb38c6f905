"""The claim about hash models, end to end, in miniature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from unfind.datasets import cifar10 as cifar
from unfind.datasets import spec
from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.models.weights import read_card
from unfind.report.bench_json import read_bench, write_bench
from unfind.studies import bench_hashing as module
from unfind.studies.bench_hashing import FIT, QUICK_OBJECTIVES, TARGET, bench_hashing

MINIATURE = replace(FIT, steps=2, classes_per_batch=2, photos_per_class=3, validate_every=1)
TINY = Architecture("tiny", size=32)


@pytest.fixture(scope="module")
def small(cache: Path, tmp_path_factory: pytest.TempPathFactory, wave: Callable[[int, int], np.ndarray]) -> Any:
    """CIFAR-10 of three classes, and fits of two steps."""
    root = tmp_path_factory.mktemp("cifar")
    for part, count in (("train", 8), ("test", 4)):
        for label in range(3):
            folder = root / part / f"class-{label}"
            folder.mkdir(parents=True)
            for number in range(count):
                Image.fromarray(wave(label, number + 100 * (part == "test"))[::2, ::2]).save(folder / f"{number}.png")
    few = {"queries_per_class": 2, "train_per_class": 4, "validation_per_class": 3}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        patch.setattr(module, "FIT", MINIATURE)
        patch.setattr(module, "QUICK_STEPS", 1)
        patch.setitem(spec.OFFICIAL, "cifar10", lambda path: cifar.cifar10(path, **few))
        yield f"cifar10:{root}"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def document(small: str, runs: Path) -> dict[str, Any]:
    return bench_hashing(small, runs, architecture=TINY, seeds=2)


def test_the_document_is_one(document: dict[str, Any], tmp_path: Path) -> None:
    write_bench(tmp_path / "bench.json", document)
    assert read_bench(tmp_path / "bench.json")["bench"] == "hashing"
    assert document["seeds"] == [0, 1]
    assert document["settings"] == MINIATURE.as_dict()


def test_each_objective_is_fitted_for_each_seed_with_48_bits(document: dict[str, Any], runs: Path) -> None:
    expected = {f"{name}-48-{seed}" for name in ("dpsh", "hashnet", "csq") for seed in (0, 1)}
    assert {path.name for path in runs.iterdir()} >= expected
    for name in expected:
        card = read_card(runs / name)
        assert (card["architecture"]["head"], card["architecture"]["dimension"]) == ("hash", 48)
        assert card["seed"] == int(name[-1])


def test_figures_are_means_of_the_searches(document: dict[str, Any]) -> None:
    for name, searches in document["searches"].items():
        values = [one["map_expected"]["value"] for one in searches]
        assert document["figures"][f"{name}_map"]["value"] == pytest.approx(np.mean(values))
        against, favour = (document["figures"][f"{name}_map_ties_{way}"]["value"] for way in ("against", "in_favour"))
        assert against <= np.mean(values) <= favour
        assert searches[0]["n_query"] == 6
        assert searches[0]["n_gallery"] == 30


def test_the_claim_is_about_dpsh_alone(document: dict[str, Any]) -> None:
    targets = {name: figure["target"] for name, figure in document["figures"].items() if figure["target"]}
    assert targets == {"dpsh_map": f">= {TARGET:g}"}


def test_runs_that_are_there_are_not_fitted_again(document: dict[str, Any], small: str, runs: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("model.safetensors")}
    again = bench_hashing(small, runs, architecture=TINY, seeds=2)
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("model.safetensors")} == before
    assert again["figures"] == document["figures"]


def test_the_quick_form_is_one_seed_and_one_objective(small: str, tmp_path: Path) -> None:
    architecture = Architecture("tiny", size=32, dimension=16, head="hash")
    document = bench_hashing(small, tmp_path, architecture=architecture, seeds=3, quick=True)
    assert document["seeds"] == [0]
    assert list(document["searches"]) == list(QUICK_OBJECTIVES)
    assert document["settings"]["steps"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["dpsh-16-0"]


def test_classes_cannot_be_cut(small: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no --train-classes for hashing, got 5"):
        bench_hashing(small, tmp_path, architecture=TINY, train_classes=5)


def test_objectives_can_be_chosen(small: str, runs: Path, document: dict[str, Any]) -> None:
    for asked in ("csq", ["csq"]):
        chosen = bench_hashing(small, runs, architecture=TINY, seeds=2, options={"objectives": asked})
        assert list(chosen["searches"]) == ["csq"]
        assert chosen["figures"] == {name: one for name, one in document["figures"].items() if name.startswith("csq")}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"objectives": "pbl"}, "objectives out of dpsh, hashnet, csq, got pbl"),
        ({"objectives": []}, "objectives out of dpsh, hashnet, csq"),
        ({"steps": 3}, "the option objectives for hashing, got steps"),
    ],
)
def test_options_that_cannot_be(small: str, tmp_path: Path, options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        bench_hashing(small, tmp_path, architecture=TINY, options=options)
