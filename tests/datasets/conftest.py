"""Small photos and small trees of them, for all tests of this room."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unfind.datasets.photo_set import PhotoSet, by_class_name


def make_jpeg(seed: int = 0, side: int = 24, format: str = "JPEG") -> bytes:
    """A photo of coloured blocks, another one for every seed."""
    blocks = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    with BytesIO() as file:
        Image.fromarray(blocks).resize((side, side), Image.Resampling.BICUBIC).save(file, format)
        return file.getvalue()


def fill_tree(root: Path, files: Sequence[str] | Mapping[str, bytes]) -> Path:
    """Write files below `root`; names without bytes become small photos, each another."""
    contents = files if isinstance(files, Mapping) else {f: make_jpeg(i) for i, f in enumerate(files)}
    for name, data in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def make_set(sizes: Sequence[int], name: str = "made") -> PhotoSet:
    """A labelled set in memory with classes c000, c001, ... of the given sizes."""
    files = [f"c{c:03d}/{i}.jpg" for c, size in enumerate(sizes) for i in range(size)]
    number = {file: i for i, file in enumerate(files)}
    return by_class_name(name, files, [f[:4] for f in files], lambda file: make_jpeg(number[file]))


@pytest.fixture(scope="session")
def jpeg() -> Callable[..., bytes]:
    return make_jpeg


@pytest.fixture(scope="session")
def tree() -> Callable[..., Path]:
    return fill_tree


@pytest.fixture(scope="session")
def sized() -> Callable[..., PhotoSet]:
    return make_set


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; skips the test where there is none."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("UNFIND_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set UNFIND_DATA")
    return folder
