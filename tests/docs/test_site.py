"""The site builds without a warning and without the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def build(root: Path, place: Path) -> Path:
    """Build the site from a copy, since the build writes pages beside its sources."""
    shutil.copytree(root / "docs", place / "docs", ignore=shutil.ignore_patterns("_build", "api", "__pycache__"))
    for page in root.glob("*.md"):
        shutil.copy(page, place)
    blocked = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "docs", "html"]
    environment = {**os.environ, **blocked}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return place / "html"


def test_the_site_builds_without_a_warning_and_holds_every_page(root: Path, tmp_path: Path) -> None:
    """One test, because the build takes half a minute and test processes share nothing."""
    site = build(root, tmp_path)
    for page in (root / "docs").rglob("*.md"):
        if "_build" not in page.parts:
            assert (site / page.relative_to(root / "docs").with_suffix(".html")).exists()
    the_reference_holds_the_docstrings((site / "api" / "triggers.html").read_text())
    assert "advisories" in (site / "security.html").read_text()
    assert 'href="extend/loss.html"' in (site / "contributing.html").read_text()
    assert "unfind gallery search" in (site / "commands.html").read_text()


def the_reference_holds_the_docstrings(text: str) -> None:
    assert "unfind.triggers.key.Key.fingerprint" in text
    assert "16 hex digits that name the key without giving it away." in text
    # A constant's sentence keeps its colon.
    assert "of the shorter image side (MIP, section 5.1.2: 18 pixels at 224).</p>" in text
