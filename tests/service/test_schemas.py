from __future__ import annotations

import pytest
from pydantic import ValidationError

from unfind.service.schemas import MAX_QUERIES, ByEmbedding, Erase, LikeThese, Wanted

ID = "0" * 32


def test_the_usual_search() -> None:
    wanted = Wanted()
    assert (wanted.k, wanted.exact, wanted.min_score, wanted.thumbnails) == (10, True, None, False)


@pytest.mark.parametrize(
    "change",
    [{"k": 0}, {"k": 1001}, {"min_score": 1.5}, {"min_score": float("nan")}, {"owner": "x" * 1025}, {"typo": 1}],
)
def test_unfit_wishes_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Wanted(**change)  # type: ignore[arg-type]


@pytest.mark.parametrize("ids", [[], ["x"], [ID.upper() + "A"], [ID[:-1]], [ID + "\n"], [ID] * (MAX_QUERIES + 1)])
def test_unfit_ids_are_refused(ids: list[str]) -> None:
    with pytest.raises(ValidationError):
        LikeThese(ids=ids)


def test_an_erasure_names_at_least_one_photo() -> None:
    assert Erase(ids=[ID]).ids == [ID]
    with pytest.raises(ValidationError):
        Erase(ids=[])


@pytest.mark.parametrize("rows", [[], [[]], [[float("inf")]], [[1e300]], [["x"]], [[1.0]] * (MAX_QUERIES + 1)])
def test_unfit_embeddings_are_refused(rows: list[list[float]]) -> None:
    with pytest.raises(ValidationError):
        ByEmbedding(embeddings=rows)
