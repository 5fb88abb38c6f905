from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import unfind
from unfind.errors import ImageError, ImageLimitError, ModelError, UsageError
from unfind.images.limits import Limits
from unfind.models.embed import Embedder
from unfind.models.embed_photos import embed, load_embedder
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.weights import fingerprint_of, save_encoder

SMALL = Architecture("tiny", size=32, dimension=8)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    save_encoder(folder, build_encoder(SMALL, seed=0), {"objective": "clean"})
    return folder


@pytest.fixture(scope="module")
def model(run: Path) -> Embedder:
    return load_embedder(run)


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_files_bytes_and_pixels_give_the_same_vectors(
    model: Embedder, pictures: Callable[..., np.ndarray], tmp_path: Path
) -> None:
    [pixels] = pictures(1, 40, 30)
    (tmp_path / "a.png").write_bytes(png(pixels))
    rows = embed([tmp_path / "a.png", str(tmp_path / "a.png"), png(pixels), pixels], model)
    assert rows.shape == (4, 8)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(rows, np.broadcast_to(model([pixels]), (4, 8)), atol=1e-6)


@pytest.mark.parametrize("batch", [1, 2, 3, 64])
def test_order_and_vectors_do_not_depend_on_the_batch(
    model: Embedder, pictures: Callable[..., np.ndarray], batch: int
) -> None:
    pixels = list(pictures(5, 20, 24))
    expected = np.concatenate([model([one]) for one in pixels])
    np.testing.assert_allclose(embed(iter(pixels), model, batch=batch), expected, atol=1e-6)


def test_a_folder_will_do_as_a_model(run: Path, model: Embedder, pictures: Callable[..., np.ndarray]) -> None:
    pixels = list(pictures(2, 20, 24))
    np.testing.assert_allclose(embed(pixels, run), embed(pixels, model), atol=1e-6)
    np.testing.assert_allclose(embed(pixels, str(run)), embed(pixels, model), atol=1e-6)


def test_the_model_is_known_by_its_weights(run: Path, model: Embedder) -> None:
    from unfind.models.weights import read_card

    assert model.fingerprint == fingerprint_of(read_card(run))
    assert model.dimension == 8


def test_no_photos_give_no_rows(model: Embedder) -> None:
    assert embed([], model).shape == (0, 8)


def test_photos_are_read_as_they_come(model: Embedder, pictures: Callable[..., np.ndarray]) -> None:
    taken: list[int] = []

    def photos() -> object:
        for number, pixels in enumerate(pictures(4, 20, 24)):
            if number == 2:
                assert taken == [2], "the first batch is embedded before the second one is read"
            yield pixels

    def counting(images: list[np.ndarray]) -> np.ndarray:
        taken.append(len(images))
        return Embedder.__call__(model, images)

    watched = Embedder(model.encoder, "watched")
    watched.__class__ = type("Watched", (Embedder,), {"__call__": lambda self, images: counting(images)})
    assert embed(photos(), watched, batch=2).shape == (4, 8)  # type: ignore[arg-type]
    assert taken == [2, 2]


@pytest.mark.parametrize("single", ["a.jpg", Path("a.jpg"), b"\xff", np.zeros((4, 4, 3), np.uint8)])
def test_a_single_photo_is_refused(model: Embedder, single: object) -> None:
    with pytest.raises(UsageError, match="put it into a list"):
        embed(single, model)  # type: ignore[arg-type]


def test_a_batch_holds_something(model: Embedder) -> None:
    with pytest.raises(UsageError, match="at least 1 photo"):
        embed([], model, batch=0)


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4)), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)]
)
def test_pixels_of_another_kind_are_refused_by_number(model: Embedder, pixels: np.ndarray) -> None:
    with pytest.raises(ImageError, match="photo 1: expected pixels uint8"):
        embed([np.zeros((4, 4, 3), np.uint8), pixels], model)


def test_what_cannot_be_read_is_named(model: Embedder, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="photo 0: "):
        embed([b"no photo"], model)
    with pytest.raises(ImageError, match=r"gone\.jpg"):
        embed([tmp_path / "gone.jpg"], model)


def test_limits_hold(model: Embedder) -> None:
    with pytest.raises(ImageLimitError, match="photo 0"):
        embed([png(np.zeros((50, 50, 3), np.uint8))], model, limits=Limits(max_pixels=100))


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        embed([], tmp_path)


def test_it_is_there_under_the_packages_name() -> None:
    assert unfind.embed is embed
    assert unfind.load_embedder is load_embedder
    with pytest.raises(AttributeError, match="nothing"):
        _ = unfind.nothing


def test_importing_the_package_loads_no_torch() -> None:
    code = "import sys, unfind; unfind.__version__; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
