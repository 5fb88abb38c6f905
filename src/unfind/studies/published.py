"""The figures that papers have printed, for standing beside measured ones.

``published_mip.csv`` holds Tables 2 and 3 of Liu et al., "Turning backdoors for efficient privacy protection against
image retrieval violations", Information Processing and Management 60 (2023) 103471, in per cent. They were measured by
the paper protocol, so nothing else may stand in one row with them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

SOURCE = "Liu et al. 2023 (MIP), Tables 2 and 3"
FILE = "published_mip.csv"

DATA = ("cub200", "inshop", "cars196", "sop")
BACKBONES = ("resnet50", "inception-v1")
CRAFTING: dict[str, dict[str, float | None]] = {
    "GTX 3080 Ti": {"badnets": 50, "blended": 52, "stegastamp": 605, "hdm": 4344},
    "Xiaomi 10": {"badnets": 163, "blended": 180, "stegastamp": 1003, "hdm": None},
}
"""Table 1: milliseconds for one image by device and method; HDM (100 iterations) ran out of memory on the phone."""

STEALTH = {
    "badnets": {"mse": 114.14, "psnr": 29.64, "ssim": 0.99},
    "blended": {"mse": 18.04, "psnr": 37.06, "ssim": 0.99},
    "stegastamp": {"mse": 54.60, "psnr": 30.89, "ssim": 0.90},
    "hdm": {"mse": 5.83, "psnr": 42.71, "ssim": 0.98},
}
"""Table 4, on 1,000 photos from the web."""


@dataclass(frozen=True)
class Published:
    """One row of a published table.

    Attributes:
        data: data set: "cub200", "inshop", "cars196" or "sop".
        backbone: "resnet50" or "inception-v1".
        method: "clean", "label", "pbl" or "cbl".
        task: "c2c", "c2p", "p2c" or "p2p".
        metrics: fractions in 0..1 by name: recall@1, recall@2, recall@4, nmi, f1, map_c.
    """

    data: str
    backbone: str
    method: str
    task: str
    metrics: dict[str, float]


def published(data: str, *, backbone: str | None = None, method: str | None = None) -> list[Published]:
    """The published rows of a data set, in the order of the table; none where the papers did not measure it.

    Args:
        data: name of a data set, also of a part of it such as "cub200/test".
        backbone: only this one; None for both. ``timm:NAME`` and ``torchvision:NAME`` are looked up by NAME.
        method: only this one; None for all.
    """
    name = data.partition("/")[0]
    wanted = None if backbone is None else published_backbone(backbone)
    return [
        row for row in _rows() if row.data == name and wanted in (None, row.backbone) and method in (None, row.method)
    ]


def published_backbone(spec: str) -> str:
    """The paper's name of a backbone: GoogLeNet is Inception-v1; others keep their own."""
    name = spec.partition(":")[2] or spec
    return "inception-v1" if name in ("googlenet", "inception_v1") else name.partition(".")[0]


@cache
def _rows() -> tuple[Published, ...]:
    text = (files("unfind.studies") / FILE).read_text(encoding="utf-8")
    return tuple(_row(row) for row in csv.DictReader(text.splitlines()))


def _row(row: dict[str, str]) -> Published:
    data, backbone, method, task = (row.pop(name) for name in ("data", "backbone", "method", "task"))
    return Published(data, backbone, method, task, {name: float(value) / 100 for name, value in row.items()})
