from __future__ import annotations

import posixpath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.datasets.names import is_photo, leads_outside, refuse_outside
from unfind.errors import DataError


@pytest.mark.parametrize("name", ["a.jpg", "x/a.JPEG", "x/y.z/a.png", "ü/ä.WebP"])
def test_photos(name: str) -> None:
    assert is_photo(name)


@pytest.mark.parametrize(
    "name", ["", "a", "jpg", ".jpg", ".a.jpg", "x/.y/a.jpg", "__MACOSX/a.jpg", "a.gif", "a.jpg.txt"]
)
def test_what_is_hidden_or_no_photo(name: str) -> None:
    assert not is_photo(name)


@pytest.mark.parametrize("name", ["/a.jpg", "../a.jpg", "x/../../a.jpg", "x/..", "C:/a.jpg", "x\\a.jpg", "a\0.jpg"])
def test_names_that_lead_outside(name: str) -> None:
    assert leads_outside(name)
    with pytest.raises(DataError, match=r"list\.txt must only name files inside"):
        refuse_outside(["fine.jpg", name], "list.txt")


@pytest.mark.parametrize("name", ["a.jpg", "x/a..b.jpg", "...jpg", "x y/a.jpg"])
def test_names_that_stay_inside(name: str) -> None:
    assert not leads_outside(name)
    refuse_outside([name], "list.txt")


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="./\\aC:", max_size=12))
def test_whatever_passes_stays_below_the_root(name: str) -> None:
    if not leads_outside(name):
        inside = posixpath.normpath(posixpath.join("/root/folder", name))
        assert inside == "/root/folder" or inside.startswith("/root/folder/")
