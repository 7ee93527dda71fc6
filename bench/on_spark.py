"""On Spark: our answers and the study's jobs, our ingest and Spark's own reader, one worker and two.

The seconds of work do not include the start of the session, which is a separate column.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from exports import EVENTS, export
from harness import DATA, ROOT, Run, Step, coursetrail, machine, measure, publish, say, warm

STUDY = ("browsers", "devices", "languages", "activity")
"""The questions of the study's two Spark jobs and its plot of clicks."""
LOCAL = "local[2]"
SPARK = ("pyspark", "coursetrail", "pyarrow", "deltalake")


def inside(what: str, master: str, source: str, out: str) -> None:
    """In a separate process: start a session, do one thing, and print the seconds of both as JSON."""
    from coursetrail.analyses import find
    from coursetrail.analyses import open_dataset as courses
    from coursetrail.engines.config import EngineConfig
    from coursetrail.ingestion.job import ingest

    began = time.perf_counter()
    choice = EngineConfig("spark", master, settings={"spark.driver.memory": "2g", "spark.executor.memory": "1g"})
    with choice.connect() as engine:
        ready = time.perf_counter()
        if what == "answers":
            list(courses.open(source, EngineConfig("spark")).answers([find(name) for name in STUDY]))
        elif what == "ingest":
            ingest(out, source.split(","), engine=EngineConfig("spark"))
        else:
            engine.session.read.json(source.split(",")).write.parquet(out)
        done = time.perf_counter()
    print(json.dumps({"start": ready - began, "work": done - ready}))


def ours(what: str, master: str, source: object, out: object = "") -> Step:
    """The step that runs that process."""
    return Step([sys.executable, ROOT / "bench" / "on_spark.py", "--inside", what, master, str(source), str(out)])


def seconds(step: Step) -> tuple[float, float, Run]:
    """Start, work and the run itself, of our process or of a job of the study."""
    run = measure(step)
    said = [json.loads(line) for line in run.output.splitlines() if line.startswith("{")]
    if "work" in said[-1]:
        return said[-1]["start"], said[-1]["work"], run
    start, job = said[0]["seconds"], said[-1]["seconds"]
    return start, job - start, run


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """A Master on loopback and `workers` Workers of one core each."""
    sys.path.insert(0, str(ROOT / "tests"))
    from support.spark_cluster import Standalone

    with TemporaryDirectory() as folder, Standalone(Path(folder)) as standalone:
        if workers == 1:
            standalone.kill("worker1")
            standalone.wait(workers=1)
        yield standalone.address


class Table:
    """Rows of seconds, as they are measured."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[float, float]]] = {}
        self.runs: dict[str, list[Run]] = {}

    def add(self, name: str, *steps: Step) -> None:
        """Measure steps that belong together."""
        start = work = 0.0
        for step in steps:
            more, longer, run = seconds(step)
            start, work = start + more, work + longer
            self.runs.setdefault(name, []).append(run)
        self.rows.setdefault(name, []).append((start, work))
        say(f"{name}: {work:.2f} s, and {start:.2f} s for the session")

    def markdown(self, against: str) -> str:
        """Medians, minimum and maximum, and the ratio to `against`."""
        lines = [f"| | runs | seconds: min | median | max | start | times {against} |", "|---|--:|--:|--:|--:|--:|--:|"]
        base = median(work for _, work in self.rows[against])
        for name, rows in self.rows.items():
            work, start = [one for _, one in rows], median(one for one, _ in rows)
            cells = f"{min(work):.2f} | {median(work):.2f} | {max(work):.2f} | {start:.2f} | {median(work) / base:.2f}"
            lines.append(f"| {name} | {len(rows)} | {cells} |")
        return "\n".join(lines)


def answers(options: argparse.Namespace) -> tuple[str, dict[str, list[Run]]]:
    """The study's answers from our dataset, and from its CSV by its own jobs."""
    data, found = export(options.events), Table()
    with TemporaryDirectory(dir=DATA) as scratch:
        folder = Path(scratch)
        measure(Step(coursetrail("ingest", folder / "dataset", data)))
        for _ in range(options.runs):
            found.add(f"ours, {LOCAL}", ours("answers", LOCAL, folder / "dataset"))
        for workers in (2, 1):
            with cluster(workers) as master:
                for _ in range(options.runs):
                    found.add(f"ours, {workers} workers", ours("answers", master, folder / "dataset"))
        if options.reference_python.exists():
            jobs = [options.reference_python, ROOT / "bench" / "reference"]
            if options.csv:
                (folder / "clicks.csv").symlink_to(options.csv.absolute())
            else:
                measure(Step([jobs[0], jobs[1] / "convert.py", data, folder]))
            study = [Step([jobs[0], jobs[1] / f"{name}.py", folder]) for name in ("browsers", "languages")]
            found.add("the study's jobs, local[2]", *study)
    return found.markdown(f"ours, {LOCAL}"), found.runs


def reading(options: argparse.Namespace) -> tuple[str, dict[str, list[Run]]]:
    """Four exports that together have a course's size: Spark's own reader, and our ingest."""
    quarters = [export(options.events // 4, seed) for seed in range(11, 15)]
    for quarter in quarters:
        warm(quarter)
    sources, found = ",".join(map(str, quarters)), Table()

    def both(where: str, master: str) -> None:
        for _ in range(options.runs):
            for name, what in (("read.json to Parquet", "bare"), ("ingest", "ingest")):
                with TemporaryDirectory(dir=DATA) as folder:
                    found.add(f"{name}, {where}", ours(what, master, sources, Path(folder) / "out"))

    both(LOCAL, LOCAL)
    for workers in (2, 1):
        with cluster(workers) as master:
            both(f"{workers} workers", master)
    return found.markdown(f"read.json to Parquet, {LOCAL}"), found.runs


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, measure, publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="size of the course (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each way (default: %(default)s)")
    parser.add_argument("--only", choices=["answers", "reading"])
    parser.add_argument("--csv", type=Path, help="the output of the study's convert.py, if it exists already")
    parser.add_argument("--inside", nargs=4, help=argparse.SUPPRESS)
    python = ROOT / ".venv-bench" / "bin" / "python"
    parser.add_argument("--reference-python", type=Path, default=python, help="without it, no study")
    options = parser.parse_args(arguments)
    if options.inside:
        inside(*options.inside)
        return
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    where = machine(SPARK)
    for name, title, part in (
        ("spark-answers", "The study's answers on Spark", answers),
        ("spark-reading", "Exports read on Spark", reading),
    ):
        if options.only in (None, name.removeprefix("spark-")):
            text, runs = part(options)
            publish(name, f"{title}: {options.events:,} events", where, text, runs)


if __name__ == "__main__":
    main()
