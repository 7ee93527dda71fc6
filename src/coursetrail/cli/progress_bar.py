"""A bar on standard error that shows how far long work has come."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from coursetrail.progress import Progress, Silent
from coursetrail.render.wording import clean


class ProgressBar:
    """A bar with MB/s and the time left."""

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
        columns = [TextColumn("{task.description}", markup=False), BarColumn(), *counts, TimeRemainingColumn()]
        with RichProgress(*columns, console=Console(stderr=True), transient=True) as shown:
            task = shown.add_task(clean(name), total=total)
            yield _Running(lambda amount: shown.advance(task, amount))


class _Running:
    def __init__(self, advance: Callable[[int], None]) -> None:
        self.advance = advance


def on_terminal() -> Progress:
    """A bar where a person watches standard error, else silence."""
    return ProgressBar() if sys.stderr is not None and sys.stderr.isatty() else Silent()
