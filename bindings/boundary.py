"""The error boundary of the command line: whatever fails, one line that says what to do, and never a traceback.

An error of ours says what to do. One that nobody foresaw is named by its type and place alone: its text may hold what
was being worked on, which may be a prompt. ``GAUGER_DEBUG=1`` shows the traceback all the same.

Exit codes: 1 something failed, 2 bad usage, 130 interrupted.
"""

import errno
import os
import sys
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, NamedTuple

# Little is imported up here: what cannot be imported must be inside the boundary as well.

DEBUG = "GAUGER_DEBUG"
FAILED, USAGE, INTERRUPTED = 1, 2, 130
_OURS = "gauger"
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Said(NamedTuple):
    """What is said of an error."""

    message: str | None  # None: nothing, as nobody listens
    code: int
    foreseen: bool = True


def guarded(run: Callable[[], Any]) -> Any:
    """What a function returns. After an error: one line on standard error, then SystemExit with the exit code."""
    try:
        return run()
    except (Exception, KeyboardInterrupt) as error:
        if type(error).__module__ == "click.exceptions":
            raise  # click's own: bad usage, and what ends a command early
        said = explained(error)
        if said.message is not None:
            complain(said.message)
            _debug(error, said)
        code = said.code
    raise SystemExit(code)


def _debug(error: BaseException, said: Said) -> None:
    if os.environ.get(DEBUG):
        import traceback

        complain("the traceback, which may hold prompts:")
        traceback.print_exception(error)
    elif not said.foreseen:
        complain(f"{DEBUG}=1 shows the traceback, which may hold prompts")


def complain(message: str) -> None:
    """One line on standard error, whatever the file names in it."""
    from gauger.text.formats import visible

    print(f"gauger: {visible(message)}", file=sys.stderr, flush=True)


def explained(error: BaseException) -> Said:
    """One sentence for any error: what to do where that is known, and nothing of what was being worked on."""
    from gauger.engine.common.errors import AllowListError, ColumnMapError, GaugerError, InputError

    if isinstance(error, (AllowListError, ColumnMapError, InputError)):
        return Said(str(error), USAGE)
    if isinstance(error, GaugerError):
        return Said(str(error), FAILED)
    if isinstance(error, KeyboardInterrupt):
        return Said("interrupted; the same command again goes on with what was done of a score", INTERRUPTED)
    if isinstance(error, BrokenPipeError):
        return Said(None, FAILED)
    if isinstance(error, MemoryError):
        return Said("not enough memory; give it fewer or smaller files at a time", FAILED)
    if isinstance(error, OSError):
        return Said(_of_system(error), FAILED)
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return Said("this system lets it start no more threads; give fewer --workers, or raise ulimit -u or -v", FAILED)
    if isinstance(error, ImportError):
        # The text names a library and says why it cannot be loaded: nothing of a log is read by then.
        reason = str(error).partition("\n")[0]
        return Said(f"a library cannot be loaded ({reason}); free memory, or install gauger again", FAILED)
    if isinstance(error, RecursionError):
        return Said(f"something given is nested too deeply to be read ({place_of(error)})", FAILED)
    return Said(f"unexpected {type(error).__qualname__} in {place_of(error)}", FAILED, foreseen=False)


def _of_system(error: OSError) -> str:
    """What the operating system said, and of which place."""
    named = error.filename2 or error.filename
    reason = os.strerror(error.errno) if isinstance(error.errno, int) else type(error).__qualname__
    if isinstance(named, (str, bytes, os.PathLike)):
        return f"{os.fsdecode(named)}: {reason}; check the place and its free space, then run again"
    if error.errno not in _FULL:
        return f"{reason} in {place_of(error)}; check the places given, then run again"
    import tempfile

    places = f"--out, --work, --state and {tempfile.gettempdir()} (TMPDIR)"
    return f"{reason}; check the free space of {places}, then run again"


def place_of(error: BaseException) -> str:
    """Module and line of an error: the innermost of gauger, and the library's where it was raised in one."""
    places = list(_places(error.__traceback__))
    if not places:
        return "an unknown place"
    module, line = places[-1]
    ours = [place for place in places if place[0].partition(".")[0] == _OURS]
    if not ours or ours[-1] == (module, line):
        return f"{module}, line {line}"
    return f"{module}, line {line}, asked by {ours[-1][0]}, line {ours[-1][1]}"


def _places(trace: TracebackType | None) -> Iterator[tuple[str, int]]:
    while trace is not None:
        yield trace.tb_frame.f_globals.get("__name__", "?"), trace.tb_lineno
        trace = trace.tb_next


def main() -> None:
    """The command ``gauger``: also what fails while its libraries are loaded is inside the boundary."""

    def run() -> None:
        from gauger.commands.main import main as command

        command(prog_name="gauger")

    guarded(run)
