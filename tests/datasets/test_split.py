from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.datasets.photo_set import PhotoSet, by_class_name
from unfind.datasets.split import Split, class_counts, hold_out, lonely_notes, split_at, split_by_class, take
from unfind.errors import DataError, UsageError

Sized = Callable[..., PhotoSet]


def classes_of(photos: PhotoSet) -> set[str]:
    return {photos.classes[label] for label in photos.labels}


def names(*numbers: int) -> set[str]:
    return {f"c{number:03d}" for number in numbers}


def parts(split: Split) -> list[PhotoSet]:
    return [split.train, split.validation, split.test]


def test_first_half_trains_and_every_fifth_of_it_validates(sized: Sized) -> None:
    split = split_by_class(sized([2] * 20))
    assert classes_of(split.validation) == names(4, 9)
    assert classes_of(split.train) == names(0, 1, 2, 3, 5, 6, 7, 8)
    assert classes_of(split.test) == names(*range(10, 20))
    assert split.gallery is None
    assert split.notes == ()


def test_given_number_of_training_classes(sized: Sized) -> None:
    split = split_by_class(sized([2] * 20), train_classes=15, validation_every=3)
    assert classes_of(split.validation) == names(2, 5, 8, 11, 14)
    assert classes_of(split.test) == names(15, 16, 17, 18, 19)


def test_classes_go_by_name_not_by_label() -> None:
    table = ("z", "y", "x", "w", "v", "u")
    files = tuple(f"{c}{i}" for c in table for i in (1, 2))
    photos = PhotoSet("unsorted", files, np.repeat(np.arange(6), 2), table, str.encode)
    assert classes_of(split_by_class(photos).test) == {"y", "z"}


def test_six_classes_are_just_enough(sized: Sized) -> None:
    split = split_by_class(sized([2] * 6))
    assert [len(classes_of(part)) for part in parts(split)] == [2, 2, 2]


@pytest.mark.parametrize("sizes", [[2], [2] * 5, [5, 5, 5, 5, 5, 1, 1, 1]])
def test_too_few_classes_say_how_many_are_needed(sized: Sized, sizes: list[int]) -> None:
    with pytest.raises(DataError, match="at least 6 classes with two photos or more"):
        split_by_class(sized(sizes))


def test_no_photo_at_all_is_refused(sized: Sized) -> None:
    with pytest.raises(DataError, match="has 0 among 0 photos"):
        split_by_class(sized([2]).subset([]))


def test_unlabelled_photos_are_refused() -> None:
    photos = PhotoSet("flat", ("a", "b"), np.arange(2), ("a", "b"), str.encode, labelled=False)
    with pytest.raises(DataError, match="no labels"):
        split_by_class(photos)


@pytest.mark.parametrize("train_classes", [-1, 0, 3, 9, 100])
def test_a_cut_that_starves_a_part_is_refused(sized: Sized, train_classes: int) -> None:
    with pytest.raises(UsageError, match=r"4\.\.8 for the 10 classes"):
        split_by_class(sized([2] * 10), train_classes=train_classes)


def test_validation_every_must_leave_classes_to_train(sized: Sized) -> None:
    with pytest.raises(UsageError, match="at least 2"):
        split_by_class(sized([2] * 10), validation_every=1)


def test_lonely_classes_stay_and_are_counted(sized: Sized) -> None:
    split = split_by_class(sized([1, 2, 2, 2, 2, 2, 2, 1, 1, 1]))
    assert sum(len(part) for part in parts(split)) == 16
    assert {"c007", "c008", "c009"} <= classes_of(split.test)
    assert "c000" in classes_of(split.train)
    (note,) = split.notes
    assert note.startswith("4 of the classes of made have one photo only (c000, c007, c008, ...)")


def test_lonely_notes_say_nothing_without_lonely_classes(sized: Sized) -> None:
    assert lonely_notes(sized([2, 1]), [0]) == ()


def test_split_at_refuses_a_class_on_both_sides(sized: Sized) -> None:
    with pytest.raises(DataError, match="'c003' is on both sides"):
        split_at(sized([2] * 8), [0, 1, 2, 3], [3, 4, 5])


def test_hold_out_needs_four_retrievable_classes(sized: Sized) -> None:
    with pytest.raises(DataError, match="at least 4 classes"):
        hold_out(sized([2, 2, 2, 1, 1]), [0, 1, 2, 3, 4])


def test_hold_out_never_takes_lonely_classes(sized: Sized) -> None:
    fit, held_out = hold_out(sized([2, 1, 2, 1, 2, 2]), list(range(6)), validation_every=2)
    assert held_out == [2, 5]
    assert fit == [0, 1, 3, 4]


def test_take_and_counts_against_a_slow_loop(sized: Sized) -> None:
    photos = sized([3, 1, 2])
    assert class_counts(photos).tolist() == [sum(photos.labels == c) for c in range(3)]
    assert take(photos, [0, 2], "part").files == tuple(f for f in photos.files if not f.startswith("c001"))
    assert take(photos, [0], "part").name == "made/part"


def test_split_refuses_empty_parts_and_foreign_classes(sized: Sized) -> None:
    photos = sized([2, 2])
    with pytest.raises(DataError, match="the validation part"):
        Split(photos, photos.subset([]), photos)
    with pytest.raises(DataError, match="class table"):
        Split(photos, photos, sized([2, 2, 2]))
    with pytest.raises(DataError, match="that of gallery"):
        Split(photos, photos, photos, gallery=sized([2]))


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=40), st.integers(2, 7), st.data())
def test_parts_are_disjoint_complete_scorable_and_repeatable(sizes: list[int], every: int, data: st.DataObject) -> None:
    files = [f"{c:02d}-{i}" for c, size in enumerate(sizes) for i in range(size)]
    order = data.draw(st.permutations(files))
    photos = by_class_name("any", order, [file[:2] for file in order], str.encode)
    if sum(size > 1 for size in sizes) < 6:
        with pytest.raises(DataError):
            split_by_class(photos, validation_every=every)
        return
    split = split_by_class(photos, validation_every=every)
    seen = [classes_of(part) for part in parts(split)]
    assert sum(map(len, seen)) == len(set().union(*seen))
    assert sorted(file for part in parts(split) for file in part.files) == sorted(files)
    assert all((class_counts(part) > 1).sum() >= 2 for part in parts(split))
    assert max(seen[0] | seen[1]) < min(seen[2])
    again = split_by_class(photos, validation_every=every)
    assert [part.files for part in parts(again)] == [part.files for part in parts(split)]
    assert bool(split.notes) == (1 in sizes)
