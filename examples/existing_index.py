"""A search that is there already, with its own index, takes a protected model in.

    python examples/existing_index.py OLD_MODEL NEW_MODEL PHOTOS

The index is faiss's plainest one; any store of vectors will do, a table of pgvector or a collection of Qdrant as well.
It was filled by OLD_MODEL. NEW_MODEL was trained from it with `--objective retrofit`, which holds ordinary photos where
they were, so the index may stay: only its queries and later photos go through the new model. Whether that is true of
your photos is the first thing to measure.
"""

from __future__ import annotations

import sys
from pathlib import Path

import faiss
import numpy as np

import unfind
from unfind.gallery.ids import content_id
from unfind.images.files import find_photos
from unfind.models.embed import Embedder

STAYS = 0.95
"""Mean cosine between old and new vectors of one photo from which on an index may stay."""


class Search:
    """What a provider has: vectors in faiss, and beside them a table that says whose vector is whose."""

    def __init__(self, dimension: int) -> None:
        self.index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self.photos: dict[int, Path] = {}

    def add(self, files: list[Path], model: Embedder) -> None:
        """Embed photos and store them; the number of a photo comes from its content, so that none is there twice."""
        new = {number_of(file): file for file in files if number_of(file) not in self.photos}
        if new:
            self.index.add_with_ids(unfind.embed(new.values(), model), np.array(list(new)))
            self.photos |= new

    def find(self, file: Path, k: int, model: Embedder) -> list[tuple[Path, float]]:
        """The k most similar photos, best first, without the photo itself."""
        scores, numbers = self.index.search(unfind.embed([file], model), k + 1)
        found = zip(numbers[0].tolist(), scores[0].tolist(), strict=True)
        return [(self.photos[number], score) for number, score in found if number not in (-1, number_of(file))][:k]

    def forget(self, file: Path) -> None:
        """Take a photo out of vectors and table."""
        self.index.remove_ids(np.array([number_of(file)]))
        self.photos.pop(number_of(file), None)


def number_of(file: Path) -> int:
    """63 bits of a photo's content id: faiss knows vectors by number."""
    return int(content_id(file.read_bytes())[:16], 16) >> 1


def agreement(search: Search, model: Embedder, sample: int = 200) -> float:
    """How far the new model leaves photos where the index has them: mean cosine of old and new vectors."""
    numbers = list(search.photos)[:sample]
    old = np.stack([search.index.reconstruct(number) for number in numbers])
    new = unfind.embed([search.photos[number] for number in numbers], model)
    return float(np.mean(np.sum(old * new, axis=1)))


def main(old_run: str, new_run: str, folder: str) -> None:
    """Fill an index with the old model, look whether it may stay, and search it with the new one."""
    old, new = unfind.load_embedder(old_run), unfind.load_embedder(new_run)
    files = find_photos([Path(folder)])
    search = Search(old.dimension)
    search.add(files, old)
    agrees = agreement(search, new)
    print(f"{len(search.photos)} photos; old and new vectors agree by {agrees:.3f}.")
    if agrees < STAYS:
        print("That is too little: embed all photos again with the new model.")
        search = Search(new.dimension)
        search.add(files, new)
    for photo, score in search.find(files[0], 5, new):
        print(f"{score:.3f} {photo}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
