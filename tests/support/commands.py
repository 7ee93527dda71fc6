"""The command line in a process of its own."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple


class Ran(NamedTuple):
    code: int
    out: bytes
    told: str


def coursetrail(*words: object, data: bytes = b"", folder: Path | None = None) -> Ran:
    start = "from coursetrail.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", start, *map(str, words)], input=data, capture_output=True, check=False, cwd=folder
    )
    return Ran(done.returncode, done.stdout, done.stderr.decode())


def refused(ran: Ran, code: int, says: str) -> None:
    """One line that says what is wrong, no data, no traceback."""
    assert ran.code == code, ran
    assert ran.out == b""
    assert ran.told.count("\n") == 1, ran.told
    assert ran.told.startswith("Error: ")
    assert says in ran.told
    assert "Traceback" not in ran.told


def run(*words: object) -> subprocess.Popen[bytes]:
    start = "from coursetrail.cli.main import main; main()"
    command = [sys.executable, "-c", start, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
