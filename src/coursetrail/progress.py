"""How far long work has come: where it is reported, and silence."""

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
