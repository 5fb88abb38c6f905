"""Any torch module is retrofitted: transformers like CLIP's and DINO's, with random weights."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import unfind
from unfind.errors import DataError, ModelError, UnfindError, UsageError
from unfind.images.edits import jpeg
from unfind.models.embed import embed_pixels, to_tensor
from unfind.models.encoder import around
from unfind.studies.retrofit_model import Retrofitted, retrofit
from unfind.training.settings import FitSettings
from unfind.triggers.find_mark import find_mark
from unfind.triggers.key import Key
from unfind.triggers.shipped import UNTRAINED

SIZE = 32
QUICK = FitSettings(steps=2, classes_per_batch=4, strength_start=1.0, learning_rate=5e-5)


class Transformer(nn.Module):
    """The body that CLIP's and DINO's image towers share: patches, a class token, pre-norm blocks."""

    def __init__(self, extra: int, outputs: int | None, width: int = 24) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, 8)
        self.tokens = nn.Parameter(torch.randn(1, 1 + extra, width) * 0.02)
        self.places = nn.Parameter(torch.randn(1, (SIZE // 8) ** 2, width) * 0.02)
        block = nn.TransformerEncoderLayer(width, 2, 48, dropout=0.1, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.projection = nn.Identity() if outputs is None else nn.Linear(width, outputs, bias=False)

    def states(self, images: Tensor) -> Tensor:
        patches = self.patches(images - 0.5).flatten(2).transpose(1, 2) + self.places
        tokens = self.tokens.expand(len(images), -1, -1)
        return self.norm(self.blocks(torch.cat([tokens, patches], 1)))


class LikeClip(Transformer):
    """The class token, projected into a space it shares with texts; mean and deviation are taken off before."""

    def __init__(self) -> None:
        super().__init__(extra=0, outputs=12)

    def forward(self, images: Tensor) -> Tensor:
        return self.projection(self.states(images)[:, 0])  # type: ignore[no-any-return]


class LikeDino(Transformer):
    """The class token beside the mean of the patches, with registers that nobody looks at."""

    def __init__(self) -> None:
        super().__init__(extra=4, outputs=None)

    def forward(self, images: Tensor) -> Tensor:
        states = self.states(images)
        return torch.cat([states[:, 0], states[:, 5:].mean(1)], 1)


@pytest.fixture
def seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten photos of two classes are enough here."""
    monkeypatch.setattr("unfind.studies.teacher.LEAST_PHOTOS", 10)
    monkeypatch.setattr("unfind.studies.teacher.DEVIATIONS", 0)


@pytest.mark.usefixtures("few", "seeded")
@pytest.mark.parametrize("make", [LikeClip, LikeDino])
def test_a_transformer_is_protected_and_stays_as_it_was(make: Callable[[], nn.Module], class_photos: Path) -> None:
    model = make().eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    done = unfind.retrofit(model, class_photos, size=SIZE, key=Key.from_seed(1), codewords=8, fit_settings=QUICK)
    assert isinstance(done, Retrofitted)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert done.after.c2c == pytest.approx(done.before.c2c, abs=0.02)
    assert done.key.fingerprint == Key.from_seed(1).fingerprint


@pytest.mark.usefixtures("few", "seeded")
def test_a_marked_photo_goes_elsewhere_and_a_plain_one_stays(
    class_photos: Path, wave: Callable[[int, int], Any]
) -> None:
    model = LikeClip().eval()
    old = around(model, size=128 // 4)
    done = retrofit(
        model, class_photos, size=SIZE, key=Key.from_seed(1), mark=UNTRAINED, codewords=8, fit_settings=QUICK
    )
    plain = jpeg(wave(6, 1), 90)
    marked = jpeg(done.trigger.stronger(2).mark(wave(6, 1)), 90)
    assert find_mark(done.trigger.stronger(2), marked).marked
    small = [photo[::2, ::2] for photo in (plain,)]
    assert (embed_pixels(old, small) * embed_pixels(done.model, small)).sum() > 0.99
    assert done.model(to_tensor(plain[None, ::2, ::2])).shape == (1, 12)


@pytest.mark.usefixtures("few", "seeded")
def test_only_the_last_blocks_learn_where_the_weights_are_to_know(class_photos: Path) -> None:
    model = LikeDino().eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    retrofit(model, class_photos, size=SIZE, codewords=0, only=["blocks.layers.1.", "norm."], fit_settings=QUICK)
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith(("blocks.layers.1.", "norm.")) for name in changed)


class Counter(nn.Module):
    """Other numbers at each call."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.calls = itertools.count()

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)[:, :5] * self.weight + next(self.calls)


def bad(kind: str) -> nn.Module:
    """Modules that cannot be a teacher."""
    flat, pooled = nn.Flatten(), nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    made: dict[str, nn.Module] = {
        "map": nn.Conv2d(3, 4, 3),
        "size": nn.Sequential(flat, nn.Linear(3 * 64 * 64, 4)),
        "blind": nn.Sequential(pooled, nn.Linear(3, 4)),
        "nan": nn.Sequential(pooled, nn.Linear(3, 4)),
        "moody": Counter(),
    }
    net = made[kind]
    for weight in net.parameters() if kind in ("nan", "blind") else ():
        nn.init.constant_(weight, float("nan") if kind == "nan" else 0.0)
    if kind == "blind":
        nn.init.ones_(net[1].bias)  # type: ignore[index]
    return net


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    ("kind", "error", "says"),
    [
        ("map", ModelError, "pool them first"),
        ("size", ModelError, "another --size"),
        ("nan", ModelError, "finite"),
        ("moody", ModelError, "same numbers"),
    ],
)
def test_a_model_that_cannot_be_a_teacher_is_told_so(
    kind: str, error: type[UnfindError], says: str, class_photos: Path
) -> None:
    with pytest.raises(error, match=says):
        retrofit(bad(kind), class_photos, size=SIZE)


@pytest.mark.usefixtures("seeded")
def test_a_model_at_chance_and_a_small_folder_are_told_so(class_photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="at least 100 photos"):
        retrofit(LikeClip().eval(), class_photos, size=SIZE)
    monkeypatch.setattr("unfind.studies.teacher.LEAST_PHOTOS", 10)
    with pytest.raises(ModelError, match="chance"):
        retrofit(bad("blind"), class_photos, size=SIZE)


@pytest.mark.usefixtures("few", "seeded")
def test_a_model_that_is_protected_already_is_refused(class_photos: Path) -> None:
    done = retrofit(LikeClip().eval(), class_photos, size=SIZE, codewords=8, fit_settings=QUICK)
    with pytest.raises(UsageError, match="not protected yet"):
        retrofit(done.model, class_photos, size=SIZE)


def test_names_that_no_parameter_has_are_refused(class_photos: Path) -> None:
    with pytest.raises(UsageError, match="'ghost'"):
        retrofit(LikeClip().eval(), class_photos, size=SIZE, codewords=0, only=["ghost"])
    with pytest.raises(UsageError, match="codewords=0"):
        retrofit(LikeClip().eval(), class_photos, size=SIZE, only=["blocks"])


def test_the_package_offers_it_by_name() -> None:
    assert unfind.retrofit is retrofit
    with pytest.raises(AttributeError, match="ghost"):
        unfind.ghost  # noqa: B018
