"""Every table and figure in miniature: its models, its rows, its plot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from unfind.defences.choose import FILTERS, MODEL_DEFENCES
from unfind.studies import crafting
from unfind.studies import mip_artefacts as module
from unfind.studies.mip_artefacts import ARTEFACTS, PRIVATE, RATIOS
from unfind.studies.mip_grid import Cell, Grid
from unfind.studies.mip_rows import SCORE, STRICT, SUCCESS, mean_of, table

TRIGGERS = ("spread-spectrum", "badnets")


@pytest.fixture(scope="module", autouse=True)
def _few_points() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "RATIOS", (0.5,))
        patch.setattr(module, "BETAS", (0.0,))
        patch.setattr(module, "GAMMAS", (0.0, 0.5))
        for name, kind in {**FILTERS, **MODEL_DEFENCES}.items():
            patch.setattr(kind, "curve", (1,) if name in ("finetune", "distil") else kind.curve[:1])
        yield


def measured(grid: Grid, name: str, triggers: tuple[str, ...] = TRIGGERS[:1]) -> tuple[list[dict[str, Any]], bytes]:
    artefact = ARTEFACTS[name]
    rows, draw = artefact.measure(grid, artefact.cells(triggers), triggers)
    picture = draw("svg")
    assert picture == draw("svg")
    return rows, picture


def test_the_tables_and_figures_are_those_that_can_be_measured() -> None:
    tables = [f"table-{n}" for n in (1, 2, 3, 4, 5)]
    assert list(ARTEFACTS) == [*tables, *(f"figure-{n}" for n in (2, 6, 8, 9, 10, 11, 12)), "doubts"]


def test_which_models_each_needs() -> None:
    names = {name: [cell.name for cell in artefact.cells(TRIGGERS)] for name, artefact in ARTEFACTS.items()}
    assert len(names["table-2"]) == 6
    assert names["table-2"] == names["table-3"]
    assert names["table-1"] == names["table-4"] == []
    assert names["table-5"] == [
        "pbl-spread-spectrum",
        "pbl-spread-spectrum-domain_weight=0",
        "pbl-spread-spectrum-augmentation_weight=0",
    ]
    assert names["doubts"] == names["figure-2"]
    assert names["figure-2"] == [f"{method}-spread-spectrum" for method in ("label", "pbl", "cbl")]
    assert names["figure-6"] == [f"{m}-{trigger}" for trigger in TRIGGERS for m in ("pbl", "cbl")]
    assert len(names["figure-8"]) == 2
    assert names["figure-9"] == ["pbl-spread-spectrum-ratio=0.5", "cbl-spread-spectrum-ratio=0.5"]
    assert names["figure-10"] == ["pbl-spread-spectrum"]
    assert names["figure-11"] == names["figure-12"] == ["pbl-spread-spectrum", "cbl-spread-spectrum"]
    assert (RATIOS[0], RATIOS[-1]) == (0.01, 0.3)


def test_table_2_and_3(grid: Grid) -> None:
    rows, picture = measured(grid, "table-2")
    for method in ("label", "pbl", "cbl"):
        for task in PRIVATE:
            assert mean_of(rows, method=method, task=task, metric="map_r", measure=SUCCESS) is not None
    assert "published" not in {row["protocol"] for row in rows}  # waves are no data set of the paper
    assert b"PSR of map_r, spread-spectrum" in picture
    assert measured(grid, "table-3")[0] == rows


def test_table_1_holds_the_published_times_beside_the_measured_ones(
    grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crafting, "PHOTOS", 1)
    rows, picture = module._crafting_table(grid, [], TRIGGERS)
    lines = dict(ARTEFACTS)["table-1"]
    assert mean_of(rows, method="hdm", device="GTX 3080 Ti", metric="milliseconds") == 4344
    assert mean_of(rows, method="hdm", device="Xiaomi 10", metric="milliseconds") is None
    head, body = table(rows, lines.keys, lines.numbers, per_cent=False)
    assert head == ["method", "protocol", "device", "iterations", *lines.numbers]
    assert [line[0] for line in body if line[1] == "measured"] == [*TRIGGERS, "hashstash"]
    assert b"cloak (ms)" in picture(format="svg")


def test_table_5_names_the_terms(grid: Grid) -> None:
    rows, picture = measured(grid, "table-5")
    terms = [row.get("terms") for row in rows if row["method"] == "pbl"]
    assert set(terms) == {"L_i + L_d + L_p", "without L_d", "without L_p"}
    whole = grid.report(Cell("pbl"), 0)["protected_model"]["c2p"]["nmi"]["value"]
    assert mean_of(rows, terms="L_i + L_d + L_p", task="c2p", metric="nmi", protocol=STRICT, measure=SCORE) == whole
    assert b"without L_d" in picture


def test_doubts_draw_the_control_experiment(grid: Grid) -> None:
    rows, picture = measured(grid, "doubts")
    assert {row["doubt"] for row in rows} == {"codec", "protocol", "collapse", "centres", "weak cell", "album"}
    assert b"mark, all through one codec" in picture
    for name in ARTEFACTS["doubts"].also:
        assert (grid.place(0, name) / "model.json").exists()


def test_figure_8_is_a_grid(grid: Grid) -> None:
    rows, picture = measured(grid, "figure-8")
    facts = {(row.get("domain_weight"), row.get("augmentation_weight")) for row in rows if row["method"] == "pbl"}
    assert facts == {(0.0, 0.0), (0.0, 0.5)}
    assert "β".encode() in picture


def test_figure_10_lists_five_hits_for_each_query(grid: Grid) -> None:
    rows, _ = measured(grid, "figure-10")
    queries = {(row["query"], row["by"]) for row in rows}
    assert len(queries) == 6
    assert len(rows) == 30
    assert all(row["hit"] != row["query"] for row in rows)
    for row in rows:  # a class is its folder here
        assert row["right"] is (row["hit"].split("/")[0] == row["query"].split("/")[0])


@pytest.mark.parametrize(("name", "known"), [("figure-11", FILTERS), ("figure-12", MODEL_DEFENCES)])
def test_figures_11_and_12_hold_every_defence(grid: Grid, name: str, known: dict[str, Any]) -> None:
    rows, picture = measured(grid, name)
    assert list(dict.fromkeys(row["defence"] for row in rows)) == ["none", *known]
    assert {row["method"] for row in rows} == {"pbl", "cbl"}
    assert all(one.encode() in picture for one in known)


@pytest.mark.parametrize("name", ["table-4", "figure-2", "figure-6", "figure-9"])
def test_the_others_have_rows_and_a_plot(grid: Grid, name: str) -> None:
    rows, picture = measured(grid, name)
    assert rows
    assert b"<svg" in picture


def test_printed_columns_are_measured(grid: Grid) -> None:
    for name in ("table-2", "table-3", "figure-6", "figure-9"):
        rows = measured(grid, name)[0]
        for protocol, metrics in ARTEFACTS[name].metrics.items():
            if protocol != "published":
                assert {row["metric"] for row in rows if row["protocol"] == protocol} >= set(metrics)
