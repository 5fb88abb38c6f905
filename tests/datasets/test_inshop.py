from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unfind.datasets.inshop import inshop
from unfind.errors import DataError

Tree = Callable[..., Path]


def rows() -> list[tuple[str, str, str]]:
    train = [(f"id_{i:08d}", "train") for i in range(1, 7) for _ in range(3)]
    measured = [(f"id_{i:08d}", role) for i in range(7, 10) for role in ("query", "gallery", "gallery")]
    return [(f"img/MEN/{item}/{n:03d}.jpg", item, role) for n, (item, role) in enumerate(train + measured)]


def write_list(path: Path, count: int | None = None, last: str = "") -> None:
    lines = [f"{name:<60}{item}  {role}" for name, item, role in rows()]
    path.parent.mkdir(parents=True, exist_ok=True)
    head = [str(len(lines) if count is None else count), "image_name item_id evaluation_status"]
    path.write_text("\n".join([*head, *lines, last]))


@pytest.fixture
def shop(tree: Tree, tmp_path: Path) -> Path:
    tree(tmp_path, [name for name, _, _ in rows()])
    write_list(tmp_path / "Eval/list_eval_partition.txt")
    return tmp_path


def test_official_roles(shop: Path) -> None:
    split = inshop(shop)
    assert split.gallery is not None
    assert [len(p) for p in (split.train, split.validation, split.test, split.gallery)] == [12, 6, 3, 6]
    assert set(split.test.files) == {name for name, _, role in rows() if role == "query"}
    assert set(split.gallery.files) == {name for name, _, role in rows() if role == "gallery"}
    assert set(split.test.labels.tolist()) == set(split.gallery.labels.tolist())
    learned = np.union1d(split.train.labels, split.validation.labels)
    assert not set(learned.tolist()) & set(split.test.labels.tolist())
    assert (split.test.name, split.gallery.name) == ("inshop/query", "inshop/gallery")
    assert split.test.read(0) == (shop / split.test.files[0]).read_bytes()


def test_counts_are_held_against_the_literature(shop: Path) -> None:
    assert [note.split()[4] for note in inshop(shop).notes] == ["25,882", "14,218", "12,612"]


def test_list_may_lie_in_the_root(shop: Path) -> None:
    (shop / "Eval/list_eval_partition.txt").rename(shop / "list_eval_partition.txt")
    assert len(inshop(shop).test) == 3


def test_absent_data_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"DeepFashion/InShopRetrieval\.html"):
        inshop(tmp_path)


def test_a_list_cut_short_is_refused(shop: Path) -> None:
    write_list(shop / "Eval/list_eval_partition.txt", count=28)
    with pytest.raises(DataError, match="reads '28' and 27 rows follow"):
        inshop(shop)


def test_an_empty_list_is_refused(shop: Path) -> None:
    (shop / "Eval/list_eval_partition.txt").write_text("")
    with pytest.raises(DataError, match="reads '' and 0 rows follow"):
        inshop(shop)


def test_unknown_role_is_refused(shop: Path) -> None:
    write_list(shop / "Eval/list_eval_partition.txt", count=28, last="img/a.jpg id_1 probe")
    with pytest.raises(DataError, match="not 'probe'"):
        inshop(shop)


def test_absent_photos_are_named(shop: Path) -> None:
    (shop / rows()[0][0]).unlink()
    with pytest.raises(DataError, match="1 are absent"):
        inshop(shop)
