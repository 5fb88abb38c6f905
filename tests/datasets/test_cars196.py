from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from unfind.datasets.cars196 import cars196
from unfind.datasets.split import Split
from unfind.errors import DataError, UsageError


def struct(rows: Sequence[tuple[str, object]], column: str, with_class: bool = True) -> np.ndarray:
    """Annotations as MATLAB stores them: a 1 x N structure array."""
    fields = [(column, object), ("bbox_x1", object)] + ([("class", object)] if with_class else [])
    array = np.zeros((1, len(rows)), fields)
    for i, (path, number) in enumerate(rows):
        array[0, i] = (path, 7, number) if with_class else (path, 7)
    return array


def cells(titles: Sequence[str]) -> np.ndarray:
    array = np.zeros((1, len(titles)), object)
    array[0, :] = titles
    return array


def old_layout(root: Path, jpeg: bytes, classes: int, per_class: int = 2) -> Path:
    rows = [(f"car_ims/{c:03d}{i}.jpg", c) for c in range(1, classes + 1) for i in range(per_class)]
    (root / "car_ims").mkdir(parents=True)
    for path, _ in rows:
        (root / path).write_bytes(jpeg)
    titles = cells([f"Make {classes - c}" for c in range(classes)])  # not in the order of their numbers
    savemat(root / "cars_annos.mat", {"annotations": struct(rows, "relative_im_path"), "class_names": titles})
    return root


def devkit_layout(root: Path, jpeg: bytes, classes: int, labels_at: str) -> Path:
    rows = [(f"{c:05d}.jpg", c) for c in range(1, classes + 1)]
    for part in ("train", "test"):
        (root / f"cars_{part}").mkdir(parents=True)
        for path, _ in rows:
            (root / f"cars_{part}" / path).write_bytes(jpeg + part.encode())
    (root / "devkit").mkdir()
    savemat(root / "devkit/cars_train_annos.mat", {"annotations": struct(rows, "fname")})
    savemat(root / "devkit/cars_test_annos.mat", {"annotations": struct(rows, "fname", with_class=False)})
    savemat(root / "devkit/cars_meta.mat", {"class_names": cells([f"Make {c}" for c in range(classes)])})
    if labels_at:
        savemat(root / labels_at / "cars_test_annos_withlabels.mat", {"annotations": struct(rows, "fname")})
    return root


def sizes(split: Split) -> list[int]:
    return [len(part) for part in (split.train, split.validation, split.test)]


def test_old_layout_is_cut_by_number(tmp_path: Path, jpeg: Callable[..., bytes]) -> None:
    split = cars196(old_layout(tmp_path, jpeg(), classes=196))
    assert sizes(split) == [158, 38, 196]
    assert {int(split.test.classes[label][:3]) for label in split.test.labels} == set(range(99, 197))
    assert split.test.classes[0] == "001 Make 196"
    assert [note.split()[4] for note in split.notes] == ["16,185", "8,054", "8,131"]


@pytest.mark.parametrize("labels_at", ["devkit", "."])
def test_devkit_layout_joins_both_official_parts(tmp_path: Path, jpeg: Callable[..., bytes], labels_at: str) -> None:
    split = cars196(devkit_layout(tmp_path, jpeg(), 8, labels_at), train_classes=4)
    assert sizes(split) == [4, 4, 8]
    assert {file.split("/")[0] for file in split.test.files} == {"cars_train", "cars_test"}
    assert split.test.read(0) == jpeg() + split.test.files[0].split("/")[0][5:].encode()
    assert len(split.notes) == 1


def test_test_annotations_without_classes_are_refused(tmp_path: Path, jpeg: Callable[..., bytes]) -> None:
    with pytest.raises(DataError, match=r"has fname, bbox_x1; use the file whose name ends in _withlabels\.mat"):
        cars196(devkit_layout(tmp_path, jpeg(), 8, ""), train_classes=4)


def test_absent_data_says_where_it_was(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"ai\.stanford\.edu/~jkrause/cars/car_dataset\.html"):
        cars196(tmp_path)


def test_absent_photos_are_named(tmp_path: Path, jpeg: Callable[..., bytes]) -> None:
    root = old_layout(tmp_path, jpeg(), 8)
    (root / "car_ims/0031.jpg").unlink()
    with pytest.raises(DataError, match=r"1 are absent \(car_ims/0031\.jpg\)"):
        cars196(root, train_classes=4)


def test_class_number_without_a_name_is_refused(tmp_path: Path, jpeg: Callable[..., bytes]) -> None:
    root = old_layout(tmp_path, jpeg(), 8)
    savemat(
        root / "cars_annos.mat",
        {"annotations": struct([("car_ims/0010.jpg", 9)], "relative_im_path"), "class_names": cells(["one"])},
    )
    with pytest.raises(DataError, match=r"1\.\.1, the classes named, but one is 9"):
        cars196(root, train_classes=4)


def test_a_cut_of_nothing_is_refused(tmp_path: Path, jpeg: Callable[..., bytes]) -> None:
    with pytest.raises(UsageError, match="train_classes"):
        cars196(old_layout(tmp_path, jpeg(), 8), train_classes=0)


def test_damaged_annotations_are_refused(tmp_path: Path, jpeg: Callable[..., bytes]) -> None:
    path = old_layout(tmp_path, jpeg(), 8) / "cars_annos.mat"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DataError, match=r"cars_annos\.mat must be a MATLAB file with the variable annotations"):
        cars196(tmp_path, train_classes=4)


def test_classes_that_are_no_numbers_are_refused(tmp_path: Path, jpeg: Callable[..., bytes]) -> None:
    root = old_layout(tmp_path, jpeg(), 8)
    rows = [("car_ims/0010.jpg", "Audi"), ("car_ims/0011.jpg", "Audi")]
    savemat(root / "cars_annos.mat", {"annotations": struct(rows, "relative_im_path")})
    with pytest.raises(DataError, match="must number its classes"):
        cars196(root, train_classes=4)
