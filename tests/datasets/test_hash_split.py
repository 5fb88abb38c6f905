from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.datasets.hash_split import SAME_CLASSES, Sizes, drawn_by_tag, drawn_split, hash_split
from unfind.datasets.photo_set import PhotoSet, by_tags
from unfind.datasets.split import Split
from unfind.errors import DataError

Sized = Callable[..., PhotoSet]


def tagged(count: int, seed: int = 0) -> PhotoSet:
    tags = np.random.default_rng(seed).random((count, 3)) < (0.2, 0.5, 0.7)
    return by_tags("tagged", [f"{i}.jpg" for i in range(count)], tags, ("rare", "usual", "common"), str.encode)


def parts(split: Split) -> dict[str, set[str]]:
    assert split.gallery is not None
    named = {"train": split.train, "validation": split.validation, "query": split.test, "database": split.gallery}
    return {name: set(photos.files) for name, photos in named.items()}


def check(split: Split, photos: PhotoSet) -> dict[str, set[str]]:
    """What every split for hashing promises."""
    found = parts(split)
    assert found["query"].isdisjoint(found["database"])
    assert found["query"] | found["database"] == set(photos.files)
    assert found["train"] | found["validation"] <= found["database"]
    assert found["train"].isdisjoint(found["validation"])
    assert split.notes[0] == SAME_CLASSES
    return found


@given(st.integers(1, 5), st.integers(1, 8), st.integers(1, 4), st.integers(1, 9), st.integers(0, 3))
@settings(deadline=None, max_examples=40)
def test_a_drawn_split_has_the_sizes_asked_for(query: int, train: int, validation: int, more: int, seed: int) -> None:
    photos = tagged(query + train + validation + more)
    split = drawn_split(photos, Sizes(query, train, validation), ("a note",), seed=seed)
    found = check(split, photos)
    assert {name: len(files) for name, files in found.items()} == {
        "train": train,
        "validation": validation,
        "query": query,
        "database": train + validation + more,
    }
    assert split.notes[1:] == ("a note",)
    assert parts(drawn_split(photos, Sizes(query, train, validation), seed=seed)) == found


def test_another_seed_draws_another_split() -> None:
    photos = tagged(60)
    splits = [parts(drawn_split(photos, Sizes(10, 20, 5), seed=seed))["query"] for seed in (0, 1)]
    assert splits[0] != splits[1]


def test_every_tag_gets_as_many_queries_and_training_photos() -> None:
    photos = tagged(300)
    split = drawn_by_tag(photos, Sizes(query=5, train=10, validation=20))
    found = check(split, photos)
    assert [len(found[name]) for name in ("query", "train", "validation")] == [15, 30, 20]
    for part, least in ((split.test, 5), (split.train, 10)):
        assert part.tags is not None
        assert (part.tags.sum(0) >= least).all()
        assert part.tags.any(1).all()
    assert parts(drawn_by_tag(photos, Sizes(5, 10, 20))) == found


def test_too_few_photos_are_named() -> None:
    with pytest.raises(DataError, match="at least 12 photos to be split, but has 11"):
        drawn_split(tagged(11), Sizes(4, 4, 3))
    with pytest.raises(DataError, match="needs 40 more photos tagged 'rare'"):
        drawn_by_tag(tagged(60), Sizes(40, 1, 1))
    with pytest.raises(DataError, match="to be split, but has"):
        drawn_by_tag(tagged(60), Sizes(3, 3, 60))


def test_photos_without_tags_cannot_be_split_by_tag(sized: Sized) -> None:
    with pytest.raises(DataError, match="must have tags"):
        drawn_by_tag(sized([4, 4]), Sizes(1, 1, 1))


def test_a_query_must_not_be_trained_on(sized: Sized) -> None:
    places = {"query": np.array([0, 1]), "train": np.array([2, 3]), "validation": np.array([1])}
    with pytest.raises(DataError, match=r"c000/1\.jpg is also in training"):
        hash_split(sized([4, 4]), places)
