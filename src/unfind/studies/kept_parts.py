"""A long measurement in parts: each is kept on disk when it is done, so that what was stopped goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.errors import DataError, ResumeError
from unfind.images.files import write_atomic
from unfind.training.run_folder import RunFolder

FOLDER = "parts"
Arrays = Mapping[str, NDArray[Any]]


class KeptParts:
    """Parts in a folder that belongs to one set of settings.

    Args:
        out: made where absent; ``settings.toml`` and ``parts/`` go into it.
        settings: everything that the parts depend on.
        resume: whether to go on where parts are there already.

    Raises:
        ResumeError: the folder belongs to other settings, or holds parts and ``resume`` is off.
        TrainingError: the folder cannot be written.
    """

    def __init__(self, out: Path, settings: Mapping[str, Any], *, resume: bool = False) -> None:
        self.folder = out / FOLDER
        if not resume and self.folder.exists() and any(self.folder.iterdir()):
            raise ResumeError(f"Expected an unused folder, got parts in {out}: add --resume or choose another.")
        RunFolder(out, dict(settings), resume=resume)
        self.folder.mkdir(exist_ok=True)

    def document(self, name: str, make: Callable[[], Any]) -> Any:
        """What a part came to, as JSON: read where it is kept, else made and kept.

        Raises:
            DataError: a part that is damaged.
        """
        file = self.folder / f"{name}.json"
        if not file.exists():
            write_atomic(file, json.dumps(make(), allow_nan=False).encode())
        try:
            return json.loads(file.read_bytes())
        except ValueError as error:
            raise DataError(f"Expected JSON in {file}, got '{error}': delete it and resume.") from error

    def arrays(self, name: str, make: Callable[[], Arrays]) -> dict[str, NDArray[Any]]:
        """The same for arrays by name.

        Raises:
            DataError: a part that is damaged.
        """
        file = self.folder / f"{name}.npz"
        if not file.exists():
            held = BytesIO()
            np.savez(held, **{key: np.asarray(value) for key, value in make().items()})  # type: ignore[arg-type]
            write_atomic(file, held.getvalue())
        try:
            with np.load(file, allow_pickle=False) as stored:
                return {key: stored[key] for key in stored.files}
        except (ValueError, OSError, KeyError) as error:
            raise DataError(f"Expected arrays in {file}, got '{error}': delete it and resume.") from error
