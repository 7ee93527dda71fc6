"""Exports that can be read only once, from standard input or a pipe: received into a file first."""

import os
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from coursetrail.dataset.errors import storage
from coursetrail.errors import InputError
from coursetrail.filesystem.compression import unreadable
from coursetrail.filesystem.location import Location

PIECE = 1 << 20
PATIENCE = 10.0
"""Seconds in which a program must begin to write into a pipe. How long that then takes is up to it."""


def refuse_device(location: Location) -> None:
    """InputError for what is neither a file nor a pipe: a device may have no end. OSError where nothing is there."""
    if path := location.local:
        mode = path.stat().st_mode
        if stat.S_ISSOCK(mode) or stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and not path.samefile(os.devnull)):
            what = "a socket" if stat.S_ISSOCK(mode) else "a device"
            raise InputError(f"{location} is {what}, not a file. Name a file or a pipe; - is standard input.")


def received(address: str, name: str, scratch: Path, most: int | None) -> Location:
    """A file with all that comes out of a stream, or with about the first `most` bytes; `name` is for errors."""
    out = scratch / f"stream-{uuid4().hex}"
    with storage(scratch), out.open("wb") as copy:
        for piece in _pieces(name, None if address == "-" else Path(address)):
            copy.write(piece)
            if most and copy.tell() >= most:
                break
    if out.stat().st_size == 0:
        raise InputError(f"{name} is empty: nothing came in. Did the command before the pipe fail?")
    return Location.of(out)


def _pieces(name: str, pipe: Path | None) -> Iterator[bytes]:
    """What comes out of a pipe, or of standard input."""
    if pipe is None and sys.stdin is None:
        raise InputError(f"{name} is closed. Name a file, or put a command before the pipe.")
    try:
        if pipe:
            yield from _of_pipe(pipe)
        else:
            while piece := sys.stdin.buffer.read(PIECE):
                yield piece
    except OSError as error:
        raise unreadable(name, error) from error


def _of_pipe(pipe: Path) -> Iterator[bytes]:
    """What comes out of a pipe; nothing where no program begins to write into it."""
    number = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(number, "rb", buffering=0) as stream:
        until = time.monotonic() + (PATIENCE if pipe.is_fifo() else 0)
        # A pipe that no program writes into is at its end; one whose program has written nothing yet gives None.
        while (first := stream.read(PIECE)) == b"" and time.monotonic() < until:
            time.sleep(0.05)
        os.set_blocking(number, True)
        yield first or b""
        while first != b"" and (piece := stream.read(PIECE)):
            yield piece
