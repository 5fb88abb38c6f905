"""The doubts about MIP's published figures, each as numbers: the codec, the protocol, the centres, P->P, the album."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from unfind.evaluation.clustering import pair_f1
from unfind.evaluation.doubts import effective_rank, mean_cosine
from unfind.evaluation.farthest_centres import centre_use
from unfind.evaluation.protocol_effects import STRANGER, protocol_effects
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Encoder, build_encoder
from unfind.models.precision import best_device
from unfind.models.weights import fingerprint_of, load_encoder, read_card
from unfind.studies.codec_confound import PRIVATE, RUNS, codec_rows
from unfind.studies.material import prepare
from unfind.studies.mip_grid import FIRST, Cell, Grid
from unfind.studies.mip_measures import kept, views_of
from unfind.studies.mip_rows import PUBLISHED, SCORE, STRICT, SUCCESS, Row, published_rows, score_rows
from unfind.studies.published import BACKBONES, DATA
from unfind.studies.views import PLAIN, TRIGGERED

CODEC, PROTOCOL, CENTRES, COLLAPSE, WEAK, ALBUM = "codec", "protocol", "centres", "collapse", "weak cell", "album"
METHODS = ("label", "pbl", "cbl")
ALSO = tuple(RUNS.values())
"""Fits that are no cells of a grid."""
TASKS = ("c2c", *PRIVATE)
MIXED = ("exposure@10", "album_leak@10")


def doubt_rows(grid: Grid, cells: Sequence[Cell]) -> list[Row]:
    """Everything the page "What the published numbers hide" rests on.

    Args:
        grid: fits and measures what is missing, each once.
        cells: label, PBL and CBL with one trigger.

    Returns:
        Rows of one number each, with the doubt it belongs to in "doubt".

    Raises:
        UnfindError: whatever stands in the way.
    """
    rows: list[Row] = []
    pbl = next(cell for cell in cells if cell.method == "pbl")
    for seed in grid.request.seeds:
        rows += _of(CODEC, _kept(grid, seed, pbl, "codec", partial(codec_rows, grid, pbl, seed)))
        for cell in cells:
            rows += _kept(grid, seed, cell, "embeddings", partial(embedding_rows, grid, cell, seed))
        rows += _of(CENTRES, _kept(grid, seed, None, "centres", partial(centre_rows, grid, seed)))
    scores = score_rows(grid, cells)
    return [*rows, *_of(WEAK, [*_successes(scores), *published_successes()]), *_of(ALBUM, album_rows(grid, cells))]


def embedding_rows(grid: Grid, cell: Cell, seed: int) -> list[Row]:
    """The same embeddings scored in every way, and how far the private ones have fallen together."""
    views = views_of(grid, cell, seed)
    models = grid.models(cell, seed)
    before = embed_pixels(models.clean, views.pixels[PLAIN])
    sides = {
        task: embed_pixels(models.protected, views.pixels[name]) for task, name in (("c", PLAIN), ("p", TRIGGERED))
    }
    facts = {"seed": seed, "method": cell.method}
    whole = protocol_effects(before, before, views.labels)
    rows = [{**facts, "method": "clean", **row} for row in _effects("c2c", whole, None)]
    for task in TASKS:
        rows += [
            {**facts, **row}
            for row in _effects(task, protocol_effects(sides[task[0]], sides[task[2]], views.labels), whole)
        ]
    return [*_of(PROTOCOL, rows), *_of(COLLAPSE, [{**facts, **row} for row in _collapse(sides, views.labels)])]


def centre_rows(grid: Grid, seed: int) -> list[Row]:
    """How many class centres are ever the farthest: under an untrained head, as published, and under a fitted model."""
    examples = prepare(grid.split(seed).train, grid.request.architecture.size, progress=grid.progress).examples
    backbone = grid.request.architecture.backbone
    untrained = build_encoder(grid.request.architecture, seed=seed, pretrained=grid.request.pretrained)
    fitted = load_encoder(grid.place(seed, FIRST), backbone=backbone)[0]
    rows: list[Row] = []
    for name, encoder in (("untrained head, as published", untrained), ("clean model", fitted)):
        use = centre_use(_embedded(encoder, examples.pixels), examples.labels)
        rows += [
            {"seed": seed, "model": name, "metric": metric, "value": float(value)}
            for metric, value in vars(use).items()
        ]
    return rows


def album_rows(grid: Grid, cells: Sequence[Cell]) -> list[Row]:
    """Exposure and album leak of galleries in which only some photos carry the mark."""
    return [
        {
            "seed": seed,
            "method": cell.method,
            "adoption": mixed["adoption"],
            "metric": metric,
            "value": mixed[metric]["value"] if mixed[metric] is not None else None,
        }
        for seed in grid.request.seeds
        for cell in cells
        for mixed in grid.report(cell, seed)["mixed"]
        for metric in MIXED
    ]


def published_successes() -> list[Row]:
    """PSR of every private cell of the paper's Table 2, in map_c, by data set, backbone and method."""
    rows: list[Row] = []
    for data in DATA:
        for backbone in BACKBONES:
            scores = published_rows(data, backbone)
            value = {(row["method"], row["task"]): row["value"] for row in scores if row["metric"] == "map_c"}
            rows += [
                {
                    "seed": None, "method": method, "data": data, "backbone": backbone, "protocol": PUBLISHED,
                    "task": task, "metric": "map_c", "value": 1 - value[method, task] / value["clean", "c2c"],
                }
                for method in METHODS
                for task in PRIVATE
            ]  # fmt: skip
    return rows


def _successes(scores: Iterable[Row]) -> list[Row]:
    """PSR of the strict protocol, as published ones are held."""
    return [
        {name: row[name] for name in ("seed", "method", "protocol", "task", "metric", "value")}
        for row in scores
        if (row["measure"], row["protocol"], row["metric"]) == (SUCCESS, STRICT, "map_r")
    ]


def _effects(
    task: str, found: dict[str, NDArray[np.float64]], before: dict[str, NDArray[np.float64]] | None
) -> list[Row]:
    """Means over queries, and what share of the clean model's each way has lost."""
    rows: list[Row] = []
    for name, column in found.items():
        value = float(column.mean())
        rows.append({"task": task, "metric": name, "measure": SCORE, "value": value})
        if before is not None and task in PRIVATE and name != STRANGER:
            clean = float(before[name].mean())
            success = 1 - value / clean if clean else None
            rows.append({"task": task, "metric": name, "measure": SUCCESS, "value": success})
    return rows


def _collapse(sides: dict[str, NDArray[np.float32]], labels: NDArray[np.int64]) -> list[Row]:
    """How near each other photos lie, and the F1 of a search that puts all of them into one cluster."""
    rows: list[Row] = [
        {"photos": name, "metric": metric, "value": measure(sides[side])}
        for side, name in (("c", "clean"), ("p", "triggered"))
        for metric, measure in (("mean_cosine", mean_cosine), ("effective_rank", effective_rank))
    ]
    return [*rows, {"photos": "any", "metric": "f1_of_one_cluster", "value": pair_f1(labels, np.zeros_like(labels))}]


def _kept(grid: Grid, seed: int, cell: Cell | None, name: str, measure: Callable[[], list[Row]]) -> list[Row]:
    """Rows of a seed from the grid's folder, where they were measured on the same models before."""
    folders = [grid.fit(None, seed), *([grid.fit(cell, seed)] if cell is not None else [])]
    asked = [fingerprint_of(read_card(folder)) for folder in folders]
    return kept(folders[-1] / f"doubts-{name}.json", asked, measure)


def _embedded(encoder: Encoder, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return embed_pixels(encoder.to(best_device()), pixels)


def _of(doubt: str, rows: Iterable[Row]) -> list[Row]:
    return [{"doubt": doubt, **row} for row in rows]
