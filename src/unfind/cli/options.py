"""Kinds of options that several verbs share."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from unfind.errors import UsageError
from unfind.triggers.key import Key
from unfind.triggers.shipped import default_mark

AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON document on stdout.")]
KeyFile = Annotated[Path | None, Parameter(name="--key", help="The trigger's key file.")]
MarkName = Annotated[
    str | None,
    Parameter(
        name="--mark",
        help="shipped (the learned mark of this package), spread-spectrum, or a learned mark's folder; default "
        f"{default_mark()}, or the run's mark.",
    ),
]
ChosenEngine = Annotated[
    Literal["auto", "onnx", "torch"],
    Parameter(
        name="--engine",
        help="What runs a learned mark: onnx starts at once, torch needs no onnxruntime; auto takes onnx where it can.",
    ),
]
OwnBackbone = Annotated[
    str | None,
    Parameter(help="FILE.py:FUNCTION, for a model with a backbone of your own; it is run only when named here."),
]
Data = Annotated[
    str,
    Parameter(
        name="--data",
        help="A folder or zip of photos (class folders, or none), photos (embedded), cub200:ROOT, cars196:ROOT, "
        "inshop:ROOT or sop:ROOT; for hashing cifar10:ROOT, flickr25k:ROOT, nuswide:ROOT (21 concepts), "
        "nuswide81:ROOT or imagenet100:ROOT, and hash:DATA to deal any other photos as hashing does.",
    ),
]
TrainClasses = Annotated[
    int | None,
    Parameter(name="--train-classes", help="Classes, in sorted order, to train and validate on; default half."),
]


def read_key(path: Path | None) -> Key | None:
    """The key in a file, where one is named."""
    return Key.load(path) if path is not None else None


def parse_settings(pairs: Sequence[str]) -> dict[str, Any]:
    """``NAME=VALUE`` pairs as a dictionary; values as in TOML, words without quotes as text.

    Raises:
        UsageError: a pair without "=".
    """
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"Expected NAME=VALUE, got '{pair}': write for example margin=0.2.")
        settings[name.strip().replace("-", "_")] = _value(value.strip())
    return settings


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
