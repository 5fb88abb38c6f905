"""DeepFashion In-shop Clothes Retrieval (Liu et al., CVPR 2016) in its official layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from unfind.datasets.folder import FolderReader
from unfind.datasets.listing import count_notes, official_root, read_rows, require_files
from unfind.datasets.photo_set import by_class_name
from unfind.datasets.split import Split, split_at
from unfind.errors import DataError

HINT = (
    "get the In-shop benchmark from "
    "https://mmlab.ie.cuhk.edu.hk/projects/DeepFashion/InShopRetrieval.html and unpack it, so that the "
    "folder holds list_eval_partition.txt (or Eval/list_eval_partition.txt) and img/WOMEN/..., img/MEN/..."
)
COUNTS = {"train": 25_882, "query": 14_218, "gallery": 12_612}
_LIST = "list_eval_partition.txt"


def inshop(root: Path) -> Split:
    """In-shop with its official roles: `test` holds the queries, `gallery` the images they search in.

    Every fifth item of the official training part is held out for validation.

    Args:
        root: folder with the list, in itself or in `Eval/`, and `img/`.

    Raises:
        DataError: the folder or a listed photo is absent, or the list is cut short or damaged.
    """
    path = official_root(root, _LIST, inside=("Eval", "Anno"), hint=HINT) / _LIST
    rows = _rows(path)
    files, roles = [row[0] for row in rows], np.array([row[2] for row in rows])
    require_files(root, files, _LIST)
    photos = by_class_name("inshop", files, [row[1] for row in rows], FolderReader(root))
    learned, measured = photos.labels[roles == "train"], photos.labels[roles != "train"]
    split = split_at(photos, np.unique(learned).tolist(), np.unique(measured).tolist())
    notes = count_notes("In-shop", {role: int((roles == role).sum()) for role in COUNTS}, COUNTS)
    return replace(
        split,
        test=photos.subset(np.flatnonzero(roles == "query"), "inshop/query"),
        gallery=photos.subset(np.flatnonzero(roles == "gallery"), "inshop/gallery"),
        notes=split.notes + notes,
    )


def _rows(path: Path) -> list[list[str]]:
    """Rows (photo, item, role); the first line says how many there must be, the second names the columns."""
    stated = read_rows(path, 1)[:1]
    rows = read_rows(path, 3, header=2)
    if stated != [[str(len(rows))]]:
        raise DataError(
            f"{path} must have as many rows as its first line says, but that reads "
            f"{stated[0][0] if stated else ''!r} and {len(rows)} rows follow; unpack it again."
        )
    unknown = next((row[2] for row in rows if row[2] not in COUNTS), None)
    if unknown is not None:
        raise DataError(f"roles in {path} must be train, query or gallery, not {unknown!r}; unpack it again.")
    return rows
