"""What cloaked photos should be taken for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from unfind.cloaks.aim import vote
from unfind.cloaks.goal import seen
from unfind.errors import UsageError
from unfind.images.files import read_photo
from unfind.images.resize import to_square
from unfind.models.codes import signs
from unfind.models.embed import to_tensor
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.weights import save_encoder
from unfind.studies.cloak_target import Wish, goal_of, target_of
from unfind.studies.seen_by import SeenBy, load_victims


@pytest.fixture(scope="module")
def hash_model(tmp_path_factory: pytest.TempPathFactory) -> SeenBy:
    run = tmp_path_factory.mktemp("model") / "hash"
    save_encoder(run, build_encoder(Architecture("tiny", size=32, dimension=16, head="hash"), seed=3), {})
    return load_victims([run])


@pytest.fixture
def squares(class_photos: Path) -> torch.Tensor:
    """The five photos of class 1, as the model sees them."""
    paths = sorted((class_photos / "class-1").iterdir())
    return to_tensor(np.stack([to_square(read_photo(path).pixels, 32) for path in paths]))


def test_photos_vote(hash_model: SeenBy, class_photos: Path, squares: torch.Tensor) -> None:
    codes = seen(hash_model.victim, squares)
    wish = Wish(photos=[class_photos / "class-1"])
    assert torch.equal(target_of(wish, hash_model, "code", "p2s", 0), vote(codes))
    point = target_of(wish, hash_model, "code", "p2p", 0)
    assert any(torch.equal(point, code) for code in codes)


def test_a_label_is_a_folder_of_photos(hash_model: SeenBy, class_photos: Path) -> None:
    by_label = target_of(Wish(label="class-1", data=str(class_photos)), hash_model, "code", "p2s", 0)
    by_photos = target_of(Wish(photos=[class_photos / "class-1"]), hash_model, "code", "p2s", 0)
    assert torch.equal(by_label, by_photos)


@pytest.mark.parametrize("number", range(8))
def test_every_class_of_the_data_can_be_named(hash_model: SeenBy, class_photos: Path, number: int) -> None:
    wish = Wish(label=f"class-{number}", data=str(class_photos))
    assert target_of(wish, hash_model, "code", "p2s", 0).shape == (16,)


def test_bits_are_the_code_itself(hash_model: SeenBy) -> None:
    found = target_of(Wish(bits="1100" * 4), hash_model, "code", "p2s", 0)
    assert found.tolist() == [1, 1, -1, -1] * 4


def test_the_mean_of_embeddings_is_a_target_too(clean_run: Path, class_photos: Path, squares: torch.Tensor) -> None:
    model = load_victims([clean_run])
    found = target_of(Wish(photos=[class_photos / "class-1"]), model, "embedding", "p2s", 0)
    torch.testing.assert_close(found, seen(model.victim, squares, kind="embedding").mean(0))


def test_no_wish_leads_away_from_what_is_seen(hash_model: SeenBy, squares: torch.Tensor) -> None:
    assert Wish().away
    assert target_of(Wish(), hash_model, "code", "p2s", 0) is None
    goal = goal_of(None, squares, hash_model, "code")
    assert goal.away
    assert torch.equal(goal.target, -signs(hash_model.victim(squares)))
    targeted = goal_of(torch.ones(16), squares, hash_model, "code")
    assert not targeted.away
    assert targeted.target.shape == (5, 16)


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"bits": "101"}, "a target code of 16 bits, as the model has, got 3"),
        ({"bits": "2" * 16}, "zeros and ones"),
        ({"label": "class-99", "data": "DATA"}, "got 'class-99': choose one of class-0, class-1"),
        ({"photos": ["NOWHERE"]}, "does not exist"),
        ({"photos": ["EMPTY"]}, "name another target"),
    ],
)
def test_targets_that_do_not_exist(
    hash_model: SeenBy, class_photos: Path, tmp_path: Path, wish: dict[str, Any], says: str
) -> None:
    (tmp_path / "empty").mkdir()
    places = {"NOWHERE": tmp_path / "nowhere", "EMPTY": tmp_path / "empty"}
    if "photos" in wish:
        wish = {"photos": [places[name] for name in wish["photos"]]}
    if "data" in wish:
        wish = {**wish, "data": str(class_photos)}
    with pytest.raises(UsageError) as caught:
        target_of(Wish(**wish), hash_model, "code", "p2s", 0)
    assert says in str(caught.value)


def test_an_embedding_model_knows_no_code(clean_run: Path) -> None:
    for kind in ("embedding", "code"):
        with pytest.raises(UsageError, match="use --target PHOTO"):
            target_of(Wish(bits="1" * 16), load_victims([clean_run]), kind, "p2s", 0)


@pytest.mark.parametrize(
    "wish",
    [{"bits": "1", "photos": [Path("a")]}, {"label": "a", "data": "b", "bits": "1"}, {"label": "a"}, {"data": "a"}],
)
def test_wishes_that_contradict_themselves(wish: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Wish(**wish)
