"""The command line in a process of its own, with files as its standard streams."""

import io
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from coursetrail.cli.main import main
from support.forks import FORKS


class Ran(NamedTuple):
    code: int
    out: bytes
    told: str


def coursetrail(*words: object, data: bytes = b"", folder: Path | None = None) -> Ran:
    """Run a command in a process that is forked, which is what takes no second of imports."""
    with TemporaryDirectory() as streams:
        standard = [Path(streams) / name for name in ("in", "out", "err")]
        standard[0].write_bytes(data)
        given = ([*map(str, words)], standard, folder or Path.cwd(), dict(os.environ))
        process = FORKS.Process(target=_command, args=given)
        process.start()
        process.join()
        assert process.exitcode is not None
        return Ran(process.exitcode, standard[1].read_bytes(), standard[2].read_text(errors="surrogateescape"))


def _command(words: list[str], standard: list[Path], folder: Path, environment: dict[str, str]) -> None:
    """What the forked process does: with these streams, there, and in that environment."""
    for number, (file, mode) in enumerate(zip(standard, ("rb", "wb", "wb"), strict=True)):
        with file.open(mode) as stream:
            os.dup2(stream.fileno(), number)
    sys.stdin = io.TextIOWrapper(open(0, "rb", closefd=False))  # noqa: SIM115 - it stays open
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    main(words)


def refused(ran: Ran, code: int, says: str) -> None:
    """One line that says what is wrong, no data, no traceback."""
    assert ran.code == code, ran
    assert ran.out == b""
    assert ran.told.count("\n") == 1, ran.told
    assert ran.told.startswith("Error: ")
    assert says in ran.told
    assert "Traceback" not in ran.told


def run(*words: object) -> subprocess.Popen[bytes]:
    """Start a command in a Python of its own."""
    start = "from coursetrail.cli.main import main; main()"
    command = [sys.executable, "-c", start, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def on_terminal(*words: object) -> str:
    """What a command prints where standard output and standard error are a terminal."""
    screen, terminal = pty.openpty()
    start = "from coursetrail.cli.main import main; main()"
    command = [sys.executable, "-c", start, *map(str, words)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = b""
    with suppress(OSError):  # Linux reports the end of a terminal as an error
        while part := os.read(screen, 1 << 16):
            shown += part
    os.close(screen)
    process.wait()
    return shown.decode(errors="surrogateescape").replace("\r\n", "\n")
