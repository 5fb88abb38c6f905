"""The paper section of a report, beside direct calls on the same embeddings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unfind.evaluation.paper import paper_scores, paper_tasks
from unfind.report.report_json import read_report, write_report
from unfind.studies.evaluate import Choices, Evaluation
from unfind.studies.paper_protocol import paper_section, perfect_map_c
from unfind.studies.views import PLAIN, TRIGGERED


@pytest.fixture(scope="module")
def section(evaluation: Evaluation) -> dict[str, Any]:
    return paper_section(evaluation)


def test_the_tasks_are_those_of_the_embeddings(evaluation: Evaluation, section: dict[str, Any]) -> None:
    plain, triggered = evaluation.protected[PLAIN], evaluation.protected[TRIGGERED]
    direct = paper_tasks(plain, triggered, evaluation.views.labels)
    for name, task in direct.items():
        assert section["protected_model"][name] == dict(task.metrics)
    before = evaluation.clean_model[PLAIN]
    scores = paper_scores(before, before, evaluation.views.labels)
    assert section["clean_model"]["c2c"]["map_c"]["value"] == pytest.approx(scores.values["map_c"].mean())


def test_drop_and_success_follow_equation_10(section: dict[str, Any]) -> None:
    before = section["clean_model"]["c2c"]["map_c"]["value"]
    for task in ("c2p", "p2c", "p2p"):
        after = section["protected_model"][task]["map_c"]["value"]
        assert section["psr"][task]["map_c"]["value"] == pytest.approx((before - after) / before)
    after = section["protected_model"]["c2c"]["map_c"]["value"]
    assert section["benign_drop"]["map_c"]["value"] == pytest.approx(before - after)


def test_strangers_that_were_dropped_are_counted(evaluation: Evaluation, section: dict[str, Any]) -> None:
    sides = {"c": evaluation.protected[PLAIN], "p": evaluation.protected[TRIGGERED]}
    for task, share in section["stranger_dropped"].items():
        found = paper_scores(sides[task[0]], sides[task[2]], evaluation.views.labels)
        assert share == pytest.approx(np.mean(found.dropped != np.arange(20)))
    assert section["stranger_dropped"]["p2p"] <= 0.1  # a photo is its own best match, but for exact ties


def test_a_perfect_search_of_five_photos_a_class(section: dict[str, Any]) -> None:
    assert section["perfect_map_c"] == pytest.approx(4 / 5)
    assert perfect_map_c(["a", "a", "b"]) == pytest.approx((0.5 + 0.5 + 0) / 3)


def test_published_rows_stand_there_for_the_papers_data_only(evaluation: Evaluation, section: dict[str, Any]) -> None:
    assert section["published"] is None
    cub = replace(evaluation, report={**evaluation.report, "dataset": "cub200/test"})
    found = paper_section(cub, choices=Choices(clustering=False))
    assert "Tables 2 and 3" in found["published"]["source"]
    assert len(found["published"]["rows"]) == 26
    assert "nmi" not in found["clean_model"]["c2c"]


def test_a_report_with_the_section_is_still_a_report(
    evaluation: Evaluation, section: dict[str, Any], tmp_path: Path
) -> None:
    write_report(tmp_path / "report.json", {"run": "test", **evaluation.report, "paper": section})
    read = read_report(tmp_path / "report.json")
    assert read["protocol"] == "strict"
    assert read["paper"]["protocol"] == "paper"
    assert "map_c" not in read["protected_model"]["c2c"]
    assert "map_r" not in read["paper"]["protected_model"]["c2c"]
