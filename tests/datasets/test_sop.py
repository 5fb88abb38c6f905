from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from unfind.datasets.sop import sop
from unfind.errors import DataError

Tree = Callable[..., Path]


def write_list(path: Path, products: list[int]) -> list[str]:
    photos = [(product, f"chair_final/{product}_{i}.JPG") for product in products for i in range(2)]
    lines = [f"{n} {product} 3 {photo}" for n, (product, photo) in enumerate(photos, 1)]
    path.write_text("\n".join(["image_id class_id super_class_id path", *lines]))
    return [photo for _, photo in photos]


@pytest.fixture
def shop(tree: Tree, tmp_path: Path) -> Path:
    home = tmp_path / "Stanford_Online_Products"
    home.mkdir()
    files = write_list(home / "Ebay_train.txt", [1, 2, 3, 9, 10, 11])
    tree(home, files + write_list(home / "Ebay_test.txt", [12, 13, 100]))
    return tmp_path


def test_official_lists(shop: Path) -> None:
    split = sop(shop)
    assert [len(part) for part in (split.train, split.validation, split.test)] == [8, 4, 6]
    assert {split.test.classes[label] for label in split.test.labels} == {"00012", "00013", "00100"}
    assert split.gallery is None
    assert [note.split()[4] for note in split.notes] == ["59,551", "60,502"]
    assert split.test.read(0) == (shop / "Stanford_Online_Products" / split.test.files[0]).read_bytes()


def test_inner_folder_is_found_too(shop: Path) -> None:
    assert len(sop(shop / "Stanford_Online_Products").test) == 6


def test_absent_data_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cvgl\.stanford\.edu/projects/lifted_struct"):
        sop(tmp_path)


def test_absent_test_list_is_named(shop: Path) -> None:
    (shop / "Stanford_Online_Products/Ebay_test.txt").unlink()
    with pytest.raises(DataError, match=r"Ebay_test\.txt"):
        sop(shop)


def test_a_product_in_both_lists_is_refused(shop: Path, tree: Tree) -> None:
    home = shop / "Stanford_Online_Products"
    lines = (home / "Ebay_test.txt").read_text() + "\n99 3 3 chair_final/extra.JPG"
    (home / "Ebay_test.txt").write_text(lines)
    tree(home, ["chair_final/extra.JPG"])
    with pytest.raises(DataError, match="'00003' is on both sides"):
        sop(shop)


def test_absent_photos_are_counted(shop: Path) -> None:
    for photo in list((shop / "Stanford_Online_Products/chair_final").iterdir())[:5]:
        photo.unlink()
    with pytest.raises(DataError, match=r"5 are absent \(.*, \.\.\.\)"):
        sop(shop)
