"""`coursetrail ingest` compared with DuckDB's bare `read_json` of the same file; or its memory by size."""

import argparse
import sys
from pathlib import Path

from exports import ENDINGS, EVENTS, course_of, export
from harness import ROOT, Job, Run, Step, cold, compare, coursetrail, machine, publish, table, warm

SIZES = (0.2, 0.5, 1, 2, 5, 10)
"""Gigabytes of the memory sweep."""
WITHOUT_LOOKUPS = (
    "import sys; from coursetrail.ingest.job import ingest; ingest(sys.argv[1], sys.argv[2:], look_up=False)"
)
"""The library's call that does not look up user agents and languages."""


def jobs(data: Path, runs: int, form: str) -> list[Job]:
    """Three ways to read one file: the bare reader, ingest without lookups, the whole ingest."""

    def bare(folder: Path) -> list[Step]:
        return [Step([sys.executable, ROOT / "bench" / "bare.py", data, folder / "bare.parquet"])]

    def without_lookups(folder: Path) -> list[Step]:
        return [Step([sys.executable, "-c", WITHOUT_LOOKUPS, folder / "dataset", data], cold(folder))]

    def whole(folder: Path) -> list[Step]:
        return [Step(coursetrail("ingest", folder / "dataset", data), cold(folder))]

    named = (("DuckDB read_json", bare), ("ingest without lookups", without_lookups), ("ingest", whole))
    return [Job(f"{name}, {form}", steps, runs) for name, steps in named]


def against_bare(events: int, runs: int) -> None:
    """Plain and gzip, each compared with the bare reader of the same file."""
    where, text, every = machine(), [], dict[str, list[Run]]()
    for form, packed in (("plain", False), ("gzip", True)):
        data = export(events, packed=packed)
        warm(data)
        done = compare(jobs(data, runs, form))
        text.append(f"{data.name}, {data.stat().st_size / 1e6:,.0f} MB\n\n{table(done, next(iter(done)))}")
        every |= done
    publish("ingest", f"From an export to a dataset: {events:,} events", where, "\n\n".join(text), every)


def sweep(largest: float, keep: bool, form: str) -> None:
    """One cold ingest of every size, with its peak memory."""
    where, every = machine(), dict[str, list[Run]]()
    lines = ["| export GB | seconds | MB/s | largest process GB | together GB |", "|--:|--:|--:|--:|--:|"]
    for size in (size for size in SIZES if size <= largest):
        data = course_of(size, form)
        done = compare([Job(f"{size:g} GB", lambda folder, data=data: jobs(data, 1, "")[-1].steps(folder), 1)])
        run = done[f"{size:g} GB"][0]
        real = data.stat().st_size
        numbers = (real / 1e9, run.seconds, real / 1e6 / run.seconds, run.largest / 1e9, run.together / 1e9)
        lines.append("| {:.2f} | {:.1f} | {:.0f} | {:.2f} | {:.2f} |".format(*numbers))
        every |= done
        if not keep:
            data.unlink()
    publish(f"memory-{form}", f"Memory of ingest by size of the export, {form}", where, "\n".join(lines), every)


def main() -> None:
    """Parse, run, publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="size of the course (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each way (default: %(default)s)")
    parser.add_argument("--sweep", action="store_true", help="instead: one ingest of each size, for its memory")
    parser.add_argument("--largest", type=float, default=SIZES[-1], help="last GB of the sweep (default: 10)")
    parser.add_argument("--form", default="coursera-legacy", choices=ENDINGS, help="format of the sweep's files")
    parser.add_argument("--keep", action="store_true", help="do not remove the files of the sweep")
    options = parser.parse_args()
    if options.sweep:
        sweep(options.largest, options.keep, options.form)
    else:
        against_bare(options.events, options.runs)


if __name__ == "__main__":
    main()
