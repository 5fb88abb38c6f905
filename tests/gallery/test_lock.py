from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from unfind.errors import GalleryError
from unfind.gallery.lock import LOCK_NAME, WriteLock

HOLDER = """
import sys
from pathlib import Path
from unfind.gallery.lock import WriteLock
with WriteLock(Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_writer_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    with (
        WriteLock(tmp_path).held(),
        pytest.raises(GalleryError, match=f"process {os.getpid()} is writing"),
        WriteLock(tmp_path).held(),
    ):
        pytest.fail("two writers at once")


def test_lock_is_free_after_the_block_and_after_an_error(tmp_path: Path) -> None:
    lock = WriteLock(tmp_path)
    with pytest.raises(RuntimeError, match="inside"), lock.held():
        raise RuntimeError("inside")
    with WriteLock(tmp_path).held():
        assert (tmp_path / LOCK_NAME).exists()


def test_holder_may_take_it_again(tmp_path: Path) -> None:
    lock = WriteLock(tmp_path)
    with lock.held():
        with lock.held():
            pass
        with pytest.raises(GalleryError), WriteLock(tmp_path).held():
            pytest.fail("the inner block has let go of the lock")


def test_threads_of_one_lock_take_turns(tmp_path: Path) -> None:
    lock, inside, most = WriteLock(tmp_path), [0], [0]

    def work() -> None:
        for _ in range(5):
            with lock.held():
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.001)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_another_process_is_named_and_its_death_frees_the_lock(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(GalleryError, match=f"process {holder.pid} is"), WriteLock(tmp_path).held():
            pytest.fail("two processes write at once")
        holder.kill()
    with WriteLock(tmp_path).held():
        assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_folder_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="must be writable"), WriteLock(tmp_path / "absent").held():
        pytest.fail("locked nothing")
