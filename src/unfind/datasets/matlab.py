"""MATLAB files, read in a process of their own: SciPy's reader can crash on a damaged file, and only that may die."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from unfind.errors import DataError

READER = (sys.executable, "-m", "unfind.datasets.matlab")


def read_struct(path: Path, variable: str, *, seconds: float = 120) -> dict[str, list[str]]:
    """A structure array, such as one row per photo: the values of each field as text.

    Args:
        path: a MATLAB file before version 7.3.
        variable: name of the structure array in it.
        seconds: how long reading may take; the files of Cars196 take one, a damaged one may take for ever.

    Raises:
        DataError: the file is absent, damaged or of another kind, or has no such structure array.
    """
    found = _read(path, variable, seconds)
    if not isinstance(found, dict):
        raise DataError(f"{variable} in {path} must be a structure array, but is a list; unpack the file again.")
    return found


def read_cells(path: Path, variable: str, *, seconds: float = 120) -> list[str]:
    """A cell array, such as the names of classes, as text. Arguments and errors are those of `read_struct`."""
    found = _read(path, variable, seconds)
    if not isinstance(found, list):
        raise DataError(f"{variable} in {path} must be a list, but is a structure array; unpack the file again.")
    return found


def _read(path: Path, variable: str, seconds: float) -> dict[str, list[str]] | list[str]:
    try:
        child = subprocess.run(
            [*READER, str(path), variable], capture_output=True, timeout=seconds, check=True, text=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise DataError(
            f"{path} must be a MATLAB file with the variable {variable}, but cannot be read as one "
            f"({_reason(error)}); unpack it again."
        ) from error
    found: dict[str, list[str]] | list[str] = json.loads(child.stdout)
    return found


def _reason(error: Exception) -> str:
    """The last line a child has said, or else how it ended."""
    if isinstance(error, subprocess.CalledProcessError) and error.stderr.strip():
        return str(error.stderr.strip().splitlines()[-1])
    return str(error)


def as_json(path: str, variable: str) -> str:
    """What `_read` wants to know, as the child sees it; may crash on a damaged file."""
    value = np.atleast_1d(loadmat(path, squeeze_me=True, variable_names=[variable])[variable])
    if value.dtype.names is None:
        return json.dumps([str(cell) for cell in value])
    return json.dumps({field: [str(cell) for cell in value[field]] for field in value.dtype.names})


if __name__ == "__main__":
    print(as_json(*sys.argv[1:]))
