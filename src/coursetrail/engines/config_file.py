"""Which file configures the engine: one that the call names, a trusted one of the current folder, or the user's own.

An export may come with a `coursetrail.toml` beside it, and a setting of Spark can run code. So such a file is used only
once the user has said so; another content asks again.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3

from coursetrail.errors import UsageError
from coursetrail.reading.bounded_toml import MAX_LENGTH

HERE = Path("coursetrail.toml")
MODE_OF_FOLDER, MODE_OF_FILE = 0o700, 0o600


class ConfigFile(NamedTuple):
    """A file, and the content that it had when it was found: what is trusted is what is used."""

    path: Path
    content: bytes


def own_folder() -> Path:
    """The user's folder for configuration: `$XDG_CONFIG_HOME/coursetrail`, by default `~/.config/coursetrail`.

    A relative `$XDG_CONFIG_HOME` is ignored, as the XDG Base Directory Specification asks: it may name one
    beside an export.
    """
    given = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".config") / "coursetrail"


def find(given: str | None, report: Callable[[str], None]) -> ConfigFile | None:
    """The file to use; None where there is none. `report` gets a message about one that is not trusted."""
    if given:
        if not Path(given).is_file():
            raise UsageError(f"--config {given}: no such file.")
        return _read(Path(given))
    if HERE.is_file():
        file = _read(HERE)
        if _mark(file) in _trusted():
            return file
        report(
            f"{HERE.absolute()} is not used: it may be someone else's. To use it from now on: coursetrail trust {HERE}"
        )
    own = own_folder() / "config.toml"
    return _read(own) if own.is_file() else None


def trust(file: Path) -> None:
    """Remember that a file, with the content that it has, may configure the engine."""
    if not file.is_file():
        raise UsageError(f"{file}: no such file.")
    known, mark = _trusted(), _mark(_read(file))
    own_folder().mkdir(parents=True, exist_ok=True, mode=MODE_OF_FOLDER)
    with os.fdopen(os.open(_list(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, MODE_OF_FILE), "a") as out:
        if mark not in known:
            out.write(f"{mark}\n")


def _list() -> Path:
    return own_folder() / "trusted"


def _trusted() -> set[str]:
    return set(_list().read_text().splitlines()) if _list().is_file() else set()


def _read(file: Path) -> ConfigFile:
    try:
        with file.open("rb") as stream:
            return ConfigFile(file, stream.read(4 * MAX_LENGTH + 1))  # a character has four bytes at most
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error


def _mark(file: ConfigFile) -> str:
    """The digest of a file's path and content."""
    path = os.fsencode(file.path.resolve())
    return str(blake3(len(path).to_bytes(8, "big") + path + file.content).hexdigest())
