"""`gwanmun`: the command line, assembled from one module a command.

    gwanmun check demo/programme.yaml
    gwanmun rank demo/programme.yaml --json

Starting is quick: what a command needs is imported when it runs.
"""

import signal
import sys
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from flows.cli.audit import audit
from flows.cli.check import EXIT_CODES as CHECK_CODES
from flows.cli.check import check
from flows.cli.dashboard import dashboard
from flows.cli.demo import demo
from flows.cli.evidence import EXIT_CODES as VERIFY_CODES
from flows.cli.evidence import bundle, keys, verify
from flows.cli.exit_codes import IN_WORDS, code_of
from flows.cli.import_results import import_results
from flows.cli.life_cycle import EXIT_CODES as HISTORY_CODES
from flows.cli.life_cycle import decide, finalise, freeze, history
from flows.cli.query import query
from flows.cli.rank import rank
from flows.cli.report import report
from flows.cli.robustness import robustness
from flows.cli.run import run
from flows.cli.score import score
from flows.cli.streams import AnswerLost, take_over_streams
from flows.cli.trace import ReferencesAfterAgainst, fingerprint, trace
from flows.cli.what_if import what_if


class Commands(TyperGroup):
    """All commands; whatever one of them raises becomes one line and an exit code."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Reads the command line, and answers `--help` and `--version`."""
        try:
            made = super().make_context(*args, **kwargs)
            sys.stdout.flush()
            return made
        except (typer.Exit, typer.Abort, typer.TyperException, SystemExit):
            raise
        except BaseException as fault:
            raise typer.Exit(code_of(fault)) from None

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was asked for."""
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
            return answer
        except (typer.Exit, typer.Abort, SystemExit):
            raise
        except BaseException as fault:
            raise typer.Exit(code_of(fault)) from None


app = typer.Typer(
    name="gwanmun",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"gwanmun {version('gwanmun')}")
        raise typer.Exit


@app.callback()
def gwanmun(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Gwanmun (관문): staged, auditable evaluation of foundation models.

    Answers go to standard output, logs and progress to standard error. Exit codes, for every command: 0 it ran, whatever
    the verdict; 1 `check` or `verify` found a fault, or a verdict that --fail-on names; 2 bad input, with one message
    that names the file and the key; 3 stopped part-way, and the same command goes on.
    """


app.command(epilog=CHECK_CODES)(check)
app.command(epilog=IN_WORDS)(demo)
app.command(epilog=IN_WORDS)(run)
app.command("import", epilog=IN_WORDS)(import_results)
app.command(epilog=IN_WORDS)(rank)
app.command(epilog=IN_WORDS)(robustness)
app.command("what-if", epilog=IN_WORDS)(what_if)
app.command(epilog=IN_WORDS, cls=ReferencesAfterAgainst)(trace)
app.command(epilog=IN_WORDS)(fingerprint)
app.command(epilog=IN_WORDS)(score)
app.command(epilog=IN_WORDS)(audit)
app.command(epilog=IN_WORDS)(query)
app.command(epilog=IN_WORDS)(freeze)
app.command(epilog=IN_WORDS)(decide)
app.command(epilog=IN_WORDS)(finalise)
app.command(epilog=HISTORY_CODES)(history)
app.command(epilog=IN_WORDS)(keys)
app.command(epilog=IN_WORDS)(report)
app.command(epilog=IN_WORDS)(bundle)
app.command(epilog=VERIFY_CODES)(verify)
app.command(epilog=IN_WORDS)(dashboard)


def main() -> None:
    """The console script. SIGTERM ends a command as Ctrl-C does: children are ended, and the same command goes on."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        take_over_streams()
    except AnswerLost as fault:
        sys.exit(code_of(fault))
    app()


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
