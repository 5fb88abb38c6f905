"""``unfind export``: models as ONNX files, for a browser, a phone, or a server without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from unfind.cli.options import AsJson, OwnBackbone
from unfind.cli.output import print_json, print_table, progress_bar
from unfind.datasets.native import held_out, native_photos, photos_of
from unfind.studies.export_onnx import export_run

ParityData = Annotated[
    str, Parameter(name="--data", help="A folder or zip of photos, or another data set, to measure with.")
]
ParityPhotos = Annotated[int, Parameter(name="--photos", help="How many photos to measure with.")]


def export(
    run: Annotated[Path, Parameter(help="A model's folder.")],
    /,
    *,
    onnx: Annotated[Path, Parameter(help="Folder for the graphs and the report.")],
    data: ParityData = "photos",
    photos: ParityPhotos = 100,
    backbone: OwnBackbone = None,
    json: AsJson = False,
) -> None:
    """Write a model as ONNX: its encoder and its learned mark, both measured against torch.

    Every graph takes photos of 8 bits and any size; the resize is inside. A second form has weights of 8 bits. No key
    is in any file. parity.json says how far each form is from what torch computes.

    Example: unfind export protected --onnx graphs --data my/photos
    """
    with progress_bar() as progress:
        pixels = [photo.pixels for photo in native_photos(held_out(photos_of(data)), photos)]
        report = export_run(run, onnx, pixels, backbone=backbone, progress=progress)
    tell_parity(report, str(onnx), json)


def tell_parity(report: dict[str, Any], where: str, json: bool) -> None:
    """Print a report of graphs beside torch."""
    if json:
        print_json(report)
        return
    print_table(where, ["", ""], [[name, f"{value:.6g}" if isinstance(value, float) else str(value)]
                                  for name, value in _flat(report).items()])  # fmt: skip


def _flat(report: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in report.items():
        title = f"{before}{name}"
        flat |= _flat(value, f"{title} ") if isinstance(value, dict) else {title: value}
    return flat
