"""The group of the red team's verbs."""

from __future__ import annotations


def test_the_group_says_what_it_is_for(unfind) -> None:
    assert "to measure what they withstand" in unfind("redteam").out
