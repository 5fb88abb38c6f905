from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unfind.datasets import nuswide as module
from unfind.datasets.hash_split import Sizes
from unfind.datasets.nuswide import ALL, nuswide, nuswide81
from unfind.errors import DataError

Tree = Callable[..., Path]
COUNT = 60
NAMES = [f"concept{number:02d}" for number in range(ALL)]


def shows(photo: int, concept: int) -> bool:
    """Concepts get rarer with their number; the last photo shows none."""
    return photo < COUNT - 1 and (photo % (concept + 1) == 0 if concept < 5 else photo % 10 == concept % 10)


@pytest.fixture
def wide(tree: Tree, tmp_path: Path) -> Path:
    files = [f"actor/{number:04d}_{number}.jpg" for number in range(COUNT)]
    tree(tmp_path / "Flickr", files)
    (tmp_path / "ImageList").mkdir()
    (tmp_path / "ImageList/Imagelist.txt").write_text("".join(f.replace("/", "\\") + "\r\n" for f in files))
    labels = tmp_path / "Groundtruth/AllLabels"
    labels.mkdir(parents=True)
    for concept, name in enumerate(NAMES):
        (labels / f"Labels_{name}.txt").write_text("".join(f"{int(shows(i, concept))}\n" for i in range(COUNT)))
    return tmp_path


def test_the_most_frequent_concepts_and_as_many_of_each(wide: Path) -> None:
    split = nuswide(wide, concepts=4, sizes=Sizes(query=2, train=4, validation=5))
    assert split.gallery is not None
    assert split.test.tag_names == tuple(NAMES[:4])
    assert [len(part) for part in (split.test, split.train, split.validation)] == [8, 16, 5]
    assert len(split.test) + len(split.gallery) == COUNT - 1
    assert split.test.tags is not None
    for file, row in zip(split.test.files, split.test.tags, strict=True):
        number = int(file[6:10])
        assert row.tolist() == [shows(number, concept) for concept in range(4)]
    assert split.test.read(0) == (wide / "Flickr" / split.test.files[0]).read_bytes()


def test_all_81_concepts_are_drawn_over_all_photos(wide: Path) -> None:
    split = nuswide(wide, concepts=ALL, sizes=Sizes(query=7, train=9, validation=3))
    assert split.test.tag_names == tuple(NAMES)
    assert [len(part) for part in (split.test, split.train, split.validation)] == [7, 9, 3]
    assert split.test.name == "nuswide81/query"
    assert any("269,648" in note and "60" in note for note in split.notes)


def test_21_concepts_are_held_against_the_published_count(wide: Path) -> None:
    split = nuswide(wide, sizes=Sizes(query=1, train=1, validation=3))
    assert len(split.test.tag_names) == 21
    assert any("195,834" in note for note in split.notes)


def test_the_two_words_ask_for_21_and_81(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[int] = []
    monkeypatch.setattr(module, "nuswide", lambda root, *, concepts=21: asked.append(concepts))
    module.nuswide(tmp_path)
    nuswide81(tmp_path)
    assert asked == [21, 81]


def test_the_usual_split_needs_the_usual_photos(wide: Path) -> None:
    with pytest.raises(DataError, match="needs 100 more photos tagged"):
        nuswide(wide)
    with pytest.raises(DataError, match="at least 16001 photos"):
        nuswide81(wide)


def test_absent_data_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"lms\.comp\.nus\.edu\.sg"):
        nuswide(tmp_path)


def test_an_absent_concept_is_noticed(wide: Path) -> None:
    (wide / "Groundtruth/AllLabels/Labels_concept80.txt").unlink()
    with pytest.raises(DataError, match=r"81 files Labels_CONCEPT\.txt, but holds 80"):
        nuswide(wide)


@pytest.mark.parametrize("text", ["1\n0\n", "2\n" * COUNT])
def test_a_damaged_concept_is_named(wide: Path, text: str) -> None:
    (wide / "Groundtruth/AllLabels/Labels_concept03.txt").write_text(text)
    with pytest.raises(DataError, match=r"Labels_concept03\.txt must say 0 or 1 for each of the 60 photos"):
        nuswide(wide)


def test_absent_photos_are_counted(wide: Path) -> None:
    (wide / "Flickr/actor/0005_5.jpg").unlink()
    with pytest.raises(DataError, match=r"1 are absent \(actor/0005_5\.jpg\)"):
        nuswide(wide, concepts=4)


def test_a_list_that_leads_outside_is_refused(wide: Path) -> None:
    path = wide / "ImageList/Imagelist.txt"
    path.write_text(path.read_text().replace("actor\\0000_0.jpg", "..\\secret.jpg"))
    with pytest.raises(DataError, match="only name files inside its own folder"):
        nuswide(wide, concepts=4)


def test_published_lists_win(wide: Path, tree: Tree) -> None:
    tree(wide, [f"images/{i}.jpg" for i in range(4)])
    for name, numbers in (("train", (0,)), ("test", (1,)), ("database", (0, 2, 3))):
        (wide / f"{name}.txt").write_text("".join(f"images/{i}.jpg 1 {i % 2}\n" for i in numbers))
    split = nuswide(wide)
    assert split.test.files == ("images/1.jpg",)
    assert split.test.tags is not None
    assert np.array_equal(split.test.tags, [[True, True]])
