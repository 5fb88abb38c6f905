"""What MIP's tables and figures measure beyond the four tasks: stealth, layouts, hit lists, curves of defences."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE

from unfind.defences.base import CleanPhotos
from unfind.images.files import write_atomic
from unfind.models.embed import embed_pixels
from unfind.models.weights import fingerprint_of, load_encoder, read_card
from unfind.studies.defence_curves import METRICS, NONE, PRIVATE, defence_curves, trials
from unfind.studies.evaluate import sample_by_class
from unfind.studies.material import prepare
from unfind.studies.mip_grid import Cell, Grid
from unfind.studies.mip_rows import MEASURED, SCORE, STRICT, SUCCESS, Row
from unfind.studies.views import PLAIN, TRIGGERED, Recipe, Views, make_views

STEALTH_PHOTOS = 1000
"""As many as the paper collected for its Table 4."""
LAID_OUT = 160
"""Photos in a t-SNE layout, drawn a few of each class: enough to see clusters, few enough to see points."""
PERPLEXITY = 20.0
PSNR = "psnr"
LISTED = 5
"""Hits in a list, as in the paper's figure 10."""


def stealth_rows(grid: Grid, triggers: Sequence[str]) -> list[Row]:
    """MSE, PSNR and SSIM of the files that photos with a mark are written to, against the photos (Table 4).

    LPIPS is not measured: its weights do not come with the package.
    """
    rows: list[Row] = []
    for seed in grid.request.seeds:
        photos = grid.split(seed).test
        some = photos.subset(sample_by_class(photos.labels, STEALTH_PHOTOS, seed=seed))
        for name in triggers:
            recipe = Recipe(grid.request.architecture.size, grid.trigger(name, seed))
            facts = make_views(some, recipe, progress=grid.progress, stage=f"mark photos with {name}").facts
            rows += [
                {"seed": seed, "trigger": name, "protocol": MEASURED, "metric": metric, "value": facts.get(metric)}
                for metric in ("mse", "psnr", "ssim")
            ]
    return rows


def views_of(grid: Grid, cell: Cell, seed: int, *, most: int | None = None, louder: float = 1.0) -> Views:
    """Test photos of a cell with and without its trigger, or a sample of them, a few of each class.

    Args:
        grid: which photos.
        cell: which trigger.
        seed: which key and sample.
        most: photos; None for all.
        louder: times as strong as the trigger is.
    """
    photos = grid.split(seed).test
    if most is not None:
        photos = photos.subset(sample_by_class(photos.labels, most, seed=seed))
    recipe = Recipe(grid.request.architecture.size, grid.trigger(cell.trigger, seed).stronger(louder))
    return make_views(photos, recipe, progress=grid.progress, stage=f"mark photos with {cell.trigger}")


def layout_rows(grid: Grid, cells: Sequence[Cell]) -> list[Row]:
    """t-SNE of clean and triggered test photos under the clean model and under each cell (figure 2), first seed."""
    seed = grid.request.seeds[0]
    rows: list[Row] = []
    for cell in (None, *cells):
        views = views_of(grid, cell or cells[0], seed, most=LAID_OUT)
        encoder, _ = load_encoder(grid.fit(cell, seed), backbone=grid.request.architecture.backbone)
        both = np.concatenate([embed_pixels(encoder, views.pixels[name]) for name in (PLAIN, TRIGGERED)])
        placed = lay_out(both, seed=seed)
        for index, (x, y) in enumerate(placed):
            count = len(views.labels)
            rows.append(
                {
                    "seed": seed,
                    "method": cell.method if cell is not None else "clean",
                    "photo": int(views.kept[index % count]),
                    "class": int(views.labels[index % count]),
                    "triggered": index >= count,
                    "x": float(x),
                    "y": float(y),
                }
            )
    return rows


def lay_out(embeddings: NDArray[np.float32], *, seed: int = 0) -> NDArray[np.float32]:
    """Points of the plane (N, 2) that keep near embeddings near (t-SNE); the same seed gives the same points."""
    perplexity = min(PERPLEXITY, (len(embeddings) - 1) / 3)
    fit = TSNE(2, perplexity=perplexity, init="random", random_state=seed, n_jobs=1)
    placed: NDArray[np.float32] = fit.fit_transform(embeddings)
    return placed


def hit_rows(
    query: NDArray[np.float32], gallery: NDArray[np.float32], labels: NDArray[np.int64], photo: int
) -> list[Row]:
    """The best hits of one photo's embedding (D,) in a gallery (N, D) of all photos, its own copies left out."""
    similarities = gallery @ query
    similarities[photo] = -np.inf
    best = np.argsort(-similarities, kind="stable")[:LISTED]
    return [
        {"rank": rank, "hit": int(hit), "right": bool(labels[hit] == labels[photo])}
        for rank, hit in enumerate(best, start=1)
    ]


def defence_rows(
    grid: Grid,
    cells: Sequence[Cell],
    names: Sequence[str],
    *,
    most: int | None = None,
    seeds: Sequence[int] | None = None,
    louder: float = 1.0,
) -> list[Row]:
    """Curves of defences over every cell and seed; a cell that was measured before is read from its folder.

    Args:
        grid: fits what is missing.
        cells: which models.
        names: of the defences.
        most: test photos, a few of each class; None for all. Every setting embeds each of them three times.
        seeds: of the grid's; None for all.
        louder: times as strong as the models' trigger is; what it costs in PSNR is then a row of its own.
    """
    rows: list[Row] = []
    for seed in grid.request.seeds if seeds is None else seeds:
        for cell in cells:
            folder = grid.fit(cell, seed)
            weights = [fingerprint_of(read_card(one)) for one in (grid.fit(None, seed), folder)]
            asked = [*weights, *(f"{trial.name}={trial.value:g}" for trial in trials(names))]
            how = [*([] if most is None else [str(most)]), *([] if louder == 1 else [f"times-{louder:g}"])]
            file = folder / f"defences-{'-'.join([*names, *how])}.json"
            found = kept(file, asked, partial(_curves, grid, cell, seed, names, most, louder))
            rows += [{"seed": seed, **cell.facts, **one} for one in found]
    return rows


def _curves(grid: Grid, cell: Cell, seed: int, names: Sequence[str], most: int | None, louder: float) -> list[Row]:
    models, views = grid.models(cell, seed), views_of(grid, cell, seed, most=most, louder=louder)
    examples = prepare(grid.split(seed).train, grid.request.architecture.size, progress=grid.progress).examples
    photos = CleanPhotos(examples.pixels, examples.labels)
    found = defence_curves(models, views, photos, trials(names), seed=seed, progress=grid.progress)
    rows = [row for one in found for row in _flat(one)]
    if louder == 1:
        return rows
    psnr = {"task": None, "metric": PSNR, "measure": SCORE, "value": views.facts.get(PSNR)}
    return [{"louder": louder, **row} for row in rows] + [{"louder": louder, **_WITHOUT, **psnr}]


_WITHOUT = {"defence": NONE, "knob": None, "setting": None, "protocol": MEASURED}


def _flat(one: dict[str, Any]) -> list[Row]:
    facts = {"defence": one["defence"], "knob": one["knob"], "setting": one["value"], "protocol": STRICT}
    rows = []
    for metric in METRICS:
        for task in ("c2c", *PRIVATE):
            rows.append({**facts, "task": task, "metric": metric, "measure": "score", "value": one[task][metric]})
        for task in PRIVATE:
            success = one["psr"][task][metric]
            rows.append({**facts, "task": task, "metric": metric, "measure": SUCCESS, "value": success})
        cost = one["own_cost"][metric] if one["own_cost"] is not None else None
        rows.append({**facts, "task": "c2c", "metric": metric, "measure": "own_cost", "value": cost})
    return rows


def kept(file: Path, asked: Sequence[str], measure: Callable[[], list[Row]]) -> list[Row]:
    """Rows from a file, where it holds an answer to the same question; else measured and written there.

    Args:
        file: where they are kept.
        asked: names the question: models, defences.
        measure: finds the rows.
    """
    if file.exists():
        document = json.loads(file.read_text())
        if document["asked"] == list(asked):
            return list(document["rows"])
    rows = measure()
    write_atomic(file, json.dumps({"asked": list(asked), "rows": rows}).encode())
    return rows
