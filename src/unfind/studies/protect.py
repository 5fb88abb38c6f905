"""Put the mark into photo files, and look whether files carry it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from unfind.errors import ImageError, UnfindError, UsageError
from unfind.evaluation.likeness import likeness
from unfind.images.decode import decode
from unfind.images.encode import encode
from unfind.images.files import find_photos, read_photo, write_atomic
from unfind.images.photo import Photo, Pixels
from unfind.studies.progress import Progress, silent
from unfind.triggers.detection import Detection
from unfind.triggers.find_mark import Findable, Markable, can_be_found, find_mark

Item = TypeVar("Item")
Result = TypeVar("Result")
LOUDER = (1.0, 1.25, 1.5, 2.0)
"""How many times as strong as asked for a mark is made, in turn, until it is read back from the written file: up to
6 dB, beyond which people would see what they did not ask for."""


@dataclass(frozen=True)
class Protected:
    """What became of one photo.

    Attributes:
        source: the photo.
        target: where the protected copy is; None when nothing was written.
        problem: why nothing was written, as a sentence; None when all went well.
        psnr: of the written file against the photo, in dB.
        ssim: likewise, -1..1.
        check: what the detector sees in the written file; None for triggers that cannot be detected.
        louder: how many times as strong as asked for the mark had to be to be read back.
        notice: what else there is to know, as a sentence; None for nothing.
    """

    source: Path
    target: Path | None = None
    problem: str | None = None
    psnr: float | None = None
    ssim: float | None = None
    check: Detection | None = None
    louder: float = 1.0
    notice: str | None = None


def protect_files(
    paths: Iterable[Path],
    out: Path,
    trigger: Markable,
    *,
    keep_location: bool = False,
    overwrite: bool = False,
    progress: Progress = silent,
) -> list[Protected]:
    """Protect photos and write them into a folder, in parallel; one that fails does not stop the others.

    Args:
        paths: photos, or folders that are searched for them.
        out: where the protected copies go, under the same names; made where absent.
        trigger: the mark.
        keep_location: keep GPS data, which is removed otherwise.
        overwrite: whether a file of the same name in ``out`` may be replaced.
        progress: told how many photos are done.

    Raises:
        UsageError: no photo, a photo that would be written over itself, or two that would be written to one file.
        ImageError: the folder cannot be made.
    """
    pairs = places_for(list(paths), out)

    def one(pair: tuple[Path, Path]) -> Protected:
        try:
            return protect_file(*pair, trigger, keep_location=keep_location, overwrite=overwrite)
        except UnfindError as error:
            return Protected(pair[0], problem=str(error))

    return _in_parallel(one, pairs, "protect photos", progress)


def protect_file(
    source: Path, target: Path, trigger: Markable, *, keep_location: bool = False, overwrite: bool = False
) -> Protected:
    """Protect one photo: same format, size, orientation, colour profile and quality as the source's.

    The written bytes are decoded again and checked before they take their place on disk.

    Raises:
        ImageError: the photo cannot be read or written, carries this mark already, or would not carry it.
        UsageError: the target exists and may not be overwritten.
    """
    if target.exists() and not overwrite:
        raise UsageError(f"Expected no file at {target}, got one: add --overwrite or choose another folder.")
    photo = read_photo(source)
    notice = _already(source, photo, trigger)
    data, written, check, louder = _marked(photo, trigger, keep_location)
    if check is not None and not check.marked:
        raise ImageError(
            f"{source}: expected to find the mark in the result, got a false-alarm chance of {check.false_alarm:.1g} "
            f"even {louder:.1f} times as strong: the photo is too small or too flat, raise the strength."
        )
    measured = likeness(photo.pixels, written)
    write_atomic(target, data)
    return Protected(source, target, None, measured["psnr"], measured.get("ssim"), check, louder, notice)


def _already(source: Path, photo: Photo, trigger: Markable) -> str | None:
    """What to say of a mark that a photo seems to carry already, of another key; None for none.

    Raises:
        ImageError: it carries this one.
    """
    if not can_be_found(trigger):
        return None
    found = find_mark(trigger, photo.pixels)
    if found.marked:
        raise ImageError(
            f"{source}: expected a photo without this mark, got one that carries it: it is protected already."
        )
    if found.of_another:
        return f"{source} seems to carry a mark of another key already, which may not be read any more."
    return None


def _marked(photo: Photo, trigger: Markable, keep_location: bool) -> tuple[bytes, Pixels, Detection | None, float]:
    """The protected file, its pixels, what a detector sees in them, and how much stronger the mark had to be.

    A mark that cannot be read back from the file is made stronger step by step, within LOUDER.
    """
    for louder in LOUDER if can_be_found(trigger) else (1.0,):
        made = trigger.stronger(louder) if can_be_found(trigger) else trigger
        data = encode(dataclasses.replace(photo, pixels=made.mark(photo.pixels)), keep_location=keep_location)
        written = decode(data).pixels
        check = find_mark(trigger, written) if can_be_found(trigger) else None
        if check is None or check.marked:
            break
    return data, written, check, louder


@dataclass(frozen=True)
class Verified:
    """Whether one photo carries the mark of a key.

    Attributes:
        source: the photo.
        detection: the verdict; None when the photo could not be read.
        problem: why not, as a sentence.
    """

    source: Path
    detection: Detection | None = None
    problem: str | None = None


def verify_files(paths: Iterable[Path], trigger: Findable, *, progress: Progress = silent) -> list[Verified]:
    """Look for the mark of the trigger's key in photos, in parallel.

    Raises:
        UsageError: no photo.
    """

    def one(path: Path) -> Verified:
        try:
            return Verified(path, find_mark(trigger, read_photo(path).pixels))
        except UnfindError as error:
            return Verified(path, problem=str(error))

    return _in_parallel(one, _found(list(paths)), "verify photos", progress)


def _in_parallel(work: Callable[[Item], Result], items: list[Item], stage: str, progress: Progress) -> list[Result]:
    done = []
    # One for each core, and no more: every photo at work takes ten times its pixels' number in bytes.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(work, items):
            done.append(result)
            progress(stage, len(done), len(items))
    return done


def _found(paths: list[Path]) -> list[Path]:
    photos = find_photos(paths)
    if not photos:
        raise UsageError(f"Expected photos (JPEG, PNG or WebP) in {', '.join(map(str, paths))}, got none.")
    return photos


def places_for(paths: list[Path], out: Path) -> list[tuple[Path, Path]]:
    """Each photo and where its copy goes: photos found in a folder keep their place below it. Makes the folders.

    Args:
        paths: photos, or folders that are searched for them.
        out: the folder of the copies.

    Raises:
        UsageError: no photo, a photo that would be written over itself, or two that would be written to one file.
        ImageError: the folder cannot be made.
    """
    pairs = _targets(paths, out)
    try:
        for folder in {target.parent for _, target in pairs}:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"Expected to make the folder {out}, got '{error.strerror}': choose another one.") from error
    return pairs


def _targets(paths: list[Path], out: Path) -> list[tuple[Path, Path]]:
    pairs = []
    for path in paths:
        root = path if path.is_dir() else path.parent
        pairs += [(photo, out / photo.relative_to(root)) for photo in _found([path])]
    taken: dict[Path, Path] = {}
    for source, target in pairs:
        if target.resolve() == source.resolve():
            raise UsageError(f"Expected another folder than that of {source}, got {out}: the original must stay.")
        if taken.get(target, source) != source:
            raise UsageError(
                f"Expected photos of different names, got {taken[target]} and {source}: both would be {target}."
            )
        taken[target] = source
    return [(source, target) for target, source in taken.items()]
