from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from unfind.datasets.flickr25k import POTENTIAL, RELEVANT, flickr25k
from unfind.datasets.hash_split import Sizes
from unfind.errors import DataError

Tree = Callable[..., Path]
COUNT = 20
SHOWN = {"sky": range(1, 16), "sea": range(8, 18), "sea_r1": (9, 10), "animals": (1,)}
small = partial(flickr25k, sizes=Sizes(query=4, train=6, validation=3))


@pytest.fixture
def album(tree: Tree, tmp_path: Path) -> Path:
    """The official layout with 20 photos, of which the last three show nothing that has a name."""
    tree(tmp_path, [f"mirflickr/im{i}.jpg" for i in range(1, COUNT + 1)])
    notes = tmp_path / "mirflickr25k_annotations_v080"
    notes.mkdir()
    for name in POTENTIAL + RELEVANT:
        (notes / f"{name}.txt").write_text("".join(f"{i}\r\n" for i in SHOWN.get(name, ())))
    (notes / "README.txt").write_text("not a concept")
    return tmp_path


def test_the_38_concepts_of_the_annotations() -> None:
    assert (len(POTENTIAL), len(RELEVANT), len(set(POTENTIAL + RELEVANT))) == (24, 14, 38)
    assert all(name.removesuffix("_r1") in POTENTIAL for name in RELEVANT)


def test_official_layout(album: Path) -> None:
    split = small(album)
    assert split.gallery is not None
    assert [len(part) for part in (split.test, split.train, split.validation, split.gallery)] == [4, 6, 3, 13]
    whole = {**_tags_of(split.test), **_tags_of(split.gallery)}
    assert len(whole) == 17
    for number in range(1, 18):
        assert whole[f"im{number}.jpg"] == {name for name, shown in SHOWN.items() if number in shown}
    assert split.test.read(0) == (album / "mirflickr" / split.test.files[0]).read_bytes()


def test_identical_sets_of_concepts_are_one_class(album: Path) -> None:
    split = small(album)
    assert split.gallery is not None
    names = {split.gallery.classes[label] for label in split.gallery.labels} | {
        split.test.classes[label] for label in split.test.labels
    }
    assert names == {"animals+sky", "sky", "sea+sky", "sea+sky+sea_r1", "sea"}


def test_the_24_potential_concepts_alone(album: Path) -> None:
    split = small(album, concepts=24)
    assert split.test.tag_names == POTENTIAL


def test_notes_say_what_differs_from_papers(album: Path) -> None:
    same, count, left = small(album).notes
    assert "no zero-shot" in same
    assert "25,000" in count
    assert left.startswith("3 of 20 photos")


def test_the_usual_split_needs_the_usual_photos(album: Path) -> None:
    with pytest.raises(DataError, match="at least 6001 photos to be split, but has 17"):
        flickr25k(album)


@pytest.mark.parametrize("gone", ["mirflickr/im1.jpg", "mirflickr25k_annotations_v080/animals.txt"])
def test_absent_data_says_where_it_is(album: Path, gone: str) -> None:
    (album / gone).unlink()
    with pytest.raises(DataError, match=r"press\.liacs\.nl/mirflickr"):
        small(album)


def test_an_absent_concept_is_named(album: Path) -> None:
    (album / "mirflickr25k_annotations_v080/tree_r1.txt").unlink()
    with pytest.raises(DataError, match=r"tree_r1\.txt must list the numbers"):
        small(album)


def test_a_gap_in_the_numbers_is_refused(album: Path) -> None:
    (album / "mirflickr/im7.jpg").unlink()
    with pytest.raises(DataError, match=r"im7\.jpg is absent"):
        small(album)


@pytest.mark.parametrize(("text", "said"), [("21", "lists 21 to 21"), ("0 5", "lists 0 to 5"), ("im5", "must list")])
def test_numbers_that_cannot_be_right(album: Path, text: str, said: str) -> None:
    (album / "mirflickr25k_annotations_v080/sky.txt").write_text(text)
    with pytest.raises(DataError, match=said):
        small(album)


def test_published_lists_win(album: Path) -> None:
    for name, numbers in (("train", (1, 2)), ("test", (3,)), ("database", (1, 2, 4, 5))):
        rows = "".join(f"mirflickr/im{i}.jpg 1 {i % 2}\n" for i in numbers)
        (album / f"{name}.txt").write_text(rows)
    split = flickr25k(album)
    assert split.test.files == ("mirflickr/im3.jpg",)
    assert set(split.validation.files) == {"mirflickr/im4.jpg", "mirflickr/im5.jpg"}


def _tags_of(photos) -> dict[str, set[str]]:
    return {
        file: {photos.tag_names[tag] for tag in np.flatnonzero(row)}
        for file, row in zip(photos.files, photos.tags, strict=True)
    }
