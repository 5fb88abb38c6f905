"""The published tables, against figures copied from the paper's text by hand and against themselves."""

from __future__ import annotations

import pytest

from unfind.studies.published import published, published_backbone


def value(data: str, backbone: str, method: str, task: str, metric: str) -> float:
    [row] = [row for row in published(data, backbone=backbone, method=method) if row.task == task]
    return row.metrics[metric]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (("cub200", "resnet50", "clean", "c2c", "recall@1"), 0.5425),
        (("cub200", "resnet50", "clean", "c2c", "map_c"), 0.1754),
        (("cub200", "resnet50", "pbl", "c2p", "map_c"), 0.0027),
        (("cub200", "resnet50", "cbl", "p2c", "map_c"), 0.0033),
        (("cub200", "resnet50", "pbl", "p2p", "recall@4"), 0.2596),
        (("inshop", "resnet50", "pbl", "c2p", "nmi"), 0.6438),
        (("cars196", "inception-v1", "cbl", "p2p", "f1"), 0.0776),
        (("sop", "resnet50", "cbl", "p2p", "recall@1"), 0.5391),
    ],
)
def test_figures_are_those_of_the_paper(cell: tuple[str, str, str, str, str], expected: float) -> None:
    assert value(*cell) == pytest.approx(expected)


def test_the_abstract_agrees_with_the_table() -> None:
    """Its headline figures are CBL's P->C map: 0.33, 0.04, 0.64 and 0.01 per cent."""
    found = [100 * value(d, "resnet50", "cbl", "p2c", "map_c") for d in ("cub200", "inshop", "cars196", "sop")]
    assert found == pytest.approx([0.33, 0.04, 0.64, 0.01])


@pytest.mark.parametrize("data", ["cub200", "cars196", "inshop", "sop"])
def test_each_data_set_has_every_method_on_both_backbones(data: str) -> None:
    rows = published(data)
    assert len(rows) == 26
    assert {(row.backbone, row.method, row.task) for row in rows} == {
        (backbone, method, task)
        for backbone in ("resnet50", "inception-v1")
        for method in ("clean", "label", "pbl", "cbl")
        for task in ("c2c", "c2p", "p2c", "p2p")
        if method != "clean" or task == "c2c"
    }
    for row in rows:
        assert list(row.metrics) == ["recall@1", "recall@2", "recall@4", "nmi", "f1", "map_c"]
        assert 0 <= row.metrics["recall@1"] <= row.metrics["recall@2"] <= row.metrics["recall@4"] <= 1


def test_parts_of_a_data_set_are_found_and_others_are_not() -> None:
    assert published("cub200/test") == published("cub200")
    assert published("photos/test") == []
    assert [row.task for row in published("sop", backbone="torchvision:googlenet", method="pbl")] == [
        "c2c",
        "c2p",
        "p2c",
        "p2p",
    ]


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("torchvision:resnet50", "resnet50"),
        ("timm:resnet50.a1_in1k", "resnet50"),
        ("timm:inception_v1", "inception-v1"),
        ("torchvision:googlenet", "inception-v1"),
        ("tiny", "tiny"),
    ],
)
def test_backbones_by_the_papers_names(spec: str, name: str) -> None:
    assert published_backbone(spec) == name
