"""All analyses of a dataset over one connection: milliseconds of each, and of all.

The time of the first analysis of a round includes what all of them need once: the connection, the counts of the scope.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from exports import EVENTS, export
from harness import DATA, ROOT, Job, Step, cold, compare, coursetrail, machine, measure, publish, table

TARGET = 1500
"""Milliseconds for all of them together on the full course."""


def timed(dataset: str, rounds: int) -> None:
    """In a separate process: print, as JSON, the milliseconds of opening and of each analysis by round."""
    import coursetrail as library

    began = time.perf_counter()
    opened = library.open(dataset)
    spent = {"open": [1000 * (time.perf_counter() - began)]}
    for _ in range(rounds):
        began = time.perf_counter()
        for answer in opened.answers():
            now = time.perf_counter()
            spent.setdefault(answer.analysis.name, []).append(1000 * (now - began))
            began = now
    print(json.dumps(spent))


def report(dataset: Path, options: argparse.Namespace) -> None:
    """Measure inside one process, then the command as a process, and publish both."""
    where = machine()
    script = Step([sys.executable, ROOT / "bench" / "analyses.py", "--inside", dataset, "--runs", str(options.runs)])
    spent: dict[str, list[float]] = json.loads(measure(script).output)
    opening = spent.pop("open")[0]
    rounds = [sum(times) for times in zip(*spent.values(), strict=True)]
    lines = ["| analysis | ms: first | min | median | max |", "|---|--:|--:|--:|--:|"]
    for name, times in [*spent.items(), ("**together**", rounds)]:
        lines.append(f"| {name} | {times[0]:.0f} | {min(times):.0f} | {median(times):.0f} | {max(times):.0f} |")
    met = ["met" if spent < TARGET else "missed" for spent in (rounds[0], median(rounds))]
    lines.append(f"\nOpening the dataset took {opening:.0f} ms, without the import of the library.")
    lines.append(f"Target: {TARGET} ms together, {met[0]} in the first round, {met[1]} in the median.")

    def command(folder: Path) -> list[Step]:
        return [Step(coursetrail("analyze", dataset, "-o", folder / "out"), cold(folder))]

    done = compare([Job("coursetrail analyze", command, options.runs)])
    text = "\n".join(lines) + "\n\n" + table(done, "coursetrail analyze")
    publish("analyses", f"All analyses of {options.events:,} events", where, text, done)


def main() -> None:
    """Parse, build the dataset, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="size of the course (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=7, help="rounds of all analyses (default: %(default)s)")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        timed(options.inside, options.runs)
        return
    data = export(options.events)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=DATA) as folder:
        dataset = Path(folder) / "dataset"
        measure(Step(coursetrail("ingest", dataset, data)))
        report(dataset, options)


if __name__ == "__main__":
    main()
