from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.datasets.listing import count_notes, official_root, read_rows, require_files
from unfind.errors import DataError

Tree = Callable[..., Path]


def test_root_may_be_the_folder_or_the_one_around_it(tree: Tree, tmp_path: Path) -> None:
    tree(tmp_path / "inner", {"list.txt": b""})
    assert official_root(tmp_path / "inner", "list.txt", hint="see") == tmp_path / "inner"
    assert official_root(tmp_path, "list.txt", inside=("x", "inner"), hint="see") == tmp_path / "inner"


def test_root_without_marker_ends_with_the_hint(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"must hold list\.txt, but does not; get it there\.$"):
        official_root(tmp_path, "list.txt", hint="get it there")


def test_rows_keep_blanks_in_the_last_column(tree: Tree, tmp_path: Path) -> None:
    tree(tmp_path, {"list.txt": b"header\n1 a b.jpg \n\n2\t c.jpg\n"})
    assert read_rows(tmp_path / "list.txt", 2, header=1) == [["1", "a b.jpg"], ["2", "c.jpg"]]


def test_short_row_is_shown(tree: Tree, tmp_path: Path) -> None:
    tree(tmp_path, {"list.txt": b"1 a.jpg\n2\n"})
    with pytest.raises(DataError, match=r"row 2 of .*list\.txt must have 2 columns, but reads '2'"):
        read_rows(tmp_path / "list.txt", 2)


def test_lists_that_are_no_text_or_absent(tree: Tree, tmp_path: Path) -> None:
    tree(tmp_path, {"list.txt": b"\xff\xfe\x00"})
    for name in ("list.txt", "absent.txt"):
        with pytest.raises(DataError, match="readable list in UTF-8"):
            read_rows(tmp_path / name, 2)


@settings(deadline=None, max_examples=60)
@given(data=st.binary(max_size=60))
def test_any_bytes_give_rows_or_our_error(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(data)
    try:
        rows = read_rows(path, 2)
    except DataError:
        return
    assert all(len(row) == 2 for row in rows)


def test_all_listed_files_are_there(tree: Tree, tmp_path: Path) -> None:
    files = ["a/1.jpg", "a/2.jpg", "3.jpg"]
    require_files(tree(tmp_path, files), files, "list.txt")


def test_first_three_absent_files_are_named_and_all_counted(tree: Tree, tmp_path: Path) -> None:
    files = ["a/1.jpg", "a/2.jpg", "b/3.jpg", "b/4.jpg", "b/5.jpg"]
    with pytest.raises(
        DataError, match=r"all 5 .* list\.txt .* but 4 are absent \(a/2\.jpg, b/3\.jpg, b/4\.jpg, \.\.\.\)"
    ):
        require_files(tree(tmp_path, files[:1]), files, "list.txt")


def test_lists_cannot_reach_outside(tree: Tree, tmp_path: Path) -> None:
    tree(tmp_path, ["secret.jpg", "data/1.jpg"])
    with pytest.raises(DataError, match="only name files inside"):
        require_files(tmp_path / "data", ["1.jpg", "../secret.jpg"], "list.txt")


def test_count_notes_name_only_what_differs() -> None:
    assert count_notes("SOP", {"train": 2, "test": 3}, {"train": 2, "test": 3}) == ()
    (note,) = count_notes("SOP", {"train": 2, "test": 3}, {"train": 2, "test": 60_502})
    assert "60,502 test photos but has 3 here" in note
