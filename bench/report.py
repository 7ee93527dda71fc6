"""`coursetrail report` compared with the study's pipeline, end to end on one raw export."""

import argparse
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from exports import EVENTS, export
from harness import ROOT, Job, Step, cold, compare, coursetrail, machine, publish, table, warm

OURS, REFERENCE = "coursetrail report", "reference pipeline"
SCRIPTS = ROOT / "bench" / "reference"
GREED = 8.5
"""Bytes of memory that pandas needs for a byte of export."""


def ours(name: str, data: Path, runs: int) -> Job:
    """A new process, empty caches, a folder that does not exist yet."""
    return Job(name, lambda folder: [Step(coursetrail("report", data, "-o", folder / "out"), cold(folder))], runs)


def reference(data: Path, python: Path, runs: int) -> Job:
    """The four scripts, one after another."""

    def steps(folder: Path) -> Sequence[Step]:
        environment = {**cold(folder), "SPARK_LOCAL_DIRS": str(folder)}
        scripts = (("convert", data, folder), ("browsers", folder), ("languages", folder), ("plots", folder))
        return [Step([python, SCRIPTS / f"{name}.py", *rest], environment) for name, *rest in scripts]

    return Job(REFERENCE, steps, runs)


def check_reference(parser: argparse.ArgumentParser, python: Path, data: Path) -> None:
    """Stop at once, with advice, if the reference pipeline cannot run on this machine."""
    hint = "or leave it out with --skip-reference."
    if not python.exists():
        parser.error(f"no Python at {python}: run `make bench-reference`, {hint}")
    imports = [python, "-c", "import matplotlib, pandas, pyspark, user_agents"]
    if subprocess.run(imports, capture_output=True, check=False).returncode:
        parser.error(f"{python} lacks packages of bench/reference/requirements.lock: `make bench-reference`, {hint}")
    home = os.environ.get("JAVA_HOME")
    if not shutil.which("java", path=f"{home}/bin" if home else None):
        parser.error(f"Spark needs Java 17: install it, {hint}")
    available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    facts = Path("/proc/meminfo")
    for line in facts.read_text().splitlines() if facts.exists() else []:
        if line.startswith("MemAvailable"):
            available = int(line.split()[1]) * 1024
    needed = GREED * data.stat().st_size
    if available < needed:
        parser.error(
            f"pandas would take about {needed / 1e9:.0f} GB for this file and "
            f"{available / 1e9:.0f} GB are free: try fewer --events, {hint}"
        )


def main() -> None:
    """Parse, run, publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="size of the course (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="runs of coursetrail (default: %(default)s)")
    parser.add_argument("--reference-runs", type=int, default=1, help="runs of the reference (default: 1)")
    parser.add_argument("--skip-reference", action="store_true", help="measure coursetrail alone")
    parser.add_argument("--gzip", action="store_true", help="measure coursetrail on the gzip export too")
    parser.add_argument(
        "--reference-python",
        type=Path,
        default=ROOT / ".venv-bench" / "bin" / "python",
        help="a Python with bench/reference/requirements.lock (default: .venv-bench)",
    )
    options = parser.parse_args()
    data = export(options.events)
    if not options.skip_reference:
        check_reference(parser, options.reference_python, data)
    jobs = [ours(OURS, data, options.runs)]
    if options.gzip:
        jobs.append(ours(f"{OURS}, gzip", export(options.events, packed=True), options.runs))
    if not options.skip_reference:
        jobs.append(reference(data, options.reference_python, options.reference_runs))
    warm(data)
    where = machine()
    done = compare(jobs)
    title = f"From a raw export to pictures: {options.events:,} events, {data.stat().st_size / 1e6:,.0f} MB"
    text = table(done, OURS)
    if REFERENCE in done:
        text += "\n\nSteps of the reference, as they report themselves:\n\n```\n"
        steps = [line for line in done[REFERENCE][-1].output.splitlines() if line.startswith("{")]
        text += "\n".join(steps) + "\n```"
    publish("report", title, where, text, done)


if __name__ == "__main__":
    main()
