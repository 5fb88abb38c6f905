"""Models as ONNX files, with a report of how far they are from what torch computes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unfind.errors import ImageError, ModelError
from unfind.images.photo import Pixels
from unfind.images.resize import to_square
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Encoder
from unfind.models.onnx_export import eight_bit_graph, onnx_graph
from unfind.models.onnx_session import open_session
from unfind.models.tensor_files import write_together
from unfind.models.weights import fingerprint_of, load_encoder
from unfind.studies.mark_parity import mark_parity
from unfind.studies.progress import Progress, silent
from unfind.triggers.export_mark import SMALL, mark_files
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.learned import Learned, load
from unfind.triggers.onnx_mark import OnnxMark
from unfind.triggers.torch_mark import TorchMark

REPORT = "parity.json"
ENCODER = "encoder.onnx"
_PHOTO = {1: "height", 2: "width", 3: "channels"}


class WholeEncoder(nn.Module):
    """Photos (1, H, W, C) of 8 bits and any size to embeddings (1, D): an encoder with the resize before it."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.size = encoder.architecture.size

    def forward(self, photo: Tensor) -> Tensor:
        colours = photo[..., :3].permute(0, 3, 1, 2).float() / 255
        square = F.interpolate(colours, (self.size, self.size), mode="bilinear", antialias=True, align_corners=False)
        embedding: Tensor = self.encoder(square)
        return embedding


def export_mark(mark: str, out: Path, photos: Sequence[Pixels], *, progress: Progress = silent) -> dict[str, Any]:
    """Export a mark's two networks and measure them.

    Args:
        mark: folder of a mark, or "shipped".
        out: folder of the files; made where absent.
        photos: to measure with, at their own size.
        progress: told where it stands.

    Returns:
        The report, which is also written as parity.json.

    Raises:
        UsageError: what exporting needs is not installed.
        ModelError: no such mark, or a folder that cannot be written.
    """
    net = load(mark)
    progress("export mark", 0, 2)
    _write(out, mark_files(net))
    progress("export mark", 1, 2)
    key = Key.from_seed(0)
    engines = {"onnx": OnnxMark(out), "onnx_int8": OnnxMark(out, suffix=SMALL)}
    marks = {name: KeyedMark(key, nets, owner=1) for name, nets in engines.items()}
    found = mark_parity(KeyedMark(key, TorchMark(net), owner=1), marks, photos)
    report = {"mark": net.fingerprint, **{_told(name): one.as_dict() for name, one in found.items()}, **_sizes(out)}
    progress("export mark", 2, 2)
    _write(out, {REPORT: _as_json(report)})
    return report


def export_run(
    run: Path,
    out: Path,
    photos: Sequence[Pixels],
    *,
    backbone: str | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Export the encoder of a run, and the mark it reacts to where that is a learned one.

    Args:
        run: a model's folder.
        out: folder of the files; made where absent.
        photos: to measure with, at their own size.
        backbone: the Python file of the user's own backbone.
        progress: told where it stands.

    Raises:
        UsageError: what exporting needs is not installed.
        ModelError: no model there, one that ONNX cannot hold, or a folder that cannot be written.
    """
    encoder, card = load_encoder(run, backbone=backbone)
    progress("export encoder", 0, 1)
    facts = {"fingerprint": fingerprint_of(card), "dimension": str(encoder.architecture.dimension)}
    example = torch.zeros(1, encoder.architecture.size + 9, encoder.architecture.size + 5, 3, dtype=torch.uint8)
    graph = onnx_graph(
        WholeEncoder(encoder).eval(),
        (example,),
        inputs=("photo",),
        outputs=("embedding",),
        varying={"photo": _PHOTO},
        facts=facts,
    )
    small = ENCODER.replace(".onnx", f"{SMALL}.onnx")
    _write(out, {ENCODER: graph, small: eight_bit_graph(graph)})
    report: dict[str, Any] = {"model": facts["fingerprint"]}
    expected = embed_pixels(encoder, [to_square(pixels, encoder.architecture.size) for pixels in photos])
    for name, file in (("onnx", ENCODER), ("onnx_int8", small)):
        report[f"encoder_{name}"] = _likeness(out / file, photos, expected)
    progress("export encoder", 1, 1)
    trigger = card.get("trigger") or {}
    if trigger.get("name") == Learned.name:
        report["mark"] = export_mark(str(trigger["settings"]["mark"]), out, photos, progress=progress)
    _write(out, {REPORT: _as_json({**report, **_sizes(out)})})
    return {**report, **_sizes(out)}


def _likeness(graph: Path, photos: Sequence[Pixels], expected: np.ndarray[Any, Any]) -> dict[str, float]:
    """How near embeddings are to torch's, by cosine, and whether each photo is still nearest to itself."""
    session = open_session(graph)
    found = np.concatenate([session.run(["embedding"], {"photo": pixels[None]})[0] for pixels in photos])
    cosines = (found * expected).sum(1)
    nearest = (found @ expected.T).argmax(1) == np.arange(len(expected))
    return {
        "photos": len(photos),
        "mean_cosine": float(cosines.mean()),
        "lowest_cosine": float(cosines.min()),
        "nearest_to_itself": float(nearest.mean()),
    }


def _sizes(out: Path) -> dict[str, Any]:
    return {"bytes": {file.name: file.stat().st_size for file in sorted(out.glob("*.onnx"))}}


def _told(name: str) -> str:
    return "torch" if name == "itself" else name


def _as_json(report: dict[str, Any]) -> bytes:
    return (json.dumps(report, indent=2) + "\n").encode()


def _write(out: Path, files: dict[str, bytes]) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_together(out, files)
    except (OSError, ImageError) as error:
        raise ModelError(f"Expected to write graphs into {out}, got: {error}") from error
