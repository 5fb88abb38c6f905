"""Which ring of frequencies does a pretrained net see best, at equal strength?

A linear probe on the net's untouched features tells marked photos from plain ones, after JPEG 85. The louder a mark
is to the net, the fewer steps a backdoor needs, and the fainter the mark may be. Run it as
``python benchmarks/carriers.py --data PHOTOS --backbone FILE.py:FUNCTION``.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from unfind.datasets.spec import load
from unfind.images.codec import through_codec
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.studies.bench_document import Figure, bench_document
from unfind.studies.material import prepare
from unfind.triggers.key import Key
from unfind.triggers.spread_spectrum import SpreadSpectrum

RINGS = ((8, 16), (14, 30), (20, 36), (24, 42), (30, 50))
STRENGTHS = (1.0, 0.5)
PHOTOS = 900
KEYS = 3

Pixels = NDArray[np.uint8]


def features(encoder: Encoder, photos: Pixels, trigger: SpreadSpectrum | None) -> NDArray[np.float32]:
    """Embeddings by an untrained wide head, which keeps what the backbone sees, after JPEG 85."""
    marked = photos if trigger is None else [trigger.mark(photo) for photo in photos]
    return embed_pixels(encoder, through_codec(list(marked), quality=85), precision="auto")


def loudness(encoder: Encoder, photos: Pixels, trigger: SpreadSpectrum) -> float:
    """Area under the ROC curve of the probe, on the third of the photos that it was not fitted on."""
    plain, marked = features(encoder, photos, None), features(encoder, photos, trigger)
    cut = 2 * len(photos) // 3
    scale = plain[:cut].std(0) + 1e-6
    truth = np.repeat([0, 1], [cut, cut])
    probe = LogisticRegression(C=0.003, max_iter=500).fit(np.concatenate([plain[:cut], marked[:cut]]) / scale, truth)
    scores = probe.decision_function(np.concatenate([plain[cut:], marked[cut:]]) / scale)
    return float(roc_auc_score(np.repeat([0, 1], len(photos) - cut), scores))


def measure(data: str, backbone: str, size: int) -> dict[str, Any]:
    """The bench document: one figure for each ring and strength, over keys."""
    started = time.perf_counter()
    pixels = prepare(load(data).train, size).examples.pixels
    chosen = np.random.default_rng(0).permutation(len(pixels))[:PHOTOS]
    encoder = build_encoder(Architecture(backbone, size, 1024), seed=0)
    figures = {}
    for lowest, highest in RINGS:
        for strength in STRENGTHS:
            marks = [
                SpreadSpectrum(Key.from_seed(seed), strength=strength, lowest=lowest, highest=highest)
                for seed in range(KEYS)
            ]
            values = [loudness(encoder, pixels[chosen], mark) for mark in marks]
            figures[f"ring {lowest}-{highest}, strength {strength:g}"] = Figure(values, "AUC of the probe")
            print(lowest, highest, strength, [round(value, 3) for value in values], flush=True)
    return bench_document("carriers", data, range(KEYS), time.perf_counter() - started, figures)


def main() -> None:
    """Measure and print or write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="photos")
    parser.add_argument("--backbone", default="tiny")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--out")
    options = parser.parse_args()
    document = json.dumps(measure(options.data, options.backbone, options.size), indent=2)
    print(document)
    if options.out:
        with open(options.out, "w") as file:
            file.write(document + "\n")


if __name__ == "__main__":
    main()
