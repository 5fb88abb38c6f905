from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.datasets.photo_set import PhotoSet, SignedReader, by_class_name, by_tags
from unfind.errors import DataError, UsageError

NAMES = ("a.jpg", "b.jpg", "c.jpg")


def read(file: str) -> bytes:
    return file.encode()


def photos(**changes: object) -> PhotoSet:
    settled: dict[str, object] = {
        "name": "three",
        "files": NAMES,
        "labels": np.array([0, 1, 0]),
        "classes": ("x", "y"),
        "reader": read,
    }
    return PhotoSet(**(settled | changes))  # type: ignore[arg-type]


def test_length_and_reading() -> None:
    assert len(photos()) == 3
    assert [photos().read(i) for i in range(3)] == [b"a.jpg", b"b.jpg", b"c.jpg"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"labels": np.array([0, 1])}, r"shape \(3,\).*\(2,\)"),
        ({"labels": np.array([[0, 1, 0]])}, r"shape \(3,\)"),
        ({"labels": np.array([0.0, 1.0, 0.5])}, "whole numbers, not float64"),
        ({"labels": np.array([0, 1, 2])}, r"0\.\.1.*from 0 to 2"),
        ({"labels": np.array([0, -1, 1])}, "from -1 to 1"),
        ({"files": ("a.jpg", "b.jpg", "a.jpg")}, "'a.jpg' comes twice"),
        ({"classes": ("x", "x")}, "'x' comes twice"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        photos(**changes)


def test_labels_are_a_readonly_copy_in_int64() -> None:
    mine = np.array([0, 1, 0], np.uint8)
    made = photos(labels=mine)
    mine[0] = 1
    assert made.labels.tolist() == [0, 1, 0]
    assert made.labels.dtype == np.int64
    with pytest.raises(ValueError, match="read-only"):
        made.labels[0] = 1


@pytest.mark.parametrize("i", [-1, 3])
def test_a_photo_that_is_not_there_is_refused(i: int) -> None:
    with pytest.raises(UsageError, match=rf"photos 0\.\.2, not {i}"):
        photos().read(i)


def test_a_photo_that_has_gone_is_named() -> None:
    def gone(file: str) -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(DataError, match=r"b\.jpg of three .*No such file"):
        photos(reader=gone).read(1)


def test_subset_keeps_order_and_class_table() -> None:
    part = photos().subset([2, 1], "part")
    assert (part.name, part.files, part.labels.tolist()) == ("part", ("c.jpg", "b.jpg"), [0, 1])
    assert part.classes == ("x", "y")
    assert part.read(0) == b"c.jpg"
    assert photos().subset([0]).name == "three"
    assert not photos(labelled=False).subset([0]).labelled


def test_subset_refuses_what_it_cannot_mean() -> None:
    with pytest.raises(UsageError, match="not 3"):
        photos().subset([0, 3])
    with pytest.raises(DataError, match="twice"):
        photos().subset([1, 1])


def test_empty_subset_is_a_set() -> None:
    assert len(photos().subset([])) == 0


def test_signature_is_the_hash_of_the_bytes_unless_the_reader_knows_better() -> None:
    class Knowing:
        def __call__(self, file: str) -> bytes:
            raise AssertionError("must not be read")

        def signature(self, file: str) -> str:
            return f"known {file}"

    assert photos().signature(0) == hashlib.sha256(b"a.jpg").hexdigest()
    assert isinstance(Knowing(), SignedReader)
    assert photos(reader=Knowing()).signature(1) == "known b.jpg"


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=4), min_size=1, max_size=20))
def test_by_class_name_gives_back_each_class(classes: list[str]) -> None:
    made = by_class_name("made", [str(i) for i in range(len(classes))], classes, read)
    assert [made.classes[label] for label in made.labels] == classes
    assert list(made.classes) == sorted(set(classes))


def test_sets_compare_by_identity(sized: Callable[..., PhotoSet]) -> None:
    one = sized([2])
    assert one == one
    assert one != sized([2])


TAGS = np.array([[True, True], [False, False], [True, True]])


def test_every_set_of_tags_is_a_class() -> None:
    made = by_tags("three", NAMES, TAGS, ("sea", "sky"), read)
    assert made.classes == ("untagged", "sea+sky")
    assert made.labels.tolist() == [1, 0, 1]
    assert made.tags is not None
    assert np.array_equal(made.tags, TAGS)
    assert made.labelled


def test_a_subset_keeps_its_tags() -> None:
    part = by_tags("three", NAMES, TAGS, ("sea", "sky"), read).subset([1, 2], "part")
    assert part.tags is not None
    assert part.tags.tolist() == [[False, False], [True, True]]
    assert (part.name, part.tag_names, part.files) == ("part", ("sea", "sky"), NAMES[1:])


def test_tags_cannot_be_changed_from_outside() -> None:
    given = TAGS.copy()
    made = photos(tags=given, tag_names=("sea", "sky"))
    given[:] = False
    assert made.tags is not None
    assert made.tags[0].all()
    with pytest.raises(ValueError, match="read-only"):
        made.tags[0] = False


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": TAGS, "tag_names": ("sea",)},
        {"tags": TAGS[:2], "tag_names": ("sea", "sky")},
        {"tags": TAGS.astype(int), "tag_names": ("sea", "sky")},
        {"tags": TAGS[:, 0], "tag_names": ("sea",)},
    ],
)
def test_tags_that_do_not_fit_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(DataError, match="tags of three must be booleans"):
        photos(**changes)
