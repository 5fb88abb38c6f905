"""Two files together, or neither; and tensors that share nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from unfind.errors import ImageError
from unfind.models.tensor_files import plain, write_together


def test_all_files_are_written(tmp_path: Path) -> None:
    write_together(tmp_path, {"a": b"1", "b": b"2"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"1", "b": b"2"}


def test_a_disk_that_is_full_leaves_the_old_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_together(tmp_path, {"a": b"old", "b": b"old"})
    calls: list[Path] = []

    def full(path: Path, data: bytes) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise ImageError("no space")
        path.write_bytes(data)

    monkeypatch.setattr("unfind.models.tensor_files.write_atomic", full)
    with pytest.raises(ImageError):
        write_together(tmp_path, {"a": b"new", "b": b"new"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old", "b": b"old"}


def test_copies_are_plain_and_their_own() -> None:
    shared = torch.arange(6.0)
    state = {"one": shared, "turned": shared.view(2, 3).T, "note": "not a tensor"}
    copies = plain(state)
    assert copies.keys() == {"one", "turned"}
    assert copies["turned"].is_contiguous()
    assert copies["one"].data_ptr() != shared.data_ptr()
    torch.testing.assert_close(copies["turned"], shared.view(2, 3).T)
