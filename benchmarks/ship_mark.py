"""Put a trained mark into the package: python benchmarks/ship_mark.py MARK [STRENGTH]

It copies the weights and their card, exports both graphs, and says what stands there now. STRENGTH is what the mark has
where nobody asks for another one; without it, what training ended with. Needs unfind[export]. ``unfind bench marks``
then measures the mark, and ``docs/generate_survival.py`` tells of it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from unfind.models.mark_weights import CARD, WEIGHTS, load_mark
from unfind.models.tensor_files import write_together
from unfind.triggers.export_mark import mark_files
from unfind.triggers.shipped import FOLDER


def ship(folder: Path, strength: float | None = None, out: Path = FOLDER) -> dict[str, int]:
    """Copy and export a mark.

    Args:
        folder: what ``unfind mark train`` wrote.
        strength: instead of the one on the card.
        out: the package's folder.

    Returns:
        The size of each file.
    """
    mark = load_mark(folder)
    card = (
        mark.card
        if strength is None
        else {**mark.card, "strength": strength, "trained_strength": mark.card["strength"]}
    )
    files = {CARD: (json.dumps(card, indent=2, sort_keys=True) + "\n").encode()}
    files |= {WEIGHTS: (folder / WEIGHTS).read_bytes()} | mark_files(replace(mark, card=card))
    out.mkdir(exist_ok=True)
    write_together(out, files)
    return {name: len(data) for name, data in files.items()}


if __name__ == "__main__":
    asked = float(sys.argv[2]) if len(sys.argv) > 2 else None
    for name, size in ship(Path(sys.argv[1]), asked).items():
        print(f"{FOLDER / name}: {size:,} bytes")
