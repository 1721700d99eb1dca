"""How a command ends: the four exit codes, and what each fault comes to. Never a traceback on the terminal."""

import errno
import os
import tempfile
import traceback
from pathlib import Path

import typer

from checks.contracts.errors import InputFault
from flows.cli.streams import AnswerLost, write_no_more

RAN = 0
FOUND = 1
BAD_INPUT = 2
PART_WAY = 3

#: A disk on which nothing can be written: full, beyond its quota, or read-only.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)

#: What DuckDB makes of a KeyboardInterrupt while it computes: a RuntimeError of these words.
_ENDED_IN_A_QUERY = "Query interrupted"

#: The end of every command's help.
IN_WORDS = (
    "Exit codes: 0 it ran, whatever the verdict; 2 bad input, with one message that names the file and the key; "
    "3 stopped part-way, and the same command goes on."
)


def code_of(fault: BaseException) -> int:
    """Says in one line on standard error what went wrong, and returns the exit code."""
    if isinstance(fault, AnswerLost):
        write_no_more()
        return _say(fault.message, BAD_INPUT)
    if isinstance(fault, InputFault):
        return _say(_with_count(fault), BAD_INPUT)
    if isinstance(fault, typer.TyperException):
        return _say(f"{fault.format_message()} (gwanmun COMMAND --help)", BAD_INPUT)
    if isinstance(fault, KeyboardInterrupt) or (isinstance(fault, RuntimeError) and str(fault) == _ENDED_IN_A_QUERY):
        return _say("stopped; the same command goes on where it was", PART_WAY)
    if isinstance(fault, BrokenPipeError):
        write_no_more()  # the reader of our output has gone (`… | head`): nothing is wrong
        return RAN
    if isinstance(fault, OSError) and fault.errno in _NO_ROOM:
        where = fault.filename2 or fault.filename or "a disk"
        return _say(
            f"{where}: found {fault.strerror}, expected room to write; then the same command goes on", BAD_INPUT
        )
    return _known_state(fault)


def _known_state(fault: BaseException) -> int:
    """States that the rooms below have names for; imported only here, where something has gone wrong already."""
    from checks.rules.inputs import NotMeasured
    from flows.evaluate_round import StoppedPartWay
    from tasks.benchmark import ServerStopped
    from warehouse.store import EmptyWarehouse

    if isinstance(fault, StoppedPartWay):
        return _say(str(fault), PART_WAY)
    if isinstance(fault, ServerStopped):
        return _say(f"{fault}; with --items FILE --resume the same command goes on where it was", PART_WAY)
    if isinstance(fault, NotMeasured | EmptyWarehouse):
        return _say(str(fault), BAD_INPUT)
    return _say(_internal(fault), PART_WAY)


def _with_count(fault: InputFault) -> str:
    more = len(fault.more)
    counted = "1 more fault" if more == 1 else f"{more} more faults"
    return f"{fault.message} (and {counted}; gwanmun check shows all)" if more else fault.message


def _internal(fault: BaseException) -> str:
    """One line; the traceback goes into a file, for whoever is asked to mend it."""
    words = str(fault).strip().splitlines()[-1:] or [""]
    said = f"internal error: {type(fault).__name__}: {words[0]}"
    try:
        handle, name = tempfile.mkstemp(prefix="gwanmun-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as details:
            traceback.print_exception(fault, file=details)
    except OSError:
        return said
    return f"{said} (details in {Path(name)})"


def _say(message: str, code: int) -> int:
    typer.echo(" ".join(message.split("\n")), err=True)
    return code
