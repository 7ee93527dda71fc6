"""How long work is going: silent, or a bar on standard error."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Step(Protocol):
    """One piece of work under way."""

    def advance(self, amount: int) -> None:
        """So much more is done."""
        ...


class Progress(Protocol):
    """Where work reports how far it is."""

    def step(self, name: str, total: int | None = None, unit: str = "bytes") -> AbstractContextManager[Step]:
        """Begin a piece of work of `total` units (`bytes`, or things to count)."""
        ...


class Silent:
    """Says nothing."""

    @contextmanager
    def step(self, name: str, total: int | None = None, unit: str = "bytes") -> Iterator["Silent"]:
        """Do the work without a word."""
        del name, total, unit
        yield self

    def advance(self, amount: int) -> None:
        """Nothing to show."""


class ProgressBar:
    """A bar with MB/s and the time left, on standard error."""

    @contextmanager
    def step(self, name: str, total: int | None = None, unit: str = "bytes") -> Iterator["_Running"]:
        """Show the work while it goes on."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
        from rich.progress import Progress as RichProgress

        counts = [DownloadColumn(), TransferSpeedColumn()] if unit == "bytes" else [MofNCompleteColumn()]
        columns = [TextColumn("{task.description}"), BarColumn(), *counts, TimeRemainingColumn()]
        with RichProgress(*columns, console=Console(stderr=True), transient=True) as shown:
            task = shown.add_task(name, total=total)
            yield _Running(lambda amount: shown.advance(task, amount))


class _Running:
    def __init__(self, advance: "Advance") -> None:
        self.advance = advance


class Advance(Protocol):
    """A function that takes the amount done."""

    def __call__(self, amount: int, /) -> None:
        """So much more is done."""
        ...


def on_terminal() -> Progress:
    """A bar where a person watches standard error, else silence."""
    return ProgressBar() if sys.stderr is not None and sys.stderr.isatty() else Silent()
