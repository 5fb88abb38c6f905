from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from unfind.service import memory

ON_GLIBC = memory._glibc() is not None
MIB = 2**20
FREED = """
import ctypes, sys, threading
from pathlib import Path
from unfind.service import memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

def use(barrier):
    barrier.wait()
    pieces = [ctypes.create_string_buffer(b"x" * 20_000) for _ in range(500)]
    barrier.wait()
    kept.append(pieces[-1])  # the last piece holds the top of the arena down

kept = []
if sys.argv[1] == "settled":
    memory.settle()
before = resident()
for _ in range(2):
    barrier = threading.Barrier(8)
    threads = [threading.Thread(target=use, args=[barrier]) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
used = resident() - before
if sys.argv[1] == "settled":
    memory.give_back()
print(used, resident() - before)
"""


@pytest.mark.skipif(not ON_GLIBC, reason="only glibc keeps arenas")
def test_what_threads_have_freed_goes_back_to_the_system() -> None:
    def left(how: str) -> int:
        said = subprocess.run([sys.executable, "-c", FREED, how], capture_output=True, text=True, check=True)
        return int(said.stdout.split()[1])

    kept, given = left("as usual"), left("settled")
    assert given < kept / 4
    assert given < 10 * MIB


def test_giving_back_leaves_what_is_in_use() -> None:
    array = pa.array(range(100_000))
    piece = ctypes.create_string_buffer(b"x" * MIB)
    memory.give_back()
    memory.give_back()
    assert array[99_999].as_py() == 99_999
    assert piece.raw[:MIB] == b"x" * MIB


def test_arrow_allocates_where_it_can_be_given_back() -> None:
    before = pa.default_memory_pool()
    try:
        memory.settle()
        assert pa.default_memory_pool().backend_name == "system"
    finally:
        pa.set_memory_pool(before)


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_nothing_of_glibc_is_asked(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    memory._glibc.cache_clear()
    monkeypatch.setattr(sys, "platform", platform)
    assert memory._glibc() is None
    memory.give_back()
    memory._glibc.cache_clear()


def test_a_libc_without_arenas_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    memory._glibc.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert memory._glibc() is None
    memory._glibc.cache_clear()
