from __future__ import annotations

import errno
import hashlib
import os
import stat
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import KeyFileError
from unfind.triggers.key import SECRET_BYTES, Key

SECRET = bytes(range(SECRET_BYTES))


@settings(deadline=None, max_examples=50)
@given(secret=st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES))
def test_text_gives_the_key_back(secret: bytes) -> None:
    text = Key(secret).to_text()
    assert Key.from_text(text) == Key(secret)
    assert text.isascii()
    assert text.count("\n") == 1
    assert text.endswith("\n")


@pytest.mark.parametrize("around", ["{}", "\n\t {}\r\n\r\n"])
def test_blanks_around_the_text_do_not_matter(around: str, key: Key) -> None:
    assert Key.from_text(around.format(key.to_text().strip())) == key


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The text of a key with one to three characters changed, put in or left out."""
    text = Key(SECRET).to_text()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.text(max_size=2)) + text[at + draw(st.integers(0, 2)) :]
    return text


@settings(deadline=None, max_examples=300)
@given(text=st.one_of(mutated(), st.text(max_size=80), st.text(max_size=60).map(lambda t: f"unfind-key-1:{t}")))
def test_a_changed_text_is_refused_or_still_the_same_key(text: str) -> None:
    try:
        found = Key.from_text(text)
    except KeyFileError:
        return
    assert found == Key(SECRET)


@pytest.mark.parametrize("length", range(len(Key(SECRET).to_text()) - 1))
def test_a_truncated_text_is_refused(length: int) -> None:
    with pytest.raises(KeyFileError):
        Key.from_text(Key(SECRET).to_text()[:length])


def test_one_wrong_letter_is_told_from_another_kind_of_file(key: Key) -> None:
    text = key.to_text()
    mistyped = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
    with pytest.raises(KeyFileError, match="checksum"):
        Key.from_text(mistyped)
    with pytest.raises(KeyFileError, match="starts with 'unfind-key-1:'"):
        Key.from_text("-----BEGIN OPENSSH PRIVATE KEY-----")
    with pytest.raises(KeyFileError, match="damaged"):
        Key.from_text("unfind-key-1:not base64 at all!")


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_secret_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(KeyFileError, match=f"got {length}"):
        Key(bytes(length))


def test_new_keys_differ_and_seeded_ones_repeat() -> None:
    assert Key.new() != Key.new()
    assert Key.from_seed(3) == Key.from_seed(3)
    assert Key.from_seed(3) != Key.from_seed(4)


def test_a_key_is_never_printed(key: Key) -> None:
    for shown in (repr(key), str(key), f"{key}"):
        assert key.secret.hex() not in shown
        assert repr(key.secret) not in shown


def test_the_fingerprint_of_a_key_never_changes() -> None:
    assert Key.from_seed(0).fingerprint == "a9653ed44d578079"
    assert Key(SECRET).fingerprint == "50e825327f868af0"


def test_the_fingerprint_names_the_key_without_giving_it_away() -> None:
    keys = [Key.from_seed(seed) for seed in range(200)]
    assert len({key.fingerprint for key in keys}) == 200
    for key in keys:
        assert len(key.fingerprint) == 16
        assert key.fingerprint not in key.secret.hex()
        assert key.fingerprint not in hashlib.sha256(key.secret).hexdigest()
        int(key.fingerprint, 16)


def test_each_purpose_has_bytes_and_numbers_of_its_own(key: Key) -> None:
    purposes = ["fingerprint", "spread-spectrum carriers", "blended mosaic", "", "fingerprint "]
    derived = [key.derive(purpose) for purpose in purposes]
    assert all(len(one) == 32 for one in derived)
    assert len(set(derived)) == len(purposes)
    assert all(one[:4] not in other for one, other in combinations([*derived, key.secret], 2))
    streams = [key.numbers(purpose, 1000) for purpose in purposes]
    assert all(abs(np.corrcoef(one, other)[0, 1]) < 0.15 for one, other in combinations(streams, 2))


def test_a_purpose_gives_the_same_numbers_on_every_machine() -> None:
    """Photos marked today must be known by every later version."""
    found = Key.from_seed(0).numbers("a test", 3).tolist()
    assert found == [0.8879273907439331, 0.031942854453455904, 0.4196038449354289]


def test_more_numbers_begin_with_the_same_ones() -> None:
    key = Key.from_seed(1)
    assert key.numbers("a test", 100)[:7].tolist() == key.numbers("a test", 7).tolist()


def test_numbers_are_uniform() -> None:
    numbers = np.sort(Key.from_seed(2).numbers("a test", 10_000))
    assert numbers[0] >= 0
    assert numbers[-1] < 1
    # Kolmogorov's distance exceeds 1.95 / sqrt(n) once in a thousand tries.
    assert np.abs(numbers - (np.arange(10_000) + 0.5) / 10_000).max() < 1.95 / 100


def test_a_file_gives_the_key_back(tmp_path: Path) -> None:
    key = Key.new()
    key.save(tmp_path / "my.key")
    assert Key.load(tmp_path / "my.key") == key


@pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX")
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_only_the_owner_may_read_a_key_file(mask: int, key: Key, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        key.save(tmp_path / "my.key")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "my.key").stat().st_mode) == 0o600


def test_a_key_file_is_never_overwritten(key: Key, tmp_path: Path) -> None:
    path = tmp_path / "my.key"
    key.save(path)
    with pytest.raises(KeyFileError, match=r"my\.key.*never overwritten"):
        Key.from_seed(2).save(path)
    assert Key.load(path) == key


def test_a_dangling_link_is_not_written_through(key: Key, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError):
        key.save(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_folder_is_named(key: Key, tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"absent.*No such file"):
        key.save(tmp_path / "absent" / "my.key")


def test_a_full_disk_leaves_no_half_key(key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(KeyFileError, match="No space left"):
        key.save(tmp_path / "my.key")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"unfind-key-1:", b"hello", b"\xff\xfe\x00binary", "schlüssel".encode()])
def test_a_file_that_is_no_key_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "odd.key").write_bytes(content)
    with pytest.raises(KeyFileError, match=r"odd\.key"):
        Key.load(tmp_path / "odd.key")


def test_a_truncated_file_is_refused_by_name(key: Key, tmp_path: Path) -> None:
    (tmp_path / "cut.key").write_text(key.to_text()[:40])
    with pytest.raises(KeyFileError, match=r"cut\.key.*copy the key again"):
        Key.load(tmp_path / "cut.key")


def test_an_absent_or_unreadable_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"absent\.key.*No such file"):
        Key.load(tmp_path / "absent.key")
    with pytest.raises(KeyFileError, match="directory"):
        Key.load(tmp_path)
