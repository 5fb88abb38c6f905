"""docker/: as far as a machine without Docker can tell, the files say what they mean."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")


@pytest.fixture
def compose(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((root / "docker" / "compose.yml").read_text())
    return found


@pytest.fixture
def dockerfile(root: Path) -> str:
    return (root / "docker" / "Dockerfile").read_text()


def test_commands_of_the_images_parse(
    compose: dict[str, Any], dockerfile: str, parse_command: Callable[[list[str]], tuple[Any, dict[str, Any]]]
) -> None:
    [own] = re.findall(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)
    for words in (json.loads(own), compose["services"]["unfind"]["command"]):
        command, arguments = parse_command(words)
        assert command.__name__ == "serve"
        assert arguments["run"] == Path("/model")
        assert arguments["create"] is True


def test_the_image_takes_along_what_it_copies_and_extras_that_exist(root: Path, dockerfile: str) -> None:
    ignored = (root / ".dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE):
        for name in line.split()[:-1]:
            assert (root / name).exists()
            assert f"!{name}" in ignored
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    [named] = re.findall(r'"\.\[(.+)\]"', dockerfile)
    assert set(named.split(",")) <= set(extras)


def test_the_service_runs_as_nobody_special_and_is_open_to_this_machine_only(
    compose: dict[str, Any], dockerfile: str
) -> None:
    service = compose["services"]["unfind"]
    assert "\nUSER unfind\n" in dockerfile
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert not any("ports" in other for name, other in compose["services"].items() if name != "unfind")


def test_volumes_and_dependencies_exist(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source.startswith(".") or source in compose["volumes"]
        assert set(service.get("depends_on", [])) <= set(compose["services"])


def test_no_password_is_written_down(compose: dict[str, Any], root: Path) -> None:
    text = (root / "docker" / "compose.yml").read_text()
    assert not re.search(r"(PASSWORD|SECRET\w*): (?!\$\{)", text)
