"""Rows in, sentences with their numbers out."""

from __future__ import annotations

from typing import Any

import pytest

from unfind.evaluation.protocol_effects import RECALLS, STRANGER, VARIANTS
from unfind.studies.codec_confound import CLEAN_MODEL, ONE_CODEC, PRIVATE, RUNS
from unfind.studies.mip_doubts import ALBUM, CENTRES, CODEC, COLLAPSE, METHODS, PROTOCOL, WEAK, published_successes
from unfind.studies.mip_findings import Finding, findings
from unfind.studies.mip_rows import SCORE, STRICT, SUCCESS, Row

TASKS = ("c2c", *PRIVATE)


@pytest.fixture
def rows() -> list[Row]:
    hidden = dict(zip((CLEAN_MODEL, ONE_CODEC, *RUNS), (0.01, 0.02, 0.6, 0.9), strict=True))
    codec = [
        {"doubt": CODEC, "model": model, "photos": photos, "task": task, "metric": "map_r", "measure": SUCCESS,
         "value": value if photos == "JPEG alone" else 0.5}
        for model, value in hidden.items() for photos in ("JPEG alone", "mark alone") for task in PRIVATE
    ]  # fmt: skip
    codec += [
        {"doubt": CODEC, "model": model, "photos": "as they are", "task": "c2c", "metric": "map_r", "measure": SCORE,
         "value": value}
        for model, value in zip(hidden, (0.5, 0.49, 0.48, 0.45), strict=True)
    ]  # fmt: skip
    protocol = [
        {"doubt": PROTOCOL, "method": method, "task": task, "metric": metric, "measure": SCORE,
         "value": {"map_own_r": 0.25, "map_first_nc": 0.24}.get(metric, 0.2)}
        for method in ("clean", *METHODS) for task in TASKS for metric in (*VARIANTS, *RECALLS, STRANGER)
    ]  # fmt: skip
    for method in METHODS:
        for task in PRIVATE:
            for metric in (*VARIANTS, *RECALLS):
                odd = (method, task, metric) == ("cbl", "p2p", "recall@1_first")
                protocol.append({"doubt": PROTOCOL, "method": method, "task": task, "metric": metric,
                                 "measure": SUCCESS, "value": 0.7 if odd else 0.8})  # fmt: skip
    centres = [
        {"doubt": CENTRES, "model": model, "metric": metric, "value": value}
        for model, used in (("untrained head, as published", 3.0), ("clean model", 50.0))
        for metric, value in (("centres", 68.0), ("used", used), ("busiest", 0.4), ("mean_cosine", 0.9))
    ]
    collapse: list[dict[str, Any]] = [
        {"doubt": COLLAPSE, "method": method, "photos": photos, "metric": metric, "value": value}
        for method in METHODS
        for photos, metric, value in (
            ("clean", "mean_cosine", 0.1), ("clean", "effective_rank", 50.0), ("triggered", "mean_cosine", 0.99),
            ("triggered", "effective_rank", 2.04), ("any", "f1_of_one_cluster", 0.05),
        )
    ]  # fmt: skip
    weak = [{"doubt": WEAK, "method": method, "protocol": STRICT, "task": task, "value": 0.9}
            for method in METHODS for task in PRIVATE]  # fmt: skip
    weak += [{"doubt": WEAK, **row} for row in published_successes()]
    album = [{"doubt": ALBUM, "method": method, "adoption": adoption, "metric": metric, "value": value}
             for method in METHODS for adoption in (0.1, 0.01)
             for metric, value in (("exposure@10", 0.0), ("album_leak@10", 0.2 / adoption))]  # fmt: skip
    return [*codec, *protocol, *centres, *collapse, *weak, *album]


@pytest.fixture
def found(rows: list[Row]) -> dict[str, Finding]:
    return {one.doubt: one for one in findings(rows)}


def test_every_doubt_is_answered_with_a_table_that_fits(found: dict[str, Finding]) -> None:
    assert list(found) == [CODEC, PROTOCOL, CENTRES, COLLAPSE, WEAK, ALBUM]
    for one in found.values():
        assert one.sentences
        assert one.body
        assert {len(line) for line in one.body} == {len(one.head)}


def test_the_codec_is_told_for_every_model(found: dict[str, Finding]) -> None:
    confounded, controls, alone = found[CODEC].sentences
    assert "60.00 %" in confounded
    assert "ordinary search has lost 4.00 %" in confounded
    assert "2.00 %" in controls
    assert "1.00 %" in controls
    assert "90.00 %" in alone
    assert "lost 10.00 %" in alone
    assert [CLEAN_MODEL, "JPEG alone", "0.00", "1.00", "1.00", "1.00"] in found[CODEC].body
    assert len(found[CODEC].body) == 4 * 2


def test_the_largest_move_by_the_first_hit_is_named(found: dict[str, Finding]) -> None:
    clean, moved = found[PROTOCOL].sentences
    assert "25.00 %" in clean
    assert "24.00 %" in clean
    assert "a stranger for 20.00 % of the queries" in moved
    assert "in P→P of cbl: by -10.00 points" in moved
    assert found[PROTOCOL].body[0] == ["clean", "C→C", "25.00", "20.00", "20.00", "24.00", "-", "-"]


def test_centres_and_collapse(found: dict[str, Finding]) -> None:
    assert "3 of 68 class centres" in found[CENTRES].sentences[0]
    assert found[CENTRES].body[1] == ["clean model", "68", "50", "40.00", "0.900"]
    assert "an F1 of 5.00 %" in found[COLLAPSE].sentences[0]
    assert "is 1.95 %" in found[COLLAPSE].sentences[1]
    assert "in 4 cells" in found[COLLAPSE].sentences[1]
    assert found[COLLAPSE].body[0] == ["label", "0.100", "50.0", "0.990", "2.0"]


def test_the_weak_cell_is_counted_in_the_published_tables(found: dict[str, Finding]) -> None:
    [sentence] = found[WEAK].sentences
    assert "of the 16 published combinations" in sentence
    assert "40.39 %" in sentence  # CBL on SOP with ResNet-50: 20.22 of 33.92


def test_the_album_is_told_where_there_is_one(found: dict[str, Finding]) -> None:
    [sentence] = found[ALBUM].sentences
    assert "Where 10 % of a gallery" in sentence
    assert "2.0 times" in sentence
    assert "20.00 % of the list" in sentence


def test_what_was_not_measured_is_said_so(rows: list[Row]) -> None:
    for row in rows:
        if row["doubt"] in (CODEC, ALBUM, PROTOCOL):
            row["value"] = None
    told = {one.doubt: one for one in findings(rows)}
    assert "nothing that could be measured" in told[CODEC].sentences[0]
    assert told[CODEC].body[0][2:] == ["-", "-", "-", "-"]
    assert told[ALBUM].body[0][2:] == ["-", "-"]
