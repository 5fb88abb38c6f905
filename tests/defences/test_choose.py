from __future__ import annotations

import pytest

from unfind.defences.base import ImageFilter, ModelDefence
from unfind.defences.choose import FILTERS, MODEL_DEFENCES, make_defence, make_filter
from unfind.defences.median import MedianFilter
from unfind.defences.prune import FinePrune
from unfind.errors import UsageError


def test_by_name_and_settings() -> None:
    assert isinstance(make_filter("median", {"size": 5}), MedianFilter)
    defence = make_defence("fine-prune", {"fraction": 0.1, "steps": 3})
    assert isinstance(defence, FinePrune)
    assert defence.settings() == {"fraction": 0.1, "steps": 3, "learning_rate": 1e-4, "seed": 0}


def test_the_filters_are_those_of_figure_11() -> None:
    assert list(FILTERS) == ["mean", "box", "gaussian", "median", "nlm"]


def test_no_name_is_taken_twice() -> None:
    assert not FILTERS.keys() & MODEL_DEFENCES.keys()
    assert all(issubclass(kind, ImageFilter) for kind in FILTERS.values())
    assert all(issubclass(kind, ModelDefence) for kind in MODEL_DEFENCES.values())


@pytest.mark.parametrize("name", ["", "prune", "Mean", "bilateral"])
def test_an_unknown_filter_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError, match=f"filter out of mean, box, gaussian, median, nlm, got '{name}'"):
        make_filter(name)


@pytest.mark.parametrize("name", ["", "mean", "fine_prune"])
def test_an_unknown_defence_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError, match="defence out of prune, fine-prune, finetune, quantise, distil"):
        make_defence(name)


def test_unknown_settings_are_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="settings of gaussian out of sigma, got 'size'"):
        make_filter("gaussian", {"size": 3})
    with pytest.raises(UsageError, match="settings of quantise out of bits, got 'fraction'"):
        make_defence("quantise", {"fraction": 0.2})
