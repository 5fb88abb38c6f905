"""Class folders of small photos and two models of them, trained once for all tests of studies and commands."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

from unfind.models.encoder import Architecture
from unfind.studies.train import TrainRequest, train
from unfind.training.settings import FitSettings

torch.set_num_threads(1)
"""On busy cores two threads wait for each other longer than tensors as small as these take."""

SIDE = 64
CLASSES = 8
PHOTOS = 5


@pytest.fixture(scope="session")
def architecture() -> Architecture:
    return Architecture("tiny", size=32, dimension=16)


@pytest.fixture(scope="session")
def few_steps() -> FitSettings:
    """Two validations in four steps: all that a fit does, in half a second."""
    return FitSettings(steps=4, classes_per_batch=4, learning_rate=1e-3, validate_every=2)


@pytest.fixture(scope="session")
def wave() -> Callable[[int, int], np.ndarray]:
    """Return a maker of photos: a class is a wave of its own direction, fineness and colour; uint8 (64, 64, 3)."""

    def make(label: int, number: int) -> np.ndarray:
        kind, own = np.random.default_rng([label, 0]), np.random.default_rng([label, 1, number])
        (u, v), colour, ground = kind.uniform(-5, 5, 2), kind.uniform(-1, 1, 3), kind.uniform(0.3, 0.7, 3)
        y, x = np.mgrid[:SIDE, :SIDE][..., None] / SIDE
        photo = ground + 0.25 * colour * np.cos(2 * np.pi * (u * x + v * y + own.random()))
        return np.clip(255 * (photo + own.normal(0, 0.06, photo.shape)), 0, 255).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def class_photos(tmp_path_factory: pytest.TempPathFactory, wave: Callable[[int, int], np.ndarray]) -> Path:
    """Eight class folders of five JPEG photos: two to train on, two for validation, four for test."""
    root = tmp_path_factory.mktemp("data") / "waves"
    for label in range(CLASSES):
        folder = root / f"class-{label}"
        folder.mkdir(parents=True)
        for number in range(PHOTOS):
            Image.fromarray(wave(label, number)).save(folder / f"{label}{number}.jpg", quality=92)
    return root


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where decoded photos are kept, instead of the home folder."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def clean_run(
    tmp_path_factory: pytest.TempPathFactory,
    class_photos: Path,
    cache: Path,
    architecture: Architecture,
    few_steps: FitSettings,
) -> Path:
    """The folder of a clean model; not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "clean"
    request = TrainRequest(str(class_photos), "clean", architecture=architecture, fit=few_steps)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        train(request, out)
    return out


@pytest.fixture(scope="session")
def protected_run(clean_run: Path, class_photos: Path, cache: Path, few_steps: FitSettings) -> Path:
    """The folder of a model that was protected from the clean one and keeps its key; not to be changed."""
    out = clean_run.with_name("protected")
    request = TrainRequest(
        str(class_photos), "pbl", {"ratio": 0.5}, start=clean_run, trigger="spread-spectrum", fit=few_steps
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        train(request, out)
    return out


@pytest.fixture
def files_below() -> Callable[[Path], dict[str, bytes]]:
    """Return a reader of whole folders: what every file holds, by its path."""

    def read(folder: Path) -> dict[str, bytes]:
        return {
            os.path.relpath(path, folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
        }

    return read


@pytest.fixture(scope="session")
def torchvision_operators() -> Iterator[None]:
    """Where torchvision is there, name the operators that it lacks when it was built for another kind of torch.

    Its models need none of them, but importing it fails without.
    """
    if importlib.util.find_spec("torchvision") is None:
        yield
        return
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    yield


@pytest.fixture(scope="session")
def load_script() -> Callable[[Path], ModuleType]:
    """Return a function that runs a Python file that belongs to no package, and gives it as a module."""

    def load(path: Path) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
