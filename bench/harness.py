"""Runs commands alternately and says how long they took, and how much processor time and memory.

Only the standard library is used: a process inherits the peak memory of the one that started it, so this one
has to stay small. Runs are interleaved (A B A B), so that noise affects all commands in the same way.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
DATA = ROOT / "bench" / "data"
RESULTS = ROOT / "bench" / "results"
_TICK = 0.05  # seconds between two samples of the memory of all processes


@dataclass(frozen=True)
class Step:
    """One command with variables of its own."""

    command: Sequence[str | os.PathLike[str]]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """Something to measure `runs` times: its steps, which get a new folder to write to."""

    name: str
    steps: Callable[[Path], Sequence[Step]]
    runs: int


@dataclass(frozen=True)
class Run:
    """What a command cost: seconds of wall and of processor, and bytes of memory at the peak.

    `largest` is the biggest single process, as the kernel counted it; `together` is the largest sum of all
    processes at one moment, as sampled (0 without /proc; pages that they share count more than once).
    """

    seconds: float
    processor: float
    largest: int
    together: int
    output: str = ""


def measure(step: Step) -> Run:
    """Run one command; if it fails, stop with the end of its output."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        environment = {**os.environ, **step.environment}
        began = time.perf_counter()
        process = subprocess.Popen(
            [*step.command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            with _watched(process.pid) as seen:
                _, status, usage = os.wait4(process.pid, 0)
                seconds = time.perf_counter() - began
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        output = out.read()
        if process.returncode:
            words = " ".join(map(str, step.command))
            sys.exit(f"{err.read()[-3000:]}\nThis failed with {process.returncode}: {words}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, max(seen), output)


def once(job: Job) -> Run:
    """Run a job in a new folder; times are added over its steps, peaks are not."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=_scratch()) as folder:
        runs = [measure(step) for step in job.steps(Path(folder))]
    return Run(
        sum(run.seconds for run in runs),
        sum(run.processor for run in runs),
        max(run.largest for run in runs),
        max(run.together for run in runs),
        "".join(run.output for run in runs),
    )


def compare(jobs: Sequence[Job]) -> dict[str, list[Run]]:
    """Run all jobs alternately, each as many times as it has `runs`."""
    done: dict[str, list[Run]] = {job.name: [] for job in jobs}
    for number in range(max(job.runs for job in jobs)):
        for job in jobs:
            if number < job.runs:
                run = once(job)
                done[job.name].append(run)
                say(f"{job.name}, run {number + 1}: {run.seconds:.2f} s, {run.largest / 1e9:.2f} GB")
    return done


def table(done: Mapping[str, Sequence[Run]], against: str) -> str:
    """Markdown: each job's seconds, memory, and how many times as long as `against` it took.

    The ratio is that of the medians, with the smallest and the largest ratio of single runs.
    """
    lines = [
        f"| | runs | seconds: min | median | max | processor | largest GB | together GB | times {against} |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    base = [run.seconds for run in done[against]]
    for name, runs in done.items():
        took = [run.seconds for run in runs]
        ratio = f"{median(took) / median(base):.2f} ({min(took) / max(base):.2f} to {max(took) / min(base):.2f})"
        numbers = [min(took), median(took), max(took), median(run.processor for run in runs)]
        numbers += [max(run.largest for run in runs) / 1e9, max(run.together for run in runs) / 1e9]
        cells = [
            name,
            str(len(runs)),
            *(f"{number:.2f}" for number in numbers),
            "1" if name == against else ratio,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def machine(packages: Sequence[str] = ("coursetrail", "duckdb", "pyarrow", "deltalake")) -> str:
    """One line about the machine, with the load before the start."""
    from importlib.metadata import PackageNotFoundError, version
    from platform import python_version

    def named(package: str) -> str:
        try:
            return f"{package} {version(package)}"
        except PackageNotFoundError:
            return f"{package} not installed"

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    load = ", ".join(f"{one:.2f}" for one in os.getloadavg())
    facts = [f"{cores()} cores", _processor(), f"{memory / 1e9:.1f} GB", f"Python {python_version()}"]
    return "; ".join([*facts, *map(named, packages), f"load before: {load}"])


def publish(name: str, title: str, where: str, text: str, done: Mapping[str, Sequence[Run]]) -> None:
    """Print the result as markdown and write it, with every single run, to bench/results."""
    stamp = time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime())
    page = f"## {title}\n\n{where}\n\n{text}\n"
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}-{stamp}.md").write_text(page, encoding="utf-8")
    every = {job: [asdict(run) for run in runs] for job, runs in done.items()}
    facts = {"title": title, "when": stamp, "machine": where, "runs": every}
    (RESULTS / f"{name}-{stamp}.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    print(page)


def coursetrail(*words: str | os.PathLike[str]) -> list[str]:
    """The command line of the project, as a user starts it."""
    program = Path(sys.executable).with_name("coursetrail")
    if not program.exists():
        sys.exit("coursetrail is not installed beside this Python: try `make install`.")
    return [str(program), *map(os.fspath, words)]


def cold(folder: Path) -> dict[str, str]:
    """Variables for empty caches, without anything of earlier runs."""
    return {"XDG_CACHE_HOME": str(folder / "cache"), "MPLCONFIGDIR": str(folder / "matplotlib")}


def warm(path: Path) -> None:
    """Read a file once, so that the first run does not wait for the disk."""
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 24):
            pass


def say(text: str) -> None:
    """Print a message to stderr."""
    print(text, file=sys.stderr, flush=True)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _scratch() -> Path:
    folder = DATA / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"


@contextmanager
def _watched(session: int) -> Iterator[list[int]]:
    """The memory of a session's processes, in bytes, sampled while the block runs."""
    seen, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(_TICK):
            seen.append(_resident(session))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _resident(session: int) -> int:
    pages = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pages += int(fields[21]) if int(fields[3]) == session else 0
    return pages * os.sysconf("SC_PAGE_SIZE")
