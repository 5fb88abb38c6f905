from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed: pip install 'unfind[service]'")

from unfind.errors import ServiceError
from unfind.gallery.store import Gallery
from unfind.models.encoder import Architecture
from unfind.service.client import Client
from unfind.studies.service_process import Running, make_embedder, served

SMALL = Architecture("tiny", size=32, dimension=8)


def test_the_model_is_always_the_same() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    np.testing.assert_array_equal(make_embedder(SMALL)([photo]), make_embedder(SMALL)([photo]))


def test_a_server_answers_and_ends(tmp_path: Path) -> None:
    Gallery.create(tmp_path / "g", dimension=8, fingerprint="bench")
    with served(tmp_path / "g", SMALL, waiting=3) as server:
        assert server.resident_bytes() > 10**7
        with Client(server.address, server.key) as client:
            assert client.gallery()["dimension"] == 8
    with pytest.raises(ServiceError), Client(server.address, server.key) as client:
        client.gallery()


def test_a_server_that_does_not_start_is_told(tmp_path: Path) -> None:
    Gallery.create(tmp_path / "g", dimension=8, fingerprint="other")
    with pytest.raises(ServiceError, match="Expected the service to start"), served(tmp_path / "g", SMALL):
        pytest.fail("a gallery of another model was served")


def test_memory_of_a_process_that_is_gone_is_nothing() -> None:
    assert Running("http://x", "k", os.getpid()).resident_bytes() > 0
    assert Running("http://x", "k", 2**30).resident_bytes() == 0
