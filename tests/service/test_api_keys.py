from __future__ import annotations

import hmac
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unfind.errors import KeyFileError, UsageError
from unfind.service import api_keys
from unfind.service.api_keys import KeyRing


def test_a_key_is_found_and_tells_name_and_role(ring: KeyRing) -> None:
    text = ring.new("phone", "write")
    found = ring.find(text)
    assert found is not None
    assert (found.name, found.role) == ("phone", "write")
    assert ring.find(text) == found


def test_the_file_holds_no_key_and_is_for_its_owner_only(ring: KeyRing, tmp_path: Path) -> None:
    text = ring.new("phone", "read")
    stored = (tmp_path / "api-keys.json").read_text()
    assert text not in stored
    assert text.rpartition("_")[2] not in stored
    ring.new("tablet", "read")
    if os.name == "posix":
        assert (tmp_path / "api-keys.json").stat().st_mode & 0o777 == 0o600


def test_two_keys_are_never_alike(ring: KeyRing) -> None:
    assert len({ring.new(f"k{i}", "read") for i in range(20)}) == 20


def test_changed_cut_and_foreign_keys_are_not_found(ring: KeyRing, tmp_path: Path) -> None:
    text = ring.new("a_b-c.d", "write")
    assert ring.find(text) is not None
    other = KeyRing(tmp_path / "other.json").new("a_b-c.d", "write")
    for wrong in (text[:-1], text + "x", text.swapcase(), text.replace("a_b", "a_x"), other, "", "unfind__", "ü"):
        assert ring.find(wrong) is None


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80))
def test_no_text_is_a_key(ring: KeyRing, text: str) -> None:
    assert ring.find(text) is None


def test_unknown_names_are_compared_as_well(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    text = ring.new("known", "read")
    compared: list[int] = []
    real = hmac.compare_digest
    monkeypatch.setattr(api_keys.hmac, "compare_digest", lambda a, b: compared.append(len(a) + len(b)) or real(a, b))
    ring.find(text)
    ring.find(text.replace("known", "other"))
    ring.find("nonsense")
    assert compared == [128, 128, 128]


def test_revoked_keys_are_worthless_for_a_running_service(ring: KeyRing, tmp_path: Path) -> None:
    text = ring.new("phone", "read")
    running = KeyRing(tmp_path / "api-keys.json")
    assert running.find(text) is not None
    ring.revoke("phone")
    assert running.find(text) is None
    assert ring.listed() == []
    with pytest.raises(UsageError, match="key list"):
        ring.revoke("phone")


def test_keys_are_listed_by_name(ring: KeyRing) -> None:
    for name in ("b", "a"):
        ring.new(name, "read")
    assert [key.name for key in ring.listed()] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "role"), [("", "read"), ("a b", "read"), ("x" * 65, "read"), ("a", "admin"), ("../a", "read")]
)
def test_impossible_keys_are_refused(ring: KeyRing, name: str, role: str) -> None:
    with pytest.raises(UsageError):
        ring.new(name, role)  # type: ignore[arg-type]


def test_a_name_has_one_key(ring: KeyRing) -> None:
    ring.new("a", "read")
    with pytest.raises(UsageError, match="revoke it first"):
        ring.new("a", "write")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": [{}]}', '{"keys": [1]}', '{"keys": 3}'])
def test_a_damaged_file_lets_nobody_in(ring: KeyRing, tmp_path: Path, text: str) -> None:
    (tmp_path / "api-keys.json").write_text(text)
    with pytest.raises(KeyFileError, match="restore it"):
        ring.find("unfind_a_" + "x" * 43)


def test_a_role_that_does_not_exist_is_no_role(ring: KeyRing, tmp_path: Path) -> None:
    text = ring.new("a", "read")
    fields = json.loads((tmp_path / "api-keys.json").read_text())
    fields["keys"][0]["role"] = "root"
    (tmp_path / "api-keys.json").write_text(json.dumps(fields) + "\n")
    assert KeyRing(tmp_path / "api-keys.json").find(text) is None


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyFileError, match="Expected a place"):
        KeyRing(tmp_path / "file" / "keys.json").new("a", "read")
