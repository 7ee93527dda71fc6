"""Runs that are killed: before each change of a folder, before each commit of Delta Lake's library, at any time."""

import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import deltalake
from deltalake import DeltaTable
from deltalake import transaction as transactions
from deltalake.table import TableOptimizer

import coursetrail as ct
from support.forks import FORKS

Act = Callable[[Path], None]
CHANGES = {"open", "os.mkdir", "os.remove", "os.rename", "os.rmdir"}
"""Events of Python's audit of a process, each before the change. Libraries in C and Rust report none."""


class Moments:
    """The moments of this process at which `folder` is about to change; at number `at` the process is killed."""

    def __init__(self, folder: Path, at: int | None) -> None:
        self.folder, self.at = folder, at
        self.passed: list[str] = []

    def watch(self) -> None:
        """From now on, for as long as the process lives."""
        sys.addaudithook(self.hear)
        for name in ("create_write_transaction", "restore", "vacuum"):
            setattr(DeltaTable, name, self.watched(getattr(DeltaTable, name)))
        DeltaTable.create = staticmethod(self.watched(DeltaTable.create))  # type: ignore[method-assign]
        TableOptimizer.compact = self.watched(TableOptimizer.compact)  # type: ignore[method-assign]
        for write in (deltalake.write_deltalake, transactions.create_table_with_add_actions):
            for module in list(sys.modules.values()):
                if module.__name__.startswith("coursetrail") and getattr(module, write.__name__, None) is write:
                    setattr(module, write.__name__, self.watched(write))

    def hear(self, event: str, words: tuple[Any, ...]) -> None:
        """One event of the audit."""
        if event not in CHANGES or (event == "open" and not str(words[1]).startswith(("w", "a", "x"))):
            return
        is_within_another = event != "open" and words[-1] not in (
            -1,
            None,
        )  # named from the folder above, being removed
        if is_within_another or os.fspath(words[0]).startswith(os.fspath(self.folder)):
            self.passing(event)

    def watched(self, write: Callable[..., Any]) -> Callable[..., Any]:
        """The same function of Delta Lake's library; the moments are before it, and before its commit."""

        @wraps(write)
        def watched(*words: Any, **more: Any) -> Any:
            what = f"{write.__name__} of {table_of(words[0])}"
            self.passing(what)
            logs = self.logs()
            done = write(*words, **more)
            if len(self.passed) == self.at:
                for log in self.logs() - logs:
                    os.unlink(log)  # noqa: PTH108 - which is no moment: it is killed right after
            self.passing(f"the commit in {what}")
            return done

        return watched

    def logs(self) -> set[str]:
        return {str(log) for log in self.folder.glob("*/_delta_log/*.json")}

    def passing(self, what: str) -> None:
        """A moment that has a name."""
        if len(self.passed) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.passed.append(what)


def table_of(given: Any) -> str:
    """The table that one of the library's functions is about."""
    if isinstance(given, TableOptimizer):
        given = given.table
    address = given.table_uri if isinstance(given, DeltaTable) else str(given)
    return address.rstrip("/").rpartition("/")[2]


def moments_of(act: Act, folder: Path) -> list[str]:
    """Act in another process, and say which moments it passed."""
    receiver, sender = FORKS.Pipe(duplex=False)
    child = FORKS.Process(target=_act, args=(act, folder, None, sender))
    child.start()
    sender.close()
    passed: list[str] = receiver.recv()
    child.join()
    assert child.exitcode == 0
    return passed


def kill_at(act: Act, folder: Path, at: int) -> None:
    """Act in another process that is killed at a moment."""
    child = FORKS.Process(target=_act, args=(act, folder, at, None))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL


def begin(act: Act, folder: Path) -> BaseProcess:
    """Act in another process; it has begun."""
    begun = FORKS.Event()
    child = FORKS.Process(target=_begin, args=(act, folder, begun))
    child.start()
    assert begun.wait(600)
    return child


def commit_each_file() -> None:
    """From now on, an ingest in this process commits after each file."""
    sys.modules[ct.ingest.__module__].OFTEN = 1  # type: ignore[attr-defined]


def _act(act: Act, folder: Path, at: int | None, sender: Any) -> None:
    commit_each_file()
    moments = Moments(folder / "d", at)
    moments.watch()
    act(folder)
    moments.passing("the end")
    if sender:
        sender.send(moments.passed)


def _begin(act: Act, folder: Path, begun: Any) -> None:
    commit_each_file()
    begun.set()
    act(folder)
