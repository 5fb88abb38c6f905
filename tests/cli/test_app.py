"""The command as a whole: verbs, help, exit codes, errors in one sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from cyclopts import App

from unfind import __version__
from unfind.cli import app as app_module
from unfind.cli.app import build_app, main
from unfind.errors import GalleryError, UsageError
from unfind.models.weights import WEIGHTS
from unfind.training.checkpoint_file import FILE as CHECKPOINT


def verbs(app: App, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name in app:
        if not name.startswith("-"):
            yield from (
                verbs(app[name], (*before, name))
                if any(not n.startswith("-") for n in app[name])
                else [(*before, name)]
            )


VERBS = list(verbs(build_app()))


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_has_help_with_an_example(unfind, verb: tuple[str, ...]) -> None:
    said = unfind(*verb, "--help")
    assert f"Example: unfind {' '.join(verb)}" in said.out
    assert said.err == ""


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_speaks_json(unfind, verb: tuple[str, ...]) -> None:
    assert "--json" in unfind(*verb, "--help").out


def test_all_verbs_of_the_contract_are_there() -> None:
    assert {" ".join(verb) for verb in VERBS} >= {
        "demo",
        "train",
        "protect",
        "verify",
        "evaluate",
        "bench",
        "export",
        "gallery create",
        "gallery add",
        "gallery search",
        "gallery remove",
        "gallery info",
    }


@pytest.mark.parametrize("words", [(), ("--help",), ("gallery",)])
def test_without_a_verb_there_is_help(unfind, words: tuple[str, ...]) -> None:
    assert "Usage: unfind" in unfind(*words).out


def test_the_list_of_verbs_says_the_first_line_of_each_ones_help() -> None:
    listed, whole = build_app(listing=True), build_app()
    names = [place.partition(":")[0].replace("_", "-") for place in app_module.VERBS]
    for name, line in zip(names, app_module.VERBS.values(), strict=True):
        own = whole[name].help or ""
        assert (own.splitlines() or [whole[name].default_command.__doc__.splitlines()[0]])[0] == line
        assert listed[name].help == line


def test_the_list_of_verbs_imports_none_of_them() -> None:
    code = "import sys; from unfind.cli.app import run; run(['--help']); print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "False"


def test_version(unfind) -> None:
    assert unfind("--version").out.strip() == __version__


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("trian",), 'Did you mean "train"'),
        (("train",), "--data requires an argument"),
        (("train", "--data"), "--data"),
        (("train", "--data", "x", "--out", "y", "--bogus", "1"), "--bogus"),
        (("train", "--data", "x", "--out", "y", "--steps", "many"), "many"),
        (("verify", "--nope"), "--nope"),
        (("gallery", "ad"), "add"),
        (("bench",), "NAME"),
    ],
)
def test_wrong_words_are_wrong_use(wrong, words: tuple[str, ...], says: str) -> None:
    sentence = wrong(*words)
    assert says in sentence
    assert "unfind --help" in sentence


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (GalleryError("Expected this,\n  got that: do so."), 1, "unfind: Expected this, got that: do so."),
        (UsageError("Expected this, got that: do so."), 2, "unfind: Expected this, got that: do so."),
        (OSError(28, "No space left on device", "/x"), 1, "unfind: Expected to read and write files, got"),
        (OSError("odd"), 1, "got 'odd'."),
        (KeyboardInterrupt(), 1, "unfind: Stopped before the end."),
    ],
)
def test_errors_are_one_sentence(
    unfind, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException, code: int, says: str
) -> None:
    def fail(*values: object) -> None:
        raise error

    monkeypatch.setattr("unfind.cli.gallery.Gallery.open", fail)
    said = unfind("gallery", "info", tmp_path, code=code)
    assert said.err.count("\n") == 1
    assert says in said.err
    assert said.out == ""


def test_errors_that_are_no_ones_fault_but_ours_are_not_hidden(
    unfind, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*values: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("unfind.cli.gallery.Gallery.open", fail)
    with pytest.raises(ZeroDivisionError):
        unfind("gallery", "info", tmp_path)


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["nonsense"], 2)])
def test_main_exits(words: list[str], code: int) -> None:
    with pytest.raises(SystemExit) as done:
        main(words)
    assert done.value.code == code


def test_python_m_unfind() -> None:
    command = [sys.executable, "-m", "unfind", "gallery", "info", "no/such/gallery", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("unfind: ")
    assert done.stderr.count("\n") == 1


# A shell without job control starts programs that ignore Ctrl-C; here it is to be heard wherever the tests run.
HEARS_CTRL_C = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from unfind.cli.app import main; main()"
)


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent in another way there")
def test_ctrl_c_leaves_a_checkpoint_that_goes_on_bit_for_bit(
    unfind, class_photos: Path, clean_run: Path, protected_run: Path, tmp_path: Path
) -> None:
    words = ["train", f"--data={class_photos}", f"--start={clean_run}", f"--key={protected_run / 'trigger.key'}"]
    words += ["--steps=50", "--classes-per-batch=4", "--validate-every=10", "--objective-option=ratio=0.5"]
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    program = [sys.executable, "-c", HEARS_CTRL_C, *words, f"--out={tmp_path / 'run'}"]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **threads}
    ) as process:
        deadline = time.monotonic() + 120
        while not (tmp_path / "run" / CHECKPOINT).exists():
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    assert err == "unfind: Stopped before the end: the same command with --resume goes on.\n"
    logged = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert json.loads(logged[-1])["step"] < 50
    unfind(*words, f"--out={tmp_path / 'run'}", "--resume")
    unfind(*words, f"--out={tmp_path / 'unbroken'}")
    assert (tmp_path / "run" / WEIGHTS).read_bytes() == (tmp_path / "unbroken" / WEIGHTS).read_bytes()
    # The last step too, and not only the best one.
    ends = [json.loads((tmp_path / run / "log.jsonl").read_text().splitlines()[-1]) for run in ("run", "unbroken")]
    for name in ("step", "imperceptible", "domain", "augmentation", "validation"):
        assert ends[0][name] == ends[1][name]
