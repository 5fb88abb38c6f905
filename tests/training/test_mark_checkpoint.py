"""What a stopped training of a mark leaves, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from unfind.errors import ImageError, ResumeError, TrainingError
from unfind.training.mark_checkpoint import (
    MarkCheckpoint,
    gather_mark,
    read_mark_checkpoint,
    scatter_mark,
    write_mark_checkpoint,
)
from unfind.training.mark_stage import MarkStage


def nets() -> tuple[nn.ModuleDict, torch.optim.Adam]:
    torch.manual_seed(0)
    net = nn.ModuleDict({"encoder": nn.Linear(3, 2), "decoder": nn.Conv2d(1, 2, 3)})
    return net, torch.optim.Adam(net.parameters(), lr=0.01)


def learned(net: nn.ModuleDict, adam: torch.optim.Adam, steps: int = 2) -> None:
    for step in range(steps):
        adam.zero_grad()
        image = torch.full((1, 1, 5, 5), 1.0 + step)
        (net["encoder"](torch.ones(1, 3)).square().sum() + net["decoder"](image).square().sum()).backward()
        adam.step()


def here(tensors: dict[str, torch.Tensor]) -> MarkCheckpoint:
    return MarkCheckpoint(7, 1, MarkStage("quality", 0.8, 1.0, 0.97), "digest", tensors)


def test_a_checkpoint_comes_back_whole(tmp_path: Path) -> None:
    net, adam = nets()
    learned(net, adam)
    write_mark_checkpoint(tmp_path, here(gather_mark(net, adam)))
    found = read_mark_checkpoint(tmp_path, "digest")
    assert (found.step, found.attempt, found.stage) == (7, 1, MarkStage("quality", 0.8, 1.0, 0.97))
    other, others_adam = nets()
    scatter_mark(found.tensors, other, others_adam)
    learned(net, adam, 3)
    learned(other, others_adam, 3)
    for name, value in net.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])


def test_what_is_gathered_does_not_change_later() -> None:
    net, adam = nets()
    learned(net, adam)
    tensors = gather_mark(net, adam)
    before = {name: value.clone() for name, value in tensors.items()}
    learned(net, adam)
    assert all(torch.equal(value, before[name]) for name, value in tensors.items())


def test_other_settings_are_refused(tmp_path: Path) -> None:
    write_mark_checkpoint(tmp_path, here(gather_mark(*nets())))
    with pytest.raises(ResumeError, match="settings"):
        read_mark_checkpoint(tmp_path, "another digest")


def test_no_checkpoint_and_a_damaged_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(ResumeError, match="without --resume"):
        read_mark_checkpoint(tmp_path, "digest")
    (tmp_path / "checkpoint.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(ResumeError, match="start the run anew"):
        read_mark_checkpoint(tmp_path, "digest")


def test_tensors_of_other_networks_are_refused() -> None:
    net, adam = nets()
    with pytest.raises(ResumeError, match="these networks"):
        scatter_mark({"nets.encoder.weight": torch.zeros(9, 9)}, net, adam)


def test_a_full_disk_is_told_and_the_old_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mark_checkpoint(tmp_path, here(gather_mark(*nets())))

    def full(path: Path, data: bytes) -> None:
        raise ImageError("no space")

    monkeypatch.setattr("unfind.training.checkpoint_file.write_atomic", full)
    with pytest.raises(TrainingError, match="intact"):
        write_mark_checkpoint(tmp_path, here({}))
    assert read_mark_checkpoint(tmp_path, "digest").step == 7
