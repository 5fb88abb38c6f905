from __future__ import annotations

import os
from pathlib import Path

import pytest

from unfind.gallery.record import path_text


@pytest.mark.parametrize("name", ["ü/日本.jpg", "../../etc/passwd", "a b'c\"d<img>.jpg", "🐦.png"])
def test_ordinary_paths_stay_as_they_are(name: str) -> None:
    assert path_text(Path(name)) == str(Path(name))


@pytest.mark.skipif(os.name == "nt", reason="file names are text on Windows")
def test_names_that_are_not_utf8_become_text() -> None:
    text = path_text(Path(os.fsdecode(b"old\xff\xe9.jpg")))
    assert text == r"old\xff\xe9.jpg"
    assert text.encode("utf-8")
