"""Photo sets in memory, and one evaluation and one scene that several tests look at."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.spec import load
from unfind.datasets.split import Split
from unfind.models.encoder import Architecture
from unfind.redteam.ciba import Attack
from unfind.redteam.confusing import Confusion
from unfind.redteam.optimise_patch import PatchSettings
from unfind.studies.ciba_grid import CibaExperiment, CibaGrid
from unfind.studies.ciba_ground import CibaGround, CibaRequest
from unfind.studies.ciba_trial import Crafted, Setting, Trials
from unfind.studies.evaluate import Choices, Evaluation, Models, evaluate
from unfind.studies.hash_scene import Ground, GroundRequest, HashScene, ModelName
from unfind.studies.load_models import load_models
from unfind.studies.mip_grid import Grid, GridRequest
from unfind.studies.mip_presets import preset
from unfind.studies.scene import Scene, act
from unfind.training.settings import FitSettings
from unfind.triggers.key import KEY_FILE, Key


@pytest.fixture(autouse=True)
def _cache_elsewhere(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv("UNFIND_CACHE", str(cache))


@pytest.fixture(scope="session")
def as_jpeg() -> Callable[..., bytes]:
    def encode(pixels: np.ndarray, quality: int = 85) -> bytes:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        return file.getvalue()

    return encode


@pytest.fixture(scope="session")
def photo_set() -> Callable[..., PhotoSet]:
    """Return a maker of photo sets out of encoded photos and their labels."""

    def make(photos: dict[str, bytes], labels: Sequence[int]) -> PhotoSet:
        classes = tuple(f"class {i}" for i in range(max(labels) + 1))
        return PhotoSet("memory", tuple(photos), np.array(labels), classes, photos.__getitem__)

    return make


@pytest.fixture(scope="session")
def split(class_photos: Path) -> Split:
    return load(str(class_photos))


@pytest.fixture(scope="session")
def models(clean_run: Path, protected_run: Path) -> Models:
    return load_models(clean_run, protected_run, Key.load(protected_run / KEY_FILE))


@pytest.fixture(scope="session")
def evaluation(models: Models, split: Split) -> Evaluation:
    return evaluate(models, split.test, choices=Choices(sample=8))


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the scene is played in."""
    return tmp_path_factory.mktemp("stage")


@pytest.fixture(scope="session")
def scene(stage: Path, split: Split, clean_run: Path, protected_run: Path, models: Models) -> Scene:
    return act(stage, split.test, (clean_run, protected_run), models.trigger, seed=3)


@pytest.fixture(scope="session")
def grid_request(class_photos: Path, architecture: Architecture) -> GridRequest:
    """Fits of two steps."""
    fit = FitSettings(classes_per_batch=4, learning_rate=1e-3, validate_every=2)
    small = replace(preset("recommended"), first=fit, then=fit)
    return GridRequest(str(class_photos), small, architecture, first_steps=2, steps=2)


@pytest.fixture(scope="session")
def grid(tmp_path_factory: pytest.TempPathFactory, cache: Path, grid_request: GridRequest) -> Iterator[Grid]:
    """A grid that several tests fit cells of, each once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        yield Grid(grid_request, tmp_path_factory.mktemp("mip"))


@pytest.fixture(scope="session")
def many_waves(tmp_path_factory: pytest.TempPathFactory, wave: Callable[[int, int], np.ndarray]) -> Path:
    """Six class folders of ten small photos, enough to be dealt as hashing does: two of each to search with."""
    root = tmp_path_factory.mktemp("data") / "many"
    for label in range(6):
        (root / f"class-{label}").mkdir(parents=True)
        for number in range(10):
            Image.fromarray(wave(label, number)[::2, ::2]).save(root / f"class-{label}" / f"{label}{number}.png")
    return root


@pytest.fixture(scope="session")
def hash_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where hash models and trials of the tests are kept, so that each is made once."""
    return tmp_path_factory.mktemp("hash-runs")


@pytest.fixture(scope="session")
def ground(many_waves: Path, hash_runs: Path, cache: Path) -> Ground:
    """Twelve photos to cloak, and 48 to search in."""
    request = GroundRequest(str(many_waves), Architecture("tiny", size=32), steps=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        return Ground(request, hash_runs)


@pytest.fixture(scope="session")
def hash_scene(ground: Ground) -> HashScene:
    """A hash model of 16 bits over it."""
    return ground.scene(ModelName(bits=16))


@pytest.fixture(scope="session")
def small_attack() -> Attack:
    """Four poisoned photos, and as few steps of everything as there can be."""
    patch = PatchSettings(side=5 / 32, steps=2, batch=2)
    return Attack(poisoned=4, patch=patch, confusion=Confusion(steps=2, group=2), generator_steps=1)


@pytest.fixture(scope="session")
def ciba_grid(
    tmp_path_factory: pytest.TempPathFactory, many_waves: Path, cache: Path, small_attack: Attack
) -> Iterator[CibaGrid]:
    """Attacks on models of 16 bits fitted in two steps, each made once; "class-1" is the target."""
    ground = CibaRequest(str(many_waves), Architecture("tiny", size=32), target="class-1", steps=2)
    request = CibaExperiment(ground, (0,), small_attack, ModelName(bits=16))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        yield CibaGrid(request, tmp_path_factory.mktemp("ciba"))


@pytest.fixture(scope="session")
def ciba_trials(ciba_grid: CibaGrid) -> Trials:
    return ciba_grid.trials(0)


@pytest.fixture(scope="session")
def ciba_ground(ciba_trials: Trials) -> CibaGround:
    return ciba_trials.ground


@pytest.fixture(scope="session")
def ciba_setting(ciba_grid: CibaGrid) -> Setting:
    return ciba_grid.setting(0)


@pytest.fixture(scope="session")
def crafted(ciba_trials: Trials, ciba_setting: Setting) -> Crafted:
    return ciba_trials.craft(ciba_setting)
