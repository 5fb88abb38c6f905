"""Cloaks by name."""

from __future__ import annotations

import pytest

from unfind.cloaks.choose import CLOAKS, make_cloak
from unfind.cloaks.pace import Pace
from unfind.cloaks.rnm import RNM
from unfind.cloaks.tanh import Tanh
from unfind.errors import UsageError


def test_names_say_how_the_target_is_chosen() -> None:
    assert [make_cloak(name).aim for name in ("rnm", "rnm-p2p", "rnm-p2s")] == ["p2s", "p2p", "p2s"]
    assert isinstance(make_cloak("rnm-p2p"), RNM)
    assert isinstance(make_cloak("tanh-p2p"), Tanh)
    assert make_cloak("tanh-p2p").aim == "p2p"


def test_pace_and_settings_arrive() -> None:
    cloak = make_cloak("rnm", Pace(budget=0.1), p=2.0)
    assert isinstance(cloak, RNM)
    assert (cloak.pace.budget, cloak.p) == (0.1, 2.0)


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(UsageError) as caught:
        make_cloak("rmn")
    assert all(name in str(caught.value) for name in CLOAKS)


@pytest.mark.parametrize("name", sorted(CLOAKS))
def test_an_unknown_setting_is_an_error(name: str) -> None:
    with pytest.raises(UsageError, match=f"settings that the cloak {name} knows"):
        make_cloak(name, alhpa=1)
