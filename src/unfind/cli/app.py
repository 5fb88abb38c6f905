"""The ``unfind`` command: its verbs, its exit codes, and how errors are told."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter

from unfind import __version__
from unfind.cli import bench, cloak, demo, evaluate, gallery, key, mark, protect, train, verify
from unfind.cli.config import take_config
from unfind.errors import UnfindError

DONE, FAILED, WRONG_USE = 0, 1, 2
_HELP = """Keep private photos out of image search.

Exit codes: 0 done, 1 failed, 2 wrong use; verify: 3 when a photo is not marked. Options can stand in a TOML file,
under the verb's name or, like a run's settings.toml, at its top: unfind train --config FILE. Options on the command
line win."""


def build_app() -> App:
    """The command line with all its verbs."""
    app = App(
        name="unfind",
        help=_HELP,
        version=__version__,
        help_format="markdown",
        suppress_keyboard_interrupt=False,
        default_parameter=Parameter(negative_iterable=()),
    )
    for module in (demo.demo, train.train, protect.protect, verify.verify, cloak.cloak, evaluate.evaluate, bench.bench):
        app.command(module)
    app.command(gallery.app)
    app.command(key.app)
    app.command(mark.app)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit."""
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; errors are one sentence on stderr."""
    app = build_app()
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
