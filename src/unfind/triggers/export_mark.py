"""The two graphs of a mark as ONNX files; what they take and give stands in ``mark_graphs``."""

from __future__ import annotations

import json

import torch

from unfind.models.mark_weights import Mark
from unfind.models.onnx_export import eight_bit_graph, onnx_graph
from unfind.triggers.mark_graphs import MarkReader, MarkWriter
from unfind.triggers.onnx_mark import DECODER, ENCODER, FORMAT

SMALL = ".int8"
CARD = "mark-onnx.json"
_PHOTO = {1: "height", 2: "width", 3: "channels"}


def mark_files(mark: Mark) -> dict[str, bytes]:
    """Export a mark.

    Args:
        mark: on the CPU.

    Returns:
        Files by name: both graphs in full precision, both with 8-bit weights, and a card for readers that cannot look
        into a graph.

    Raises:
        UsageError: what exporting needs is not installed.
    """
    facts = {
        "format": FORMAT,
        "slots": str(mark.encoder.slots),
        "strength": repr(float(mark.card["strength"])),
        "fingerprint": mark.fingerprint,
    }
    photo = torch.zeros(1, 150, 200, 3, dtype=torch.uint8)
    signs = torch.ones(1, mark.encoder.slots)
    whole = {
        ENCODER: onnx_graph(
            MarkWriter(mark.encoder).eval(),
            (photo, signs),
            inputs=("photo", "signs"),
            outputs=("change",),
            varying={"photo": _PHOTO},
            facts=facts,
        ),
        DECODER: onnx_graph(
            MarkReader(mark.decoder).eval(),
            (photo,),
            inputs=("photo",),
            outputs=("evidence", "presence"),
            varying={"photo": _PHOTO},
            facts=facts,
        ),
    }
    small = {name.replace(".onnx", f"{SMALL}.onnx"): eight_bit_graph(graph) for name, graph in whole.items()}
    return whole | small | {CARD: _card(mark, facts)}


def _card(mark: Mark, facts: dict[str, str]) -> bytes:
    return (
        json.dumps({**mark.card, **facts, "strength": float(facts["strength"])}, indent=2, sort_keys=True) + "\n"
    ).encode()
