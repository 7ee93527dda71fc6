"""User agents parsed by a process of its own, while this one reads the files that hold them.

Both want the interpreter all the time: as threads, each would wait for the other.
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
    """A process that parses texts as they are met; a context manager. If it fails, all is parsed here."""

    def __init__(self) -> None:
        self._met: set[str] = set()
        self._answers: list[Future[pa.Table]] = []
        self._talk = ThreadPoolExecutor(1)
        self._process: Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-P", "-m", __name__]  # -P: nothing from the folder that the user happens to be in
        if "python" in Path(sys.executable or "").name:  # else another program that Python is part of
            with suppress(OSError):
                self._process = Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)  # noqa: S603
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.kill()
        self._talk.shutdown(cancel_futures=True)
        if self._process:
            self._process.communicate()

    def meet(self, texts: Collection[str]) -> None:
        """Have these parsed; returns at once."""
        if new := sorted(set(texts) - self._met):
            self._met.update(new)
            self._answers.append(self._talk.submit(self._ask, new))

    def parse(self, texts: Sequence[str]) -> pa.Table:
        """As `parse_agents` of distinct texts; waits for those that were met, and parses the others here."""
        tables: list[pa.Table] = []
        with suppress(Exception):  # whatever comes out of the pipe: what is missing then is parsed here
            tables.extend(answer.result() for answer in self._answers)
        done = {text for table in tables for text in table["user_agent"].to_pylist()}
        table = pa.concat_tables([*tables, parse_agents(text for text in texts if text not in done)])
        return table.take(pc.index_in(pa.array(texts, pa.string()), value_set=table["user_agent"]))

    def _ask(self, texts: list[str]) -> pa.Table:
        if not (self._process and self._process.stdin and self._process.stdout):
            raise BrokenPipeError
        pickle.dump(texts, self._process.stdin)
        self._process.stdin.flush()
        table = pickle.load(self._process.stdout)  # noqa: S301 - from our own process
        if table.schema != AGENTS.schema or set(table["parser"].to_pylist()) != {PARSER}:
            raise ValueError("another coursetrail")
        return table


def serve() -> None:
    """Answer until nobody asks any more."""
    with without_collecting(), suppress(EOFError, BrokenPipeError):
        parse_agent("Mozilla/5.0 (Windows NT 6.1; rv:25.0) Gecko/20100101 Firefox/25.0")  # loads the rules
        while True:
            pickle.dump(parse_agents(pickle.load(sys.stdin.buffer)), sys.stdout.buffer)  # noqa: S301
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve()
