"""Where codes go: distances from the target, and a map."""

from __future__ import annotations

import numpy as np
import pytest

from unfind.studies.ciba_codes import Kinds, distance_panel, distance_rows, distances, kinds_of, map_cloud
from unfind.studies.ciba_ground import CibaGround
from unfind.studies.ciba_trial import Crafted, Setting


@pytest.fixture
def kinds() -> Kinds:
    """The target's photos have all bits up; others differ from it in none, one, two ... of eight."""
    up = np.ones((3, 8), np.float32)
    steps = np.where(np.arange(8)[None] < np.arange(8)[:, None], -1, 1).astype(np.float32)
    return Kinds(target=up, others=-up, plain=steps, triggered=up[:2], poison=up)


def test_distances_are_bits_from_the_vote(kinds: Kinds) -> None:
    found = distances(kinds)
    assert found["target"].tolist() == [0, 0, 0]
    assert found["others"].tolist() == [8, 8, 8]
    assert found["plain"].tolist() == list(range(8))


def test_a_panel_shows_shares(kinds: Kinds) -> None:
    panel = distance_panel("x", kinds)
    assert list(panel.series) == ["target", "others", "plain", "triggered", "poison"]
    for shares in panel.series.values():
        assert sum(value for value in shares if value is not None) == pytest.approx(1)
    assert panel.series["triggered"][0] == 1
    assert panel.series["others"][-1] == 1


def test_rows_are_means(kinds: Kinds) -> None:
    rows = {row["kind"]: row for row in distance_rows(kinds, {"seed": 2})}
    assert rows["plain"] == {"seed": 2, "kind": "plain", "metric": "distance", "value": 3.5}
    assert len(rows) == 5


def test_kinds_of_a_model(ciba_ground: CibaGround, ciba_setting: Setting, crafted: Crafted) -> None:
    clean = ciba_ground.clean(ciba_setting.victim)
    found = kinds_of(ciba_ground, clean, "clean-dpsh-16", crafted)
    assert [len(codes) for codes in vars(found).values()] == [8, 40, 10, 10, 4]
    assert all(set(np.unique(codes)) <= {-1, 1} for codes in vars(found).values())
    assert np.array_equal(
        found.plain > 0, ciba_ground.codes(clean, "", ciba_ground.query.pixels[ciba_ground.searching]) >= 0
    )


def test_a_map_has_a_point_for_each_code(kinds: Kinds) -> None:
    cloud = map_cloud("x", kinds)
    assert {name: points.shape for name, points in cloud.groups.items()} == {
        "target": (3, 2), "others": (3, 2), "triggered": (2, 2), "poison": (3, 2),
    }  # fmt: skip
    again = map_cloud("x", kinds)
    assert all(np.array_equal(cloud.groups[name], again.groups[name]) for name in cloud.groups)
