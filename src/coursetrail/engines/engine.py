"""What an engine is: it runs our SQL over the relations that it is given, and answers in Arrow."""

from collections.abc import Callable, Generator, Sequence
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

import pyarrow as pa


class Engine(Protocol):
    """A connection with coursetrail's settings and prelude; a context manager."""

    def __enter__(self) -> Self:
        """Itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release what it holds."""
        ...

    def register(
        self, name: str, content: Sequence[str] | pa.Table, schema: pa.Schema, title: str | None = None
    ) -> None:
        """Make Parquet files or an Arrow table a relation; no files make an empty one of `schema`.

        An error calls it `title`, by default its name.
        """
        ...

    def view(self, name: str, sql: str) -> None:
        """Make a query over relations a relation."""
        ...

    def materialize(self, name: str, sql: str) -> None:
        """Make the rows of a query a relation, computed once."""
        ...

    def query(self, sql: str, what: str = "query") -> pa.Table:
        """Run one SQL text; `what` names it in a QueryError. Times come without a zone, and are UTC."""
        ...

    def queries(self, texts: Sequence[tuple[str, str]]) -> Generator[pa.Table]:
        """Run several, each an SQL text and its `what`, in the fastest way; the answers in order. Close it."""
        ...


@runtime_checkable
class WorkerEngine(Engine, Protocol):
    """An engine with workers that can run functions of this package."""

    @property
    def cores(self) -> int:
        """Processors that a task may use."""
        ...

    def map_on_workers(self, items: Sequence[bytes], run: Callable[[bytes], bytes]) -> list[bytes]:
        """Run a function of this package on each item, a task each on the workers; the answers in order."""
        ...
