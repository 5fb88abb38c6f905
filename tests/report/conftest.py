"""A realistic report document and a strict HTML reader for this room's tests."""

from __future__ import annotations

import copy
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

METRICS = ("recall@1", "recall@2", "recall@4", "recall@8", "map", "map_r", "map@1000", "nmi", "f1")
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Reads a page and keeps what tests ask about; refuses tags that do not balance."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _interval(value: float, half: float = 0.03) -> dict[str, float]:
    return {"value": value, "low": max(0.0, value - half), "high": min(1.0, value + half)}


def _metrics(first: float) -> dict[str, Any]:
    values = (
        first,
        first + 0.06,
        first + 0.1,
        first + 0.13,
        first * 0.62,
        first * 0.55,
        first * 0.6,
        0.71,
        0.41,
    )
    return {metric: _interval(min(1.0, value)) for metric, value in zip(METRICS, values, strict=True)}


def _psr(first: float) -> dict[str, Any]:
    return {
        metric: {"value": first - 0.02 * i, "low": first - 0.02 * i - 0.03, "high": min(1.0, first)}
        for i, metric in enumerate(METRICS)
    }


_DOCUMENT = {
    "schema": 1,
    "run": "birds-pbl-0",
    "dataset": "cub_crop",
    "protocol": "strict",
    "seed": 0,
    "n_query": 2311,
    "n_gallery": 2312,
    "clean_model": {"c2c": _metrics(0.712)},
    "protected_model": {
        "c2c": _metrics(0.704),
        "c2p": _metrics(0.019),
        "p2c": _metrics(0.023),
        "p2p": _metrics(0.031),
    },
    "benign_drop": {m: {"value": 0.008 - 0.002 * i, "low": -0.012, "high": 0.02} for i, m in enumerate(METRICS)},
    "psr": {"c2p": _psr(0.973), "p2c": _psr(0.968), "p2p": _psr(0.956)},
    "twin": {"c2p_hit@1": 0.041, "c2p_hit@10": 0.087},
    "mixed": [
        {"adoption": 0.01, "exposure@10": 0.012, "album_leak@10": 1.3, "benign_recall@1": 0.706},
        {"adoption": 0.1, "exposure@10": _interval(0.021), "album_leak@10": 1.12, "benign_recall@1": 0.705},
        {"adoption": 0.5, "exposure@10": 0.034, "album_leak@10": 1.07, "benign_recall@1": 0.701},
    ],
    "false_trigger": {"other key": {"benign_drop_recall@1": 0.004}, "webp": {"benign_drop_recall@1": -0.001}},
    "survival": [
        {
            "edit": edit,
            "psr_map_r": {"c2p": left, "p2c": left - 0.02, "p2p": left - 0.05},
            "bit_accuracy": bits,
        }
        for edit, left, bits in (
            ("none", 0.97, 1.0),
            ("jpeg95", 0.969, 1.0),
            ("jpeg75", 0.951, 0.993),
            ("jpeg50", 0.874, 0.952),
            ("resize 0.5", 0.902, 0.961),
            ("crop 10 %", 0.846, 0.91),
            ("blur", 0.93, 0.981),
            ("messenger", 0.823, 0.934),
            ("screenshot", 0.765, None),
        )
    ],
    "stealth": {"mse": 0.000024, "psnr": 46.2, "ssim": 0.9943, "lpips": 0.0061},
    "doubts": [{"flag": "few_queries", "why": "With 31 queries of class 12 the interval is wider than the claim."}],
}


@pytest.fixture
def document() -> dict[str, Any]:
    """A report document with every key; each test gets its own copy."""
    return copy.deepcopy(_DOCUMENT)


@pytest.fixture
def read_page() -> Callable[[str], Page]:
    """Parse a page strictly."""
    return Page


@pytest.fixture
def photo() -> np.ndarray:
    """A smooth colour picture, uint8 (48, 64, 3)."""
    y, x = np.mgrid[0:48, 0:64]
    return np.stack([x * 4, y * 5, 128 + 0 * x], axis=-1).astype(np.uint8)


@pytest.fixture
def audit_document() -> dict[str, Any]:
    """An audit of a protected model beside two clean ones, with everything looked at."""
    models = ["audited", "0/clean", "1/clean"]
    searches = [
        {"model": model, "shape": shape, "goal": "away", "target": None, "budget": budget,
         "moved": 0.66 if model == "audited" else 0.15, "control": 0.05, "gathered": 0.3, "reached": None}
        for model in models for shape, budget in (("faint", 4 / 255), ("patch", 0.035))
    ]  # fmt: skip
    searches += [{**searches[1], "goal": "towards", "target": 0, "reached": 0.4}]
    tests = [
        {"model": model, "group": group, "detector": detector, "auc": {"value": area, "low": area - 0.05, "high": 1.0},
         "caught": 0.8, "false_alarms": 0.03, "threshold": 0.4}
        for model, area in zip(models, (0.97, 0.7, 0.72), strict=True)
        for group in ("own trigger", "trigger found") for detector in ("far", "smoothing")
    ]  # fmt: skip
    finding = {"about": "faint pattern away", "value": 0.66, "clean": [0.15, 0.15], "index": 10.2, "alarm": True,
               "false_alarms": 0.0, "why": "0.66 where 2 clean models showed 0.15: above all of them"}  # fmt: skip
    task = {"recall@1": 0.5, "map_r": 0.2, "f1": 0.1}
    curve = {"defence": "none", "knob": None, "value": None, **dict.fromkeys(("c2c", "c2p", "p2c", "p2p"), task)}
    return {
        "schema": 1,
        "run": "protected",
        "fingerprint": "00ff00ff00ff00ff",
        "hashes": False,
        "data": "birds <zip>",
        "beside": models[1:],
        "own_trigger": "spread-spectrum",
        "n_trusted": 80,
        "n_clean": 80,
        "n_suspects": 0,
        "seed": 0,
        "verdict": "backdoor",
        "findings": [finding, {**finding, "about": "patch", "alarm": False, "index": None, "false_alarms": None}],
        "searches": searches,
        "photo_tests": tests,
        "training": {
            "photos": 200,
            "classes": [{"class": "wren", "score": 0.2, "silhouette": 0.4, "share": 0.25, "photos": 5}],
            "flagged": [{"file": "wren/1.jpg", "class": "wren", "spectral": 7.5}],
        },
        "curves": [curve, {**curve, "defence": "prune", "knob": "fraction", "value": 0.2}],
        "doubts": [{"flag": "few clean models", "why": "2 clean models say little."}],
        "refused": [],
        "seconds": 12.5,
    }


@pytest.fixture
def adversary_document() -> dict[str, Any]:
    """One attack of each kind, a wash and an un-learning that succeed to a different degree."""
    empty = {"held": 0, "share": 0.0, "psnr": None, "likeness": None, "found_c2p": None, "found_p2c": None,
             "benign_drop": None, "listing": None, "seconds": 3.25}  # fmt: skip

    def found(value: float) -> dict[str, Any]:
        each = {"value": value, "low": max(0.0, value - 0.02), "high": value + 0.02}
        return {"found_c2p": each, "found_p2c": each, "benign_drop": {"recall@1": 0.021, "map_r": 0.01}}

    listing = {"auc": {"value": 0.93, "low": 0.9, "high": 0.96}, "precision": 0.7, "share": 0.1}
    attacks = [
        {"attack": "none", "kind": "none", **empty, **found(0.02)},
        {"attack": "wash: jpeg 40", "kind": "wash", **empty, "psnr": 28.4, **found(0.3)},
        {"attack": "estimate the mark from 10", "kind": "estimate", **empty, "held": 10, "psnr": 40.0,
         "likeness": 0.91, **found(0.8)},
        {"attack": "forge the mark from 10", "kind": "forge", **empty, "held": 10, "likeness": 0.91, **found(0.05)},
        {"attack": "invert the trigger, 1 %", "kind": "invert", **empty, "share": 0.01, **found(0.2)},
        {"attack": "finetune 60 steps, 1 %", "kind": "unlearn", **empty, "share": 0.01, "seconds": 75.0, **found(0.1)},
        {"attack": "list by likeness to 1", "kind": "list", **empty, "held": 1, "listing": listing},
    ]  # fmt: skip
    return {
        "schema": 1,
        "run": "protected",
        "fingerprint": "00ff00ff00ff00ff",
        "data": "birds <zip>",
        "trigger": "spread-spectrum",
        "seed": 0,
        "n_photos": 120,
        "n_train": 3981,
        "adoption": 0.1,
        "clean_map_r": 0.3,
        "clean_recall@1": 0.7,
        "attacks": attacks,
        "seconds": 99.0,
    }
