"""Stanford Online Products (Song et al., CVPR 2016) in its official layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from unfind.datasets.folder import FolderReader
from unfind.datasets.listing import count_notes, official_root, read_rows, require_files
from unfind.datasets.photo_set import by_class_name
from unfind.datasets.split import Split, split_at

HINT = (
    "get Stanford Online Products from https://cvgl.stanford.edu/projects/lifted_struct/ and unpack it, "
    "so that the folder holds Ebay_train.txt, Ebay_test.txt and bicycle_final/..., cabinet_final/... and "
    "so on"
)
COUNTS = {"training and validation": 59_551, "test": 60_502}


def sop(root: Path) -> Split:
    """Stanford Online Products with its official lists; every fifth product of the training list is for
    validation.

    Args:
        root: the folder Stanford_Online_Products, or the one around it.

    Raises:
        DataError: the folder, a list or a listed photo is absent, or a product is in both lists.
    """
    home = official_root(root, "Ebay_train.txt", inside=("Stanford_Online_Products",), hint=HINT)
    learned, measured = (read_rows(home / f"Ebay_{part}.txt", 4, header=1) for part in ("train", "test"))
    rows = learned + measured
    files = [path for _, _, _, path in rows]
    require_files(home, files, "Ebay_train.txt with Ebay_test.txt")
    photos = by_class_name("sop", files, [product.zfill(5) for _, product, _, _ in rows], FolderReader(home))
    train, test = photos.labels[: len(learned)], photos.labels[len(learned) :]
    split = split_at(photos, np.unique(train).tolist(), np.unique(test).tolist())
    notes = count_notes("SOP", {"training and validation": len(learned), "test": len(measured)}, COUNTS)
    return replace(split, notes=split.notes + notes)
