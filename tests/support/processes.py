"""Processes on loopback that tests start: each with ports of its own and a log; none outlives the test run."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"

MORTAL = ("setpriv", "--pdeathsig", "KILL")
"""Before a command: it dies with the process that starts it, however that ends."""


class Processes:
    """Processes by name, with their logs in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Iterable[object], env: Mapping[str, str]) -> None:
        """Start a command in a group of its own, with `env` over this process's environment."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [*MORTAL, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **env},
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """Kill a process and its children at once, as when a machine is lost."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """Kill all that run."""
        for name in list(self.running):
            self.kill(name)

    def until(self, ready: Callable[[], bool], timeout: float = 600) -> None:
        """Ask until the answer is yes; a service that starts may refuse to answer.

        Raises RuntimeError with the end of its log when a process has ended, TimeoutError after `timeout` seconds.
        """
        end = time.monotonic() + timeout
        while not _answer(ready):
            for name, process in self.running.items():
                if process.poll() is not None:
                    log = (self.folder / f"{name}.log").read_text(errors="replace")
                    raise RuntimeError(f"{name} has ended:\n{log[-3000:]}")
            if time.monotonic() > end:
                raise TimeoutError(f"Not ready after {timeout} s: see {self.folder}/*.log")
            time.sleep(0.2)


def started(env: Mapping[str, str], *words: object) -> subprocess.Popen[str]:
    """The command line of coursetrail, on its way."""
    command = [*MORTAL, sys.executable, "-m", "coursetrail", *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env={**os.environ, **env}, stdout=pipe, stderr=pipe, text=True)


def done(process: subprocess.Popen[str]) -> str:
    """What a command printed that has to succeed."""
    out, said = process.communicate(timeout=900)
    assert process.returncode == 0, said[-3000:]
    return out


def told(process: subprocess.Popen[str], code: int) -> str:
    """The last line of what a command that failed said."""
    _, said = process.communicate(timeout=900)
    assert process.returncode == code, said[-3000:]
    assert "Traceback" not in said
    return said.splitlines()[-1]


def wait_for(found: Callable[[], object]) -> None:
    """Wait until something is found."""
    end = time.monotonic() + 600
    while not found():
        assert time.monotonic() < end
        time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on. Linux gives odd ones to listeners, even ones to connections: these stay free."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((LOOPBACK, 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


def listens(port: int) -> bool:
    """Whether somebody takes connections at this port."""
    with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=10):
        return True
    return False


def get(port: int, path: str) -> Any:
    """What a web server on loopback answers in JSON, asked without the proxies of the environment."""
    with closing(HTTPConnection(LOOPBACK, port, timeout=30)) as connection:
        connection.request("GET", path, headers={"Accept": "application/json"})
        return json.load(connection.getresponse())


def _answer(ready: Callable[[], bool]) -> bool:
    with suppress(OSError, HTTPException, LookupError, ValueError):
        return ready()
    return False
