"""Which file configures the engine: one that the call names, a trusted one of the current folder, or the user's own.

An export may come with a `coursetrail.toml` beside it, and a setting of Spark can run code. So such a file is used only
once the user has said so; another content asks again.
"""

import os
from collections.abc import Callable
from pathlib import Path

from blake3 import blake3

from coursetrail.errors import UsageError

HERE = Path("coursetrail.toml")
MODE_OF_FOLDER, MODE_OF_FILE = 0o700, 0o600


def own_folder() -> Path:
    """The user's folder for configuration: `$XDG_CONFIG_HOME/coursetrail`, by default `~/.config/coursetrail`."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "coursetrail"


def find(given: str | None, report: Callable[[str], None]) -> Path | None:
    """The file to use; None where there is none. `report` gets a message about one that is not trusted."""
    if given:
        if not Path(given).is_file():
            raise UsageError(f"--config {given}: no such file.")
        return Path(given)
    if HERE.is_file():
        if _mark(HERE) in _trusted():
            return HERE
        report(
            f"{HERE.absolute()} is not used: it may be someone else's. To use it from now on: coursetrail trust {HERE}"
        )
    own = own_folder() / "config.toml"
    return own if own.is_file() else None


def trust(file: Path) -> None:
    """Remember that a file, with the content that it has, may configure the engine."""
    if not file.is_file():
        raise UsageError(f"{file}: no such file.")
    known = _trusted()
    own_folder().mkdir(parents=True, exist_ok=True, mode=MODE_OF_FOLDER)
    with os.fdopen(os.open(_list(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, MODE_OF_FILE), "a") as out:
        if _mark(file) not in known:
            out.write(f"{_mark(file)}\n")


def _list() -> Path:
    return own_folder() / "trusted"


def _trusted() -> set[str]:
    return set(_list().read_text().splitlines()) if _list().is_file() else set()


def _mark(file: Path) -> str:
    """The digest of a file's path and content."""
    path = os.fsencode(file.resolve())
    return str(blake3(len(path).to_bytes(8, "big") + path + file.read_bytes()).hexdigest())
