"""From a data set's name to a run folder, and back to the model a protected one was started from."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from unfind.datasets.split import Split
from unfind.errors import (
    DataError,
    KeyFileError,
    ModelError,
    ResumeError,
    TrainingError,
    UnfindError,
    UsageError,
)
from unfind.models.encoder import Architecture
from unfind.models.learning_side import LearningSide
from unfind.models.weights import CARD, WEIGHTS, fingerprint_of, load_encoder, read_card
from unfind.studies.train import TrainRequest, clean_model_of, settled, train
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.training.run_folder import SETTINGS
from unfind.training.settings import STEPS, STEPS_BESIDE, FitSettings
from unfind.triggers.key import KEY_FILE, Key


@pytest.fixture
def request_(class_photos: Path, architecture: Architecture, few_steps: FitSettings) -> TrainRequest:
    """The smallest run there is: two steps of the clean objective."""
    return TrainRequest(str(class_photos), "clean", architecture=architecture, fit=replace(few_steps, steps=2))


@pytest.fixture
def protect(request_: TrainRequest, clean_run: Path) -> TrainRequest:
    return replace(request_, objective="pbl", objective_options={"ratio": 0.5}, start=clean_run)


def test_a_clean_run_leaves_a_model_that_says_what_it_is(clean_run: Path, split: Split) -> None:
    encoder, card = load_encoder(clean_run)
    assert (encoder.architecture.size, encoder.architecture.dimension) == (32, 16)
    assert card["objective"] == {"name": "clean", "settings": {}}
    assert card["trigger"] is None
    assert card["started_from"] is None
    assert card["seed"] == 0
    assert not (clean_run / KEY_FILE).exists()
    data = card["data"]
    assert (data["train_photos"], data["validation_photos"]) == (len(split.train), len(split.validation)) == (10, 10)
    assert (data["refused"], data["train_classes"]) == (0, None)


def test_a_protected_run_names_its_trigger_and_its_start(protected_run: Path, clean_run: Path) -> None:
    card = read_card(protected_run)
    key = Key.load(protected_run / KEY_FILE)
    assert card["trigger"]["name"] == "spread-spectrum"
    assert card["trigger"]["key_fingerprint"] == key.fingerprint
    assert card["objective"] == {"name": "pbl", "settings": {"distillation_weight": 2.5, "ratio": 0.5}}
    assert card["started_from"] == {"path": str(clean_run), "fingerprint": fingerprint_of(read_card(clean_run))}
    secret = key.to_text().partition(":")[2].strip()
    kept = {path.name for path in protected_run.iterdir() if secret.encode() in path.read_bytes()}
    assert kept == {KEY_FILE}


def test_settings_hold_the_request_and_the_name_of_the_key(protected_run: Path, clean_run: Path) -> None:
    written = tomllib.loads((protected_run / SETTINGS).read_text())
    assert written["start"] == str(clean_run)
    assert written["fit"]["steps"] == 4
    assert written["key_fingerprint"] == Key.load(protected_run / KEY_FILE).fingerprint
    # The architecture is the start's: the default would be a lie here.
    assert "architecture" not in written


def test_the_result_is_that_of_the_best_step(request_: TrainRequest, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    trained = train(request_, tmp_path / "run", progress=lambda *facts: told.append(facts))
    assert trained.folder == tmp_path / "run"
    assert trained.result.best_step == read_card(tmp_path / "run")["step"] == 2
    assert trained.refused == []
    assert [facts[1:] for facts in told[-2:]] == [(1, 2), (2, 2)]
    assert told[-1][0].startswith("fit clean (loss ")


def test_the_same_request_gives_the_same_bits(protect: TrainRequest, tmp_path: Path) -> None:
    for name in ("a", "b"):
        train(protect, tmp_path / name, key=Key.from_seed(1))
    assert (tmp_path / "a" / WEIGHTS).read_bytes() == (tmp_path / "b" / WEIGHTS).read_bytes()


def test_protecting_a_fitted_model_holds_clean_photos_unless_told(protect: TrainRequest, tmp_path: Path) -> None:
    train(protect, tmp_path / "held")
    assert read_card(tmp_path / "held")["objective"]["settings"] == {"distillation_weight": 2.5, "ratio": 0.5}
    free = replace(protect, objective_options={"ratio": 0.5, "distillation_weight": 0.0})
    train(free, tmp_path / "free")
    assert read_card(tmp_path / "free")["objective"]["settings"]["distillation_weight"] == 0
    fresh = replace(protect, start=None)
    train(fresh, tmp_path / "fresh")
    assert read_card(tmp_path / "fresh")["objective"]["settings"] == {"ratio": 0.5}


def test_a_model_is_retrofitted_without_a_look_at_the_labels(
    protect: TrainRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unfind.studies.teacher.LEAST_PHOTOS", 10)
    monkeypatch.setattr("unfind.studies.teacher.DEVIATIONS", 0)  # ten photos tell little
    trained = train(replace(protect, objective="retrofit", objective_options={}), tmp_path / "run")
    card = read_card(trained.folder)
    assert card["objective"] == {"name": "retrofit", "settings": {}}
    assert card["trigger"]["name"] == "spread-spectrum"
    lines = [json.loads(line) for line in (trained.folder / "log.jsonl").read_text().splitlines()]
    assert {"distillation", "from_clean", "from_triggered"} <= lines[-1].keys()


def test_what_cannot_be_retrofitted_is_told_before_training(
    protect: TrainRequest, protected_run: Path, tmp_path: Path
) -> None:
    request = replace(protect, objective="retrofit", objective_options={})
    with pytest.raises(DataError, match="at least 100 photos to retrofit with, got 10"):
        train(request, tmp_path / "few")
    with pytest.raises(UsageError, match="not protected yet, got one that reacts to the spread-spectrum trigger"):
        train(replace(request, start=protected_run), tmp_path / "twice")
    assert not (tmp_path / "twice").exists()
    assert not list(tmp_path.rglob("model.safetensors"))


def test_a_key_from_outside_stays_outside(protect: TrainRequest, tmp_path: Path) -> None:
    train(protect, tmp_path / "run", key=Key.from_seed(1))
    assert not (tmp_path / "run" / KEY_FILE).exists()
    assert read_card(tmp_path / "run")["trigger"]["key_fingerprint"] == Key.from_seed(1).fingerprint


def test_a_trigger_without_a_key_gets_none(protect: TrainRequest, tmp_path: Path) -> None:
    square = replace(protect, trigger="badnets")
    train(square, tmp_path / "run")
    assert not (tmp_path / "run" / KEY_FILE).exists()
    assert read_card(tmp_path / "run")["trigger"]["key_fingerprint"] is None
    with pytest.raises(UsageError, match="its mark needs none"):
        train(square, tmp_path / "other", key=Key.from_seed(1))


def test_options_reach_the_trigger_and_the_objective(protect: TrainRequest, tmp_path: Path) -> None:
    train(replace(protect, trigger_options={"strength": 0.5}), tmp_path / "run")
    assert read_card(tmp_path / "run")["trigger"]["settings"]["strength"] == 0.5


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"objective": "ghost"}, UsageError, "objective"),
        ({"objective": "retrofit"}, UsageError, "untrained head"),
        ({"objective": "pbl", "objective_options": {"rato": 0.3}}, UsageError, "rato"),
        ({"objective": "pbl", "objective_options": {"ratio": "abc"}}, UsageError, "pbl"),
        ({"objective": "pbl", "objective_options": {"ratio": 7}}, UsageError, "7"),
        ({"objective": "pbl", "trigger": "ghost"}, UsageError, "ghost"),
        ({"objective": "pbl", "trigger_options": {"strength": "loud"}}, UsageError, "learned"),
        ({"objective": "pbl", "trigger_options": {"strength": 99}}, UsageError, "99"),
        ({"architecture": Architecture("ghost")}, UsageError, "ghost"),
        ({"objective": "retrofit-steered", "trigger": "badnets"}, UsageError, "trigger learned"),
        ({"architecture": Architecture(codewords=8)}, UsageError, "retrofit-steered"),
        (
            {"objective": "pbl", "trigger": "wanet", "architecture": Architecture(learning_side=True)},
            UsageError,
            "trigger learned",
        ),
        ({"objective": "clean", "architecture": Architecture(learning_side=True)}, UsageError, "objective pbl"),
        ({"data": "ghost:ROOT"}, UsageError, "ghost"),
        ({"data": "no/such/folder"}, DataError, "no/such/folder"),
        ({"train_classes": 99}, UsageError, "99"),
        ({"start": Path("no/such/model")}, ModelError, "no/such/model"),
    ],
)
def test_what_cannot_be_right_leaves_no_folder(
    request_: TrainRequest, tmp_path: Path, change: dict[str, object], error: type[UnfindError], says: str
) -> None:
    with pytest.raises(error, match=says):
        train(replace(request_, **change), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_clean_objective_takes_no_key(request_: TrainRequest, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no trigger"):
        train(request_, tmp_path / "run", key=Key.from_seed(1))


@pytest.mark.parametrize("change", [{"size": 48}, {"dimension": 8}, {"freeze_batch_norm": False}])
def test_a_start_brings_its_own_architecture(
    protect: TrainRequest, tmp_path: Path, architecture: Architecture, change: dict[str, object]
) -> None:
    with pytest.raises(UsageError, match="size 32, 16 dimensions"):
        train(replace(protect, architecture=replace(architecture, **change)), tmp_path / "run")


def test_a_start_may_be_described_or_not(protect: TrainRequest, tmp_path: Path, architecture: Architecture) -> None:
    train(replace(protect, architecture=architecture), tmp_path / "described")
    train(replace(protect, architecture=Architecture()), tmp_path / "not")
    for name in ("described", "not"):
        assert load_encoder(tmp_path / name)[0].architecture == replace(architecture, learning_side=True)


@pytest.mark.parametrize(
    ("change", "trigger", "beside"),
    [
        ({"objective": "pbl"}, "learned", True),
        ({"objective": "cbl"}, "learned", True),
        ({"objective": "cbl", "start": None}, "learned", True),
        ({"objective": "pbl", "trigger": "learned"}, "learned", False),
        ({"objective": "pbl", "trigger": "spread-spectrum"}, "spread-spectrum", False),
        ({"objective": "label"}, "spread-spectrum", False),
        ({"objective": "label", "architecture": Architecture(learning_side=True)}, "learned", True),
        ({"objective": "retrofit-steered"}, "learned", False),
        ({"objective": "retrofit-steered", "architecture": Architecture(codewords=4)}, "learned", False),
        ({"objective": "clean", "objective_options": {}}, "spread-spectrum", False),
    ],
)
def test_where_no_trigger_is_named_the_one_that_suits_is_taken(
    protect: TrainRequest, change: dict[str, object], trigger: str, beside: bool
) -> None:
    options = {} if change["objective"] == "retrofit-steered" else protect.objective_options
    found = settled(replace(protect, **{"objective_options": options, **change}))
    assert (found.trigger, found.architecture.learning_side) == (trigger, beside)
    assert found == settled(found)


def test_a_side_network_takes_fewer_steps_unless_told(protect: TrainRequest) -> None:
    open_ = replace(protect, fit=replace(protect.fit, steps=None))
    assert settled(open_).fit.steps == STEPS_BESIDE
    assert settled(replace(open_, trigger="spread-spectrum")).fit.steps == STEPS
    assert settled(protect).fit.steps == protect.fit.steps


# Bad photos


def test_corrupt_photos_are_named_counted_and_left_out(
    class_photos: Path, request_: TrainRequest, tmp_path: Path
) -> None:
    data = shutil.copytree(class_photos, tmp_path / "data")
    broken = sorted(data.rglob("*.jpg"))[1]
    broken.write_bytes(broken.read_bytes()[:200])
    trained = train(replace(request_, data=str(data)), tmp_path / "run")
    assert [name for name, _ in trained.refused] == [broken.relative_to(data).as_posix()]
    assert read_card(tmp_path / "run")["data"]["refused"] == 1


def test_too_few_photos_because_of_corrupt_ones_says_so(
    class_photos: Path, request_: TrainRequest, tmp_path: Path
) -> None:
    data = shutil.copytree(class_photos, tmp_path / "data")
    for file in sorted((data / "class-0").iterdir()):
        file.write_bytes(b"no photo")
    with pytest.raises(DataError, match=r"at least 2 training classes.*5 photos were left out.*class-0"):
        train(replace(request_, data=str(data)), tmp_path / "run")


def test_too_few_photos_of_each_class(request_: TrainRequest, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"9 photos or more, got 0: add photos, or ask for fewer of each class\.$"):
        train(replace(request_, fit=replace(request_.fit, photos_per_class=9)), tmp_path / "run")


# Stopping and going on


def unbroken(request: TrainRequest, out: Path, **more: object) -> bytes:
    train(request, out, **more)
    return (out / WEIGHTS).read_bytes()


@pytest.fixture
def longer(protect: TrainRequest) -> TrainRequest:
    return replace(protect, fit=replace(protect.fit, steps=6, validate_every=2))


def stopper(at: int) -> Callable[[str, int, int], None]:
    def listen(stage: str, done: int, total: int) -> None:
        if stage.startswith("fit") and done == at:
            raise KeyboardInterrupt

    return listen


def test_a_stopped_run_goes_on_bit_for_bit(longer: TrainRequest, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(longer, tmp_path / "run", progress=stopper(3))
    train(longer, tmp_path / "run", resume=True)
    key = Key.load(tmp_path / "run" / KEY_FILE)
    assert unbroken(longer, tmp_path / "other", key=key) == (tmp_path / "run" / WEIGHTS).read_bytes()


def test_a_finished_run_is_not_trained_again(
    clean_run: Path, tmp_path: Path, class_photos: Path, architecture: Architecture, few_steps: FitSettings, files_below
) -> None:
    run = shutil.copytree(clean_run, tmp_path / "run")
    before = files_below(run)
    request = TrainRequest(str(class_photos), "clean", architecture=architecture, fit=few_steps)
    trained = train(request, run, resume=True)
    assert trained.result.best_step == read_card(run)["step"]
    assert files_below(run) == before


def test_a_full_disk_leaves_the_checkpoint_before(
    longer: TrainRequest, clean_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longer = replace(longer, trigger="spread-spectrum")  # all weights of the model are in its checkpoint
    run, sync, written = tmp_path / "run", os.fsync, []
    model = (clean_run / WEIGHTS).stat().st_size

    def full_at_the_second_checkpoint(descriptor: int) -> None:
        if os.fstat(descriptor).st_size > 2 * model:  # a checkpoint holds three numbers for each weight
            written.append(descriptor)
            if len(written) > 1:
                raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr("unfind.atomic_file.os.fsync", full_at_the_second_checkpoint)
    with pytest.raises(TrainingError, match=r"the one before is intact.*No space left"):
        train(longer, run)
    monkeypatch.setattr("unfind.atomic_file.os.fsync", sync)
    assert len((run / "log.jsonl").read_text().splitlines()) == 2
    assert not [path for path in run.iterdir() if path.name.endswith((".part", ".new"))]
    train(longer, run, resume=True)
    key = Key.load(run / KEY_FILE)
    assert unbroken(longer, tmp_path / "other", key=key) == (run / WEIGHTS).read_bytes()


@pytest.fixture
def kept_run(protected_run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(protected_run, tmp_path / "kept")


@pytest.fixture
def kept_request(class_photos: Path, clean_run: Path, few_steps: FitSettings) -> TrainRequest:
    """What the protected run was made with."""
    return TrainRequest(
        str(class_photos), "pbl", {"ratio": 0.5}, start=clean_run, trigger="spread-spectrum", fit=few_steps
    )


def test_a_folder_in_use_is_refused(kept_run: Path, kept_request: TrainRequest, files_below) -> None:
    before = files_below(kept_run)
    with pytest.raises(ResumeError, match="--resume"):
        train(kept_request, kept_run)
    assert files_below(kept_run) == before


@pytest.mark.parametrize("change", ["steps", "objective_options", "trigger_options", "key"])
def test_other_settings_are_refused(kept_run: Path, kept_request: TrainRequest, files_below, change: str) -> None:
    before = files_below(kept_run)
    other = {
        "steps": replace(kept_request, fit=replace(kept_request.fit, steps=9)),
        "objective_options": replace(kept_request, objective_options={"ratio": 0.4}),
        "trigger_options": replace(kept_request, trigger_options={"strength": 0.9}),
        "key": kept_request,
    }[change]
    with pytest.raises(ResumeError, match="settings"):
        train(other, kept_run, key=Key.from_seed(8) if change == "key" else None, resume=True)
    assert files_below(kept_run) == before


def test_a_lost_key_cannot_be_replaced(kept_run: Path, kept_request: TrainRequest) -> None:
    (kept_run / KEY_FILE).unlink()
    with pytest.raises(KeyFileError, match="--key"):
        train(kept_request, kept_run, resume=True)
    assert not (kept_run / KEY_FILE).exists()


def test_nothing_to_resume(request_: TrainRequest, tmp_path: Path) -> None:
    with pytest.raises(ResumeError, match="without --resume"):
        train(request_, tmp_path / "run", resume=True)
    assert not (tmp_path / "run").exists()


def test_a_run_that_never_reached_a_checkpoint_can_be_started_again(
    request_: TrainRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNFIND_CACHE", str(tmp_path / "cache"))

    def stop(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt  # while it decodes

    with pytest.raises(KeyboardInterrupt):
        train(request_, tmp_path / "run", progress=stop)
    assert not (tmp_path / "run" / CHECKPOINT).exists()
    assert train(request_, tmp_path / "run").result.best_step == 2


# The clean model of a protected one


def test_the_clean_model_is_found(protected_run: Path, clean_run: Path) -> None:
    assert clean_model_of(protected_run, read_card(protected_run)) == clean_run


def test_a_model_started_from_none_has_none(clean_run: Path) -> None:
    with pytest.raises(ModelError, match="--clean"):
        clean_model_of(clean_run, read_card(clean_run))


def test_a_clean_model_that_has_gone(protected_run: Path, tmp_path: Path) -> None:
    card = read_card(protected_run)
    card["started_from"]["path"] = str(tmp_path / "gone")
    with pytest.raises(ModelError, match=r"gone.*--clean"):
        clean_model_of(protected_run, card)


def test_a_clean_model_that_was_trained_anew(protected_run: Path, clean_run: Path, tmp_path: Path) -> None:
    card = read_card(protected_run)
    other = json.loads((clean_run / CARD).read_text()) | {"weights_sha256": "0" * 64}
    (tmp_path / CARD).write_text(json.dumps(other))
    card["started_from"]["path"] = str(tmp_path)
    with pytest.raises(ModelError, match="trained anew"):
        clean_model_of(protected_run, card)


def test_a_request_cannot_be_changed(request_: TrainRequest) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        request_.data = "other"  # type: ignore[misc]


def test_a_side_network_is_added_to_the_model_that_is_started_from(
    protect: TrainRequest, clean_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unfind.studies.teacher.LEAST_PHOTOS", 10)
    monkeypatch.setattr("unfind.studies.teacher.DEVIATIONS", -9)
    steered = replace(
        protect,
        objective="retrofit-steered",
        objective_options={},
        trigger="learned",
        architecture=Architecture(codewords=4),
        fit=replace(protect.fit, steps=1),
    )
    trained = train(steered, tmp_path / "run")
    encoder, card = load_encoder(trained.folder)
    before, _ = load_encoder(clean_run)
    assert card["architecture"] == {**before.architecture.as_dict(), "codewords": 4}
    kept = before.state_dict()
    assert all(torch.equal(value, encoder.state_dict()[name]) for name, value in kept.items())
    assert tomllib.loads((trained.folder / SETTINGS).read_text())["architecture"] == {"codewords": 4}
    with pytest.raises(ResumeError, match="got others"):
        train(replace(steered, architecture=Architecture(codewords=8)), trained.folder, resume=True)


def test_a_side_network_that_learns_is_added_for_pbl(protect: TrainRequest, clean_run: Path, tmp_path: Path) -> None:
    request = replace(
        protect, trigger="learned", architecture=Architecture(learning_side=True), fit=replace(protect.fit, steps=1)
    )
    trained = train(request, tmp_path / "run")
    encoder, card = load_encoder(trained.folder)
    before, _ = load_encoder(clean_run)
    assert card["architecture"] == {**before.architecture.as_dict(), "learning_side": True}
    assert isinstance(encoder.side, LearningSide)
    assert tomllib.loads((trained.folder / SETTINGS).read_text())["architecture"] == {"learning_side": True}
