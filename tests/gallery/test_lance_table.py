from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from unfind.errors import GalleryError
from unfind.gallery.arrow import arrow_schema, to_arrow
from unfind.gallery.lance_table import (
    create_table,
    drop_old_versions,
    lance_errors,
    open_table,
    rewrite_table,
)
from unfind.gallery.record import Record


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def test_log_is_quiet_unless_asked() -> None:
    assert os.environ["RUST_LOG"]


def test_table_can_be_created_and_opened(tmp_path: Path) -> None:
    assert create_table(tmp_path, arrow_schema(4)).count_rows() == 0
    assert open_table(tmp_path, arrow_schema(4)).schema.equals(arrow_schema(4))


def test_second_table_is_refused(tmp_path: Path) -> None:
    create_table(tmp_path, arrow_schema(4))
    with pytest.raises(GalleryError, match="LanceDB says"):
        create_table(tmp_path, arrow_schema(4))


def test_absent_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="LanceDB says"):
        open_table(tmp_path, arrow_schema(4))


def test_other_columns_are_refused(tmp_path: Path) -> None:
    create_table(tmp_path, arrow_schema(4))
    with pytest.raises(GalleryError, match=r"must have the columns its card promises"):
        open_table(tmp_path, arrow_schema(5))


@pytest.mark.parametrize("error", [RuntimeError("a\nb"), ValueError(), OSError("disk"), pa.ArrowInvalid("x")])
def test_foreign_errors_become_one_sentence(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(GalleryError) as caught, lance_errors(tmp_path):
        raise error
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_own_errors_pass(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match=r"^mine$"), lance_errors(tmp_path):
        raise GalleryError("mine")


def test_rewriting_leaves_no_byte_of_a_removed_row(
    tmp_path: Path, unit: Callable[..., np.ndarray], record: Callable[..., Record]
) -> None:
    secret = os.urandom(64)
    records = [record(f"{i}.jpg", row) for i, row in enumerate(unit(40))]
    records[3] = record("secret.jpg", records[3].vector, thumbnail=secret)
    table = create_table(tmp_path, arrow_schema(8))
    table.add(to_arrow(records, 8))
    table.delete(f"id = '{records[3].id}'")
    drop_old_versions(table, older_than=timedelta(0), unverified=True)
    assert secret in bytes_of(tmp_path), "removing alone is expected to leave the row's bytes behind"
    table = rewrite_table(tmp_path, table, arrow_schema(8))
    assert secret not in bytes_of(tmp_path)
    assert records[3].id.encode() not in bytes_of(tmp_path)
    assert table.count_rows() == 39


def test_dropping_versions_keeps_rows_and_merges_files(
    tmp_path: Path, unit: Callable[..., np.ndarray], record: Callable[..., Record]
) -> None:
    table = create_table(tmp_path, arrow_schema(8))
    for i, row in enumerate(unit(6)):
        table.add(to_arrow([record(f"{i}", row)], 8))
    assert len(list(tmp_path.rglob("data/*.lance"))) == 6
    drop_old_versions(table, older_than=timedelta(0), unverified=True)
    assert len(list(tmp_path.rglob("data/*.lance"))) == 1
    assert table.count_rows() == 6
