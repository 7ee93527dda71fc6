"""A folder that gets a file every night: the next night, and an analysis, before and after compaction."""

import argparse
import shutil
import sys
from pathlib import Path

from exports import DATA, make
from harness import Job, Step, compare, coursetrail, machine, measure, publish, say, table

EVENTS = 500
"""Of one night."""


def nights(count: int) -> Path:
    """A folder of `count` small exports, and one more outside it for the next night."""
    folder = DATA / f"nights-{count}"
    folder.mkdir(parents=True, exist_ok=True)
    whole = DATA / f"nights-{count}.json"
    last = DATA / f"nights-{count}-after.json"
    if not last.exists():
        make(whole, EVENTS * (count + 1), 7)
        say(f"Cutting it into {count:,} nights …")
        lines = whole.read_bytes().splitlines(keepends=True)
        for night in range(count):
            part = b"".join(lines[EVENTS * night : EVENTS * (night + 1)])
            (folder / f"night-{night:05}_clickstream_export.json").write_bytes(part)
        last.write_bytes(b"".join(lines[EVENTS * count :]))
        whole.unlink()
    return folder


def main() -> None:
    """Build the dataset without and with compaction, then measure both alternately."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=2_000, help="files in the folder (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default: %(default)s)")
    options = parser.parse_args()
    folder, where = nights(options.nights), machine()
    dataset, compacted = folder.with_suffix(".loose"), folder.with_suffix(".compacted")
    for path, words in ((dataset, "maintenance.MANY = 10**9"), (compacted, "pass")):
        if not path.exists():
            say(f"Reading {options.nights:,} files into {path.name} …")
            imports = "from coursetrail.dataset import maintenance; from coursetrail.ingestion import job"
            build = f"{imports}; {words}; job.ingest({str(path)!r}, [{str(folder)!r}])"
            run = measure(Step([sys.executable, "-c", build]))
            say(f"  {run.seconds:.1f} s")

    def night(path: Path) -> Job:
        def steps(work: Path) -> list[Step]:
            shutil.copytree(path, work / "d")  # before the clock runs
            after = folder.with_name(f"{folder.name}-after.json")
            return [Step(coursetrail("ingest", work / "d", folder, after))]

        return Job(f"next night, {path.suffix[1:]}", steps, options.runs)

    def asked(path: Path) -> Job:
        return Job(
            f"analyze browsers, {path.suffix[1:]}",
            lambda work: [Step(coursetrail("analyze", path, "browsers", "-o", work / "out"))],
            options.runs,
        )

    done = compare([night(dataset), night(compacted), asked(dataset), asked(compacted)])
    text = table(done, next(iter(done)))
    publish("nightly", f"{options.nights:,} files, one each night, of {EVENTS} events", where, text, done)


if __name__ == "__main__":
    main()
