"""The command line: parse, call the library, print. Data goes to stdout, messages to stderr."""

import logging
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import click

from coursetrail.cli import (
    analyses,
    analyze,
    compact,
    compare,
    convert,
    demo,
    ingest,
    plot,
    report,
    simulate,
    sniff,
    sql,
    status,
    trust,
    watch,
)
from coursetrail.cli.group import Commands
from coursetrail.cli.printing import say
from coursetrail.errors import CoursetrailError, StorageError, UsageError

COMMANDS = (
    report.report,
    ingest.ingest,
    watch.watch,
    compact.compact,
    status.status,
    analyze.analyze,
    compare.compare,
    plot.plot,
    convert.convert,
    sniff.sniff,
    analyses.list_analyses,
    sql.sql,
    trust.trust,
    simulate.simulate,
    demo.demo,
)
"""The commands, in the order of the help text."""

DEFECT = 70
STOPPED = "Stopped. What was committed before is safe."


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="coursetrail", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Turn course clickstream exports into answers that you can trust.

    \b
    Start here:
      coursetrail demo                                          a simulated course, start to finish
      coursetrail report psy-001_clickstream_export.gz -o out   your own export

    Exit codes: 0 done, 1 failed, 2 wrong call, 3 unreadable input, 4 too many rejects, 5 no dataset,
    6 cannot write, 7 query failed, 8 package missing, 70 a defect of coursetrail, 130 stopped by you.
    """
    del debug  # main() looks for it


for command in COMMANDS:
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code; an error is one line unless --debug is given."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    os.umask(_umask())
    with _tidy_when_terminated(), _warnings_said():
        code = _run(words, debug="--debug" in words[:1])
    sys.exit(code)


def _umask() -> int:
    """What is written is the user's alone, unless `COURSETRAIL_UMASK` says otherwise, for example 027 for a group."""
    given = os.environ.get("COURSETRAIL_UMASK", "077")
    return int(given, 8) if re.fullmatch("0?[0-7]{3}", given) else 0o077


class _Said(logging.Handler):
    """Prints what the library logs."""

    def emit(self, record: logging.LogRecord) -> None:
        """One message."""
        say(record.getMessage())


@contextmanager
def _warnings_said() -> Iterator[None]:
    """What the library logs is printed like any other message."""
    handler = _Said(logging.WARNING)
    log = logging.getLogger("coursetrail")
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


class _Terminated(BaseException):
    """The process got SIGTERM."""


@contextmanager
def _tidy_when_terminated() -> Iterator[None]:
    """SIGTERM ends the process as it would have, once temporary folders are gone; a second one at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise _Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except _Terminated:
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(words: list[str], debug: bool) -> int:
    try:
        code = cli.main(words, prog_name="coursetrail", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except Exception as error:
        if debug:
            say(*traceback.format_exc().splitlines())
        if isinstance(error, RuntimeError) and "Query interrupted" in str(error):  # what DuckDB makes of a signal
            if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
                raise _Terminated from error
            return _failed(STOPPED, 130)
        if isinstance(error.__cause__, KeyboardInterrupt):  # Python wraps what comes while a class is made
            return _failed(STOPPED, 130)
        text, code = _explained(error, words)
        return _failed(text, code, getattr(error, "__notes__", ()))
    except KeyboardInterrupt:
        return _failed(STOPPED, 130)
    return code if isinstance(code, int) else 0


def _explained(error: Exception, words: Sequence[str]) -> tuple[str, int]:
    """An error of a call with these words in one line, and its exit code."""
    match error:
        case CoursetrailError():
            return f"Error: {error}", error.exit_code
        case click.exceptions.Abort():
            return STOPPED, 130
        case click.UsageError(ctx=click.Context() as context):
            return f"Error: {error.format_message()} More with: {context.command_path} --help", error.exit_code
        case click.ClickException():
            return f"Error: {error.format_message()}", error.exit_code
        case MemoryError():
            return "Error: there is not enough memory. Close other programs, or raise the limit (ulimit -v).", 1
        case RuntimeError() if "start new thread" in str(error):
            return "Error: the system starts no more threads. Close other programs, or raise the limit (ulimit -u).", 1
        case OSError():  # from writing: reading.lines reports errors of reading
            where = error.filename2 or error.filename or "output"
            help_ = " Make its folder first: mkdir -p." if isinstance(error, FileNotFoundError) else ""
            return f"Error: {where}: cannot write ({error.strerror or error}).{help_}", StorageError.exit_code
    if undecoded := next((word for word in words if not _is_text(word)), None):
        return (
            f"Error: '{undecoded}' is not UTF-8, which this command needs. Give it another name.",
            UsageError.exit_code,
        )
    kind = type(error).__name__
    return f"Error: coursetrail has a defect ({kind}: {error}). Please report it; --debug shows more.", DEFECT


def _is_text(word: str) -> bool:
    """Whether an argument was valid UTF-8: the system gives any bytes, and Python keeps others as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in word)


def _failed(text: str, code: int, notes: Sequence[str] = ()) -> int:
    with suppress(OSError):  # standard error may be closed
        say(text, *notes)
    return code
