"""User agents parsed by a second process, while this one reads the files that hold them.

Both use the interpreter all the time: as threads, each would wait for the other.
"""

import pickle
import sys
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.lookups.agents import AGENTS, PARSER, parse_agent, parse_agents, without_collecting


class BackgroundParser:
    """A process that parses texts while others are read; a context manager. If it fails, all is parsed here."""

    table = AGENTS.name
    """The lookup table that it parses for."""

    def __init__(self) -> None:
        self._requested: set[str] = set()
        self._answers: list[Future[pa.Table]] = []
        self._requests = ThreadPoolExecutor(1)
        self._process: Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-P", "-m", __name__]  # -P: import nothing from the working folder
        if "python" in Path(sys.executable or "").name:  # else Python is part of another program
            with suppress(OSError):
                self._process = Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)  # noqa: S603
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.kill()
        self._requests.shutdown(cancel_futures=True)
        if self._process:
            self._process.communicate()

    def begin(self, texts: Collection[str]) -> None:
        """Let the process parse these, and do not wait for it."""
        if new := sorted(set(texts) - self._requested):
            self._requested.update(new)
            self._answers.append(self._requests.submit(self._request, new))

    def parse(self, texts: Sequence[str]) -> pa.Table:
        """As `parse_agents` of distinct texts; waits for those that were begun, and parses the rest here."""
        tables: list[pa.Table] = []
        with suppress(Exception):  # whatever the process answers: what is missing is parsed here
            tables.extend(answer.result() for answer in self._answers)
        done = {text for table in tables for text in table["user_agent"].to_pylist()}
        table = pa.concat_tables([*tables, parse_agents(text for text in texts if text not in done)])
        return table.take(pc.index_in(pa.array(texts, pa.string()), value_set=table["user_agent"]))

    def _request(self, texts: list[str]) -> pa.Table:
        if not (self._process and self._process.stdin and self._process.stdout):
            raise BrokenPipeError
        pickle.dump(texts, self._process.stdin)
        self._process.stdin.flush()
        table = pickle.load(self._process.stdout)  # noqa: S301 - from our own process
        if table.schema != AGENTS.schema or set(table["parser"].to_pylist()) != {PARSER}:
            raise ValueError("another version of coursetrail")
        return table


def serve() -> None:
    """Answer requests until the pipe is closed."""
    with without_collecting(), suppress(EOFError, BrokenPipeError):
        parse_agent("Mozilla/5.0 (Windows NT 6.1; rv:25.0) Gecko/20100101 Firefox/25.0")  # loads the rules
        while True:
            pickle.dump(parse_agents(pickle.load(sys.stdin.buffer)), sys.stdout.buffer)  # noqa: S301
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve()
