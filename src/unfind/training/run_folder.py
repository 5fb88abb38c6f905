"""The folder a fit writes into: resolved settings, log, checkpoint and the best model."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import tomli_w

from unfind.errors import ImageError, ResumeError, TrainingError
from unfind.images.files import write_atomic
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.triggers.key import KEY_FILE

SETTINGS = "settings.toml"
LOG = "log.jsonl"
UNSTARTED = {SETTINGS, KEY_FILE}
"""A folder that holds no more than this has nothing to lose to a run of other settings."""


class RunFolder:
    """A folder that belongs to one set of settings, from the first thing on that it keeps of them.

    Args:
        path: made where absent.
        settings: everything the result depends on; nested dictionaries of plain values.
        resume: whether to go on in a folder that holds a run of the same settings.

    Raises:
        ResumeError: the folder belongs to other settings, or holds a checkpoint and ``resume`` is off.
        TrainingError: the folder cannot be made or written.
    """

    def __init__(self, path: Path, settings: dict[str, Any], *, resume: bool = False) -> None:
        self.path = path
        self.digest = digest_of(settings)
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._claim(settings, resume)
        except (OSError, ImageError) as error:
            raise TrainingError(
                f"Expected to write a run into {path}, got '{error}': choose another folder."
            ) from error

    def _claim(self, settings: dict[str, Any], resume: bool) -> None:
        text = tomli_w.dumps(_without_none(settings)).encode()
        file = self.path / SETTINGS
        if not resume and (self.path / CHECKPOINT).exists():
            raise ResumeError(f"Expected an unused run folder, got {self.path}: add --resume or choose another.")
        if not file.exists() or {entry.name for entry in self.path.iterdir()} <= UNSTARTED:
            write_atomic(file, text)
        elif file.read_bytes() != text:
            raise ResumeError(
                f"Expected the settings that {file} holds, got others: repeat those or start another run folder."
            )

    def log(self, **facts: Any) -> None:
        """Append one line to the run's log; a full disk costs the line, not the run."""
        try:
            with (self.path / LOG).open("a") as file:
                file.write(json.dumps(facts) + "\n")
        except OSError:
            return


def digest_of(settings: dict[str, Any]) -> str:
    """SHA-256 of settings, the same whatever their order."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _without_none(settings: dict[str, Any]) -> dict[str, Any]:
    """TOML has no word for nothing: what is None is left out."""
    plain = {name: _without_none(value) if isinstance(value, dict) else value for name, value in settings.items()}
    return {name: value for name, value in plain.items() if value is not None}
