from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save
from torch import Tensor

from unfind.errors import ResumeError, TrainingError
from unfind.models.encoder import Encoder
from unfind.objectives.cbl import ClusterBackdoor
from unfind.objectives.triplet import TripletObjective
from unfind.training.checkpoint import Checkpoint, gather, read_checkpoint, scatter, write_checkpoint
from unfind.training.checkpoint_file import FILE

MakeEncoder = Callable[..., Encoder]


def small(step: int = 3, best: tuple[float, int] | None = (0.1 + 0.2, 2)) -> Checkpoint:
    tensors = {"encoder.weight": torch.arange(6.0).reshape(2, 3), "adam.0.step": torch.tensor(3.0)}
    return Checkpoint(step, best, (0.7 / 3, 1), "abc", tensors)


def adam_of(encoder: Encoder) -> torch.optim.Adam:
    halves = [list(encoder.backbone.parameters()), list(encoder.head.parameters())]
    return torch.optim.Adam([{"params": half} for half in halves], lr=0.01)


def take_steps(encoder: Encoder, adam: torch.optim.Adam, seeds: list[int]) -> None:
    for seed in seeds:
        images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(seed))
        torch.manual_seed(seed)
        adam.zero_grad()
        encoder(images).square().mul(torch.arange(encoder.architecture.dimension)).sum().backward()
        adam.step()


@pytest.mark.parametrize("best", [None, (0.1 + 0.2, 2), (-0.25, 1)])
def test_a_file_gives_the_checkpoint_back(best: tuple[float, int] | None, tmp_path: Path) -> None:
    written = small(best=best)
    write_checkpoint(tmp_path, written)
    found = read_checkpoint(tmp_path, "abc")
    assert (found.step, found.best, found.spread, found.digest) == (3, best, (0.7 / 3, 1), "abc")
    assert found.tensors.keys() == written.tensors.keys()
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in written.tensors.items())
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("which", ["tiny_encoder", "quick_encoder"])
def test_a_fit_goes_on_from_a_checkpoint_bit_for_bit(
    which: str, tmp_path: Path, request: pytest.FixtureRequest, hash_of: Callable[[Encoder], str]
) -> None:
    make: MakeEncoder = request.getfixturevalue(which)
    encoder, objective = make().train(), ClusterBackdoor()
    adam = adam_of(encoder)
    take_steps(encoder, adam, [0, 1])
    objective.refresh(torch.randn(6, 4), torch.tensor([0, 0, 1, 1, 2, 2]))
    write_checkpoint(tmp_path, Checkpoint(2, None, (0.5, 0), "abc", gather(encoder, adam, objective)))
    take_steps(encoder, adam, [2, 3])

    other, other_objective = make(seed=9).train(), ClusterBackdoor()
    other_adam = adam_of(other)
    assert hash_of(other) != hash_of(encoder)
    scatter(read_checkpoint(tmp_path, "abc").tensors, other, other_adam, other_objective)
    take_steps(other, other_adam, [2, 3])
    assert hash_of(other) == hash_of(encoder)
    assert objective.centres is not None
    assert other_objective.centres is not None
    assert torch.equal(other_objective.centres, objective.centres)


def test_adam_finds_its_state_in_the_layout_of_its_weights(tiny_encoder: MakeEncoder) -> None:
    encoder, other = tiny_encoder().train(), tiny_encoder()
    adam, other_adam = adam_of(encoder), adam_of(other)
    take_steps(encoder, adam, [0])
    scatter(gather(encoder, adam, TripletObjective()), other, other_adam, TripletObjective())
    for weight, state in zip(other.parameters(), other_adam.state.values(), strict=True):
        assert state["exp_avg"].stride() == state["exp_avg_sq"].stride() == weight.stride()
    assert any(not weight.is_contiguous() for weight in other.parameters())


def test_gathered_tensors_are_copies(quick_encoder: MakeEncoder) -> None:
    encoder = quick_encoder().train()
    adam = adam_of(encoder)
    take_steps(encoder, adam, [0])
    taken = gather(encoder, adam, TripletObjective())
    before = {name: tensor.clone() for name, tensor in taken.items()}
    take_steps(encoder, adam, [1])
    assert all(torch.equal(taken[name], before[name]) for name in before)
    now = gather(encoder, adam, TripletObjective())
    assert all(not torch.equal(now[name], before[name]) for name in before if name.endswith("weight"))


def test_a_checkpoint_before_the_first_step_holds_the_weights(quick_encoder: MakeEncoder) -> None:
    encoder, other = quick_encoder(), quick_encoder(seed=4)
    tensors = gather(encoder, adam_of(encoder), ClusterBackdoor())
    assert tensors.keys() == {f"encoder.{name}" for name in encoder.state_dict()}
    other_adam, objective = adam_of(other), ClusterBackdoor()
    scatter(tensors, other, other_adam, objective)
    assert len(other_adam.state) == 0
    assert objective.centres is None


def test_the_rates_of_the_settings_stand_not_those_of_the_file(quick_encoder: MakeEncoder) -> None:
    encoder, other = quick_encoder().train(), quick_encoder()
    adam, other_adam = adam_of(encoder), adam_of(other)
    take_steps(encoder, adam, [0])
    for group in other_adam.param_groups:
        group["lr"] = 0.5
    scatter(gather(encoder, adam, TripletObjective()), other, other_adam, TripletObjective())
    assert [group["lr"] for group in other_adam.param_groups] == [0.5, 0.5]


def test_a_newer_checkpoint_takes_the_place_of_the_older(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small(step=1))
    write_checkpoint(tmp_path, small(step=2))
    assert read_checkpoint(tmp_path, "abc").step == 2


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_checkpoint(tmp_path, small(step=1))
    before = (tmp_path / FILE).read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(TrainingError, match=r"the one before is intact.*No space left"):
        write_checkpoint(tmp_path, small(step=2))
    assert (tmp_path / FILE).read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_a_folder_that_is_gone_is_a_training_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Expected to write a checkpoint"):
        write_checkpoint(tmp_path / "gone", small())


def test_no_checkpoint_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(ResumeError, match="got none: start the run without --resume"):
        read_checkpoint(tmp_path, "abc")
    (tmp_path / FILE).write_bytes(b"not a checkpoint")
    with pytest.raises(ResumeError, match=r"readable checkpoint at .*checkpoint\.safetensors"):
        read_checkpoint(tmp_path, "abc")


def test_other_settings_are_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small())
    with pytest.raises(ResumeError, match=r"settings that .* was started with, got others"):
        read_checkpoint(tmp_path, "abd")


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_checkpoint_is_refused(share: float, tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small())
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ResumeError, match="readable checkpoint"):
        read_checkpoint(tmp_path, "abc")


GOOD: dict[str, Any] = {"step": 1, "best": None, "spread": [0.5, 0], "digest": "abc"}


@pytest.mark.parametrize(
    "facts",
    [
        "",
        "null",
        "[1]",
        "{}",
        json.dumps({**GOOD, "step": None}),
        json.dumps({**GOOD, "best": [0.5]}),
        json.dumps({**GOOD, "best": 3}),
        json.dumps({**GOOD, "spread": []}),
        json.dumps({**GOOD, "spread": ["much", 0]}),
        json.dumps({name: value for name, value in GOOD.items() if name != "digest"}),
    ],
)
def test_odd_facts_are_refused(facts: str, tmp_path: Path) -> None:
    tensors: dict[str, Tensor] = {"encoder.weight": torch.zeros(2)}
    (tmp_path / FILE).write_bytes(save(tensors, metadata={"unfind": facts}))
    with pytest.raises(ResumeError, match="readable checkpoint"):
        read_checkpoint(tmp_path, "abc")


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(save({"weight": torch.zeros(2)}))
    with pytest.raises(ResumeError, match="readable checkpoint"):
        read_checkpoint(tmp_path, "abc")
