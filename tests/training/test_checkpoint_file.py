from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from unfind.errors import ResumeError, TrainingError
from unfind.training.checkpoint_file import (
    FILE,
    adam_state,
    copied,
    of_adam,
    read_checkpoint_file,
    under,
    write_checkpoint_file,
)


def made(facts: dict[str, Any], tensors: dict[str, Tensor]) -> tuple[int, dict[str, Tensor]]:
    return int(facts["step"]), tensors


def written(folder: Path, **facts: Any) -> dict[str, Tensor]:
    tensors = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(3)}
    write_checkpoint_file(folder, "a fit", {"step": 3, "digest": "abc", **facts}, tensors)
    return tensors


def test_facts_and_tensors_come_back(tmp_path: Path) -> None:
    tensors = written(tmp_path)
    step, found = read_checkpoint_file(tmp_path, "a fit", "abc", made)
    assert step == 3
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_a_checkpoint_of_another_kind_is_not_taken(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(ResumeError, match="readable checkpoint"):
        read_checkpoint_file(tmp_path, "another fit", "abc", made)


def test_other_settings_are_refused(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(ResumeError, match="started with, got others"):
        read_checkpoint_file(tmp_path, "a fit", "abd", made)


def test_no_checkpoint_is_said(tmp_path: Path) -> None:
    with pytest.raises(ResumeError, match="got none"):
        read_checkpoint_file(tmp_path, "a fit", "abc", made)


@pytest.mark.parametrize("facts", [{"step": "many"}, {"step": None}, {"step": []}])
def test_facts_that_cannot_be_are_a_damaged_checkpoint(facts: dict[str, Any], tmp_path: Path) -> None:
    written(tmp_path, **facts)
    with pytest.raises(ResumeError, match="start the run anew"):
        read_checkpoint_file(tmp_path, "a fit", "abc", made)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 400))
def test_a_file_that_was_cut_is_never_read_as_whole(cut: int, tmp_path: Path) -> None:
    written(tmp_path)
    path = tmp_path / FILE
    whole = path.read_bytes()
    path.write_bytes(whole[: min(cut, len(whole) - 1)])
    with pytest.raises(ResumeError, match="start the run anew"):
        read_checkpoint_file(tmp_path, "a fit", "abc", made)


def test_a_folder_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="the one before is intact"):
        written(tmp_path / "absent")


def test_adam_goes_on_where_its_state_was_taken() -> None:
    def stepped(adam: torch.optim.Adam, net: nn.Linear) -> None:
        adam.zero_grad()
        net(torch.ones(1, 3)).square().sum().backward()
        adam.step()

    torch.manual_seed(0)
    net = nn.Linear(3, 2)
    adam = torch.optim.Adam(net.parameters(), lr=0.1)
    stepped(adam, net)
    taken = copied(of_adam(adam))
    weights = {name: value.clone() for name, value in net.state_dict().items()}
    stepped(adam, net)
    expected = net.weight.detach().clone()

    other = nn.Linear(3, 2)
    other.load_state_dict(weights)
    again = torch.optim.Adam(other.parameters(), lr=0.1)
    again.load_state_dict({"state": adam_state(taken), "param_groups": again.state_dict()["param_groups"]})
    stepped(again, other)
    assert torch.equal(other.weight.detach(), expected)


def test_copies_do_not_follow_their_source() -> None:
    source = torch.zeros(2, 3).T
    copy = copied({"x": source})["x"]
    source += 1
    assert copy.is_contiguous()
    assert not copy.any()


def test_names_under_a_prefix_lose_it() -> None:
    tensors = {"nets.a": torch.tensor(1), "nets.b.c": torch.tensor(2), "net": torch.tensor(3)}
    assert {name: int(value) for name, value in under("nets.", tensors).items()} == {"a": 1, "b.c": 2}
