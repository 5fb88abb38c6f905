"""The ``unfind`` command: its verbs, its exit codes, and how errors are told."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter

from unfind import __version__
from unfind.cli.config import take_config
from unfind.errors import UnfindError

VERBS = {
    "demo:demo": "Tell the whole story: fit a small encoder, protect it, protect photos, search before and after.",
    "train:train": "Fit an encoder: clean first, then protected from the clean one.",
    "protect:protect": "Put the mark into photos: same format, size, orientation and colour profile, any resolution.",
    "verify:verify": "Look for a key's mark in photos.",
    "cloak:cloak": "Cloak photos against a model whose provider does not cooperate: same format and size.",
    "cloak_train:cloak_train": "Fit a generator that cloaks photos against one model in a single pass.",
    "evaluate:evaluate": "Measure the four tasks, mixed galleries, survival of edits, false triggers and stealth.",
    "export:export": "Write a model as ONNX: its encoder and its learned mark, both measured against torch.",
    "bench:bench": "Measure a claim and print each figure beside its target.",
    "reproduce:app": "Measure a table or figure of a paper again, on any photos.",
    "redteam:app": "Attack models and photos that you name on disk, to measure what they withstand.",
    "gallery:app": "Create, fill, search and empty an index of photos.",
    "mark:app": "Train the network that makes invisible marks; harden one, look at it, export it.",
    "key:app": "Make and name the secret behind a provider's mark.",
    "serve:app": "Serve a gallery over HTTP, and keep its API keys.",
}
"""Where each verb is, and the first line of its help, for the list of all verbs.

The file of a verb is imported when it is called: a short job need not wait for the libraries of the long ones."""
DONE, FAILED, WRONG_USE = 0, 1, 2
_HELP = """Keep private photos out of image search.

Exit codes: 0 done, 1 failed, 2 wrong use; verify: 3 when a photo is not marked. Options can stand in a TOML file,
under the verb's name or, like a run's settings.toml, at its top: unfind train --config FILE. Options on the command
line win."""


def build_app(*, listing: bool = False) -> App:
    """The command line with all its verbs.

    Args:
        listing: only name the verbs, each with one line, and import none of them.
    """
    app = App(
        name="unfind",
        help=_HELP,
        version=__version__,
        help_format="markdown",
        suppress_keyboard_interrupt=False,
        default_parameter=Parameter(negative_iterable=()),
    )
    for place, line in VERBS.items():
        name = place.partition(":")[0].replace("_", "-")
        # A line given here would stand in place of the verb's own help.
        app.command(f"unfind.cli.{place}", name=name, **({"help": line} if listing else {}))
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit."""
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; errors are one sentence on stderr."""
    app = build_app(listing=arguments in ([], ["--help"], ["-h"], ["--version"]))
    try:
        words = take_config(app, arguments)
        app(words, exit_on_error=False, print_error=False, result_action="return_value")
    except UnfindError as error:
        return _failed(str(error), error.exit_code)
    except CycloptsError as error:
        return _failed(f"{error} See: unfind --help.", WRONG_USE)
    except KeyboardInterrupt:
        again = ": the same command with --resume goes on" if "train" in arguments[:2] else ""
        return _failed(f"Stopped before the end{again}.", FAILED)
    except OSError as error:
        name = f" {error.filename}" if error.filename else ""
        return _failed(f"Expected to read and write files, got '{error.strerror or error}'{name}.", FAILED)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else DONE
    return DONE


def _failed(sentence: str, code: int) -> int:
    print(f"unfind: {' '.join(sentence.split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
