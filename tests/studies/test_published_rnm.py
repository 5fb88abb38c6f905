"""The printed tables, against figures copied from the paper's text by hand and against themselves."""

from __future__ import annotations

import pytest

from unfind.studies.published_rnm import published


def value(table: int, data: str, method: str, bits: int, budget: float = 0.032) -> float:
    [row] = [row for row in published(table, data) if (row.method, row.bits, row.budget) == (method, bits, budget)]
    return row.value


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ((1, "flickr25k", "rnm-p2s", 48), 0.8949),
        ((1, "flickr25k", "rnm-p2p", 32), 0.8322),
        ((1, "nuswide", "tanh-p2s", 16), 0.7805),
        ((1, "nuswide", "noise", 48), 0.0096),
        ((1, "flickr25k", "original", 24, 0.0), 0.8069),
        ((2, "nuswide", "rnm-p2p", 24, 0.01), 0.5244),
        ((2, "nuswide", "tanh-p2p", 24, 0.05), 0.7723),
        ((3, "flickr25k", "hag", 32), 0.0453),
        ((3, "nuswide", "rnm-p2p", 48), 0.0975),
    ],
)
def test_figures_are_those_of_the_paper(cell: tuple[int, str, str, int], expected: float) -> None:
    assert value(*cell) == pytest.approx(expected)


@pytest.mark.parametrize(("table", "count"), [(1, 24), (3, 16)])
@pytest.mark.parametrize("data", ["flickr25k", "nuswide"])
def test_each_table_is_whole(table: int, count: int, data: str) -> None:
    rows = published(table, data)
    assert len(rows) == count
    assert {row.bits for row in rows} == {16, 24, 32, 48}
    assert len({(row.method, row.bits) for row in rows}) == count


def test_table_2_is_about_nuswide_alone() -> None:
    rows = published(2, "nuswide/query")
    assert len(rows) == 15
    assert {row.budget for row in rows} == {0.01, 0.02, 0.03, 0.04, 0.05}
    assert published(2, "flickr25k") == []


def test_targeted_cloaks_are_printed_above_the_original() -> None:
    """The paper's own reading of its first table."""
    for data in ("flickr25k", "nuswide"):
        for bits in (16, 24, 32, 48):
            assert value(1, data, "rnm-p2s", bits) > value(1, data, "original", bits, 0.0)


def test_other_data_were_not_measured() -> None:
    assert published(1, "cifar10") == []
