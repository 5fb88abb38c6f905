"""The document of a measured claim: figures with spread and target, and where they were measured."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch

VERSIONS = ("unfind", "torch", "numpy", "faiss-cpu", "pillow", "lancedb", "onnxruntime")
PEERS = ("blind-watermark", "invisible-watermark")
"""Named where they are installed, as the packages of VERSIONS are."""


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        values: one for each seed or repetition that could be measured.
        unit: such as "points" or "dB".
        at_most: target from above, or None.
        at_least: target from below, or None.
    """

    values: Sequence[float]
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Mean over the values, lowest and highest, and whether the mean meets the target.

        Without a value the mean is None, and a target is not met: what was not measured is no claim.
        """
        mean = float(np.mean(self.values)) if len(self.values) else None
        spread = [float(min(self.values)), float(max(self.values))] if len(self.values) > 1 else None
        target, holds = None, None
        if self.at_most is not None:
            target, holds = f"<= {self.at_most:g}", mean is not None and mean <= self.at_most
        if self.at_least is not None:
            target, holds = f">= {self.at_least:g}", mean is not None and mean >= self.at_least
        return {"value": mean, "unit": self.unit, "spread": spread, "target": target, "holds": holds}


def bench_document(
    bench: str, data: str, seeds: Sequence[int], seconds: float, figures: dict[str, Figure], **more: Any
) -> dict[str, Any]:
    """The whole document, ready for ``write_bench``."""
    return {
        "schema": 1,
        "bench": bench,
        "data": data,
        "seeds": list(seeds),
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version(), **_versions()},
        "seconds": seconds,
        "figures": {name: figure.as_dict() for name, figure in figures.items()},
        **more,
    }


def machine() -> str:
    """The processor's name, and the accelerator's where there is one."""
    try:
        with open("/proc/cpuinfo") as file:
            line = next((line for line in file if line.startswith("model name")), "")
    except OSError:
        line = ""
    name = line.partition(":")[2].strip() or platform.processor() or platform.machine()
    accelerator = f", {torch.cuda.get_device_name(0)}" if torch.cuda.is_available() else ""
    return f"{name}, {platform.system()} {platform.machine()}{accelerator}"


def _versions() -> dict[str, str]:
    found = {}
    for name in (*VERSIONS, *PEERS):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
