"""The generator from a data set's name to its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from unfind.cloaks.fit_generator import GeneratorFit
from unfind.cloaks.generator import Design, Generator, load_generator
from unfind.errors import ModelError, UsageError
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.weights import fingerprint_of, read_card, save_encoder
from unfind.studies.train_generator import GeneratorRequest, checked, class_codes, train_generator


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "hash"
    save_encoder(folder, build_encoder(Architecture("tiny", size=32, dimension=16, head="hash"), seed=3), {})
    return folder


@pytest.fixture
def request_of(run: Path, class_photos: Path) -> Callable[..., GeneratorRequest]:
    def make(**more: object) -> GeneratorRequest:
        small = GeneratorRequest(str(class_photos), [run], 0.1, 8, 1, GeneratorFit(steps=40, batch=8, seed=1))
        return replace(small, **more)

    return make


def test_what_is_written_is_what_was_fitted(
    request_of: Callable[..., GeneratorRequest], run: Path, tmp_path: Path
) -> None:
    told: list[str] = []
    file = tmp_path / "new" / "g.safetensors"
    trained = train_generator(request_of(), file, progress=lambda stage, done, total: told.append(stage))
    generator, card = load_generator(file)
    assert trained.file == file
    assert generator.design == Design(16, 0.1, 8, 1)
    assert card["models"] == [fingerprint_of(read_card(run))]
    assert card["held_out"] == trained.figures
    assert (card["settings"]["steps"], card["side"]) == (40, 32)
    assert any(stage.startswith("fit the generator (") for stage in told)


def test_it_brings_photos_nearer_to_what_was_asked_for(
    request_of: Callable[..., GeneratorRequest], tmp_path: Path
) -> None:
    figures = train_generator(request_of(budget=0.3), tmp_path / "g.safetensors").figures
    assert figures["towards"] > figures["before"]
    assert 0 < figures["away"] <= 1
    assert figures["seconds_per_photo"] > 0
    assert figures["photos"] == 10


def test_embeddings_have_signs_too(
    clean_run: Path, request_of: Callable[..., GeneratorRequest], tmp_path: Path
) -> None:
    fit = GeneratorFit(steps=1, batch=2)
    train_generator(request_of(against=[clean_run], fit=fit), tmp_path / "g.safetensors")
    assert load_generator(tmp_path / "g.safetensors")[0].design.bits == 16


def test_votes_are_of_one_class_each() -> None:
    codes = torch.tensor([[1.0, 1], [1, 1], [-1, 1], [-1, -1], [-1, -1]])
    found = class_codes(codes, np.array([5, 5, 5, 9, 9]), seed=0, votes=2)
    assert found.tolist() == [[1, 1], [1, 1], [-1, -1], [-1, -1]]


def test_the_check_against_an_obvious_loop() -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 8 * 8, 6)).requires_grad_(False)
    generator = Generator(Design(6, 0.2, 4, 1)).eval()
    images, targets = torch.rand(5, 3, 8, 8), torch.tensor([[1.0] * 6, [-1.0] * 6])

    def code(image: Tensor) -> list[int]:
        return [1 if value >= 0 else -1 for value in net(image.clamp(0, 1)[None])[0]]

    before = towards = away = 0.0
    for place, image in enumerate(images):
        own, wanted = code(image), targets[place % 2]
        with torch.no_grad():
            there = code(image + generator(image[None], wanted[None])[0])
            gone = code(image + generator(image[None], -torch.tensor(own, dtype=torch.float32)[None])[0])
        for bit in range(6):
            before += own[bit] == int(wanted[bit])
            towards += there[bit] == int(wanted[bit])
            away += gone[bit] != own[bit]
    found = checked(generator, net, images, targets)
    assert [found[name] * 30 for name in ("before", "towards", "away")] == pytest.approx([before, towards, away])


def test_what_cannot_be(request_of: Callable[..., GeneratorRequest], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in \.safetensors"):
        train_generator(request_of(), tmp_path / "generator.pt")
    with pytest.raises(UsageError, match="budget above 0"):
        train_generator(request_of(budget=0.0), tmp_path / "g.safetensors")
    with pytest.raises(ModelError, match="is this a run folder"):
        train_generator(request_of(against=[tmp_path / "nothing"]), tmp_path / "g.safetensors")
    assert list(tmp_path.iterdir()) == []
