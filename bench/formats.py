"""Each format's reader compared with DuckDB's bare reader of the same file; both without lookups."""

import argparse
import random
import sys
from pathlib import Path

from exports import ENDINGS, EVENTS, export
from harness import DATA, ROOT, Job, Run, Step, cold, compare, machine, publish, say, table, warm
from ingest import WITHOUT_LOOKUPS

COURSERA = ", ".join(f"'c{number}': 'varchar'" for number in range(16))
EDX = ", ".join(
    f"'{name}': 'varchar'"
    for name in (
        *("username", "event_type", "name", "event_source", "event", "context", "time", "page", "referer", "session"),
        *("ip", "host", "agent", "accept_language"),
    )
)
BARE = {
    "coursera": f"read_csv(?, columns = {{{COURSERA}}}, header = false, escape = '\\', quote = '\"', delim = ',')",
    "edx": f"read_json(?, columns = {{{EDX}}}, format = 'newline_delimited')",
    "kdd2015": "read_csv(?, header = true, all_varchar = true)",
}
"""The options that DuckDB needs; all columns are text, without checks."""
BARE_READER = """
import sys, duckdb
duckdb.sql("set preserve_insertion_order = false")
reader = sys.argv[1].replace("?", "'" + sys.argv[2] + "'")
duckdb.sql(f"copy (select * from {reader}) to '{sys.argv[3]}' (format parquet)")
"""
MAPPED = """
import sys
from coursetrail.ingestion.job import ingest
ingest(sys.argv[1], [sys.argv[3]], mapping=sys.argv[2], look_up=False)
"""
MAPPING = ROOT / "examples" / "kdd2015.toml"


def clicks(events: int) -> Path:
    """A table with random values in the columns of KDD Cup 2015; made if it does not exist."""
    path = DATA / f"kdd2015-{events}.csv"
    if not path.exists():
        say(f"Making {path.name} …")
        draw, part = random.Random(1), path.with_name(f"part-{path.name}")
        done = ("access", "navigate", "video", "problem", "discussion", "wiki", "page_close")
        with part.open("w") as file:
            file.write("enrollment_id,time,source,event,object\n")
            for _ in range(events):
                day, second = draw.randrange(1, 31), draw.randrange(86_400)
                time = f"2014-06-{day:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
                what = f"{draw.choice(done)},{draw.getrandbits(64):016x}{draw.getrandbits(64):016x}"
                file.write(f"{draw.randrange(1, 200_000)},{time},browser,{what}\n")
        part.replace(path)
    return path


def jobs(form: str, data: Path, runs: int) -> list[Job]:
    """The bare reader, and ours without lookups."""

    def bare(folder: Path) -> list[Step]:
        return [Step([sys.executable, "-c", BARE_READER, BARE[form], data, folder / "bare.parquet"])]

    def ours(folder: Path) -> list[Step]:
        words: list[str | Path] = [WITHOUT_LOOKUPS, folder / "dataset", data]
        if form == "kdd2015":
            words = [MAPPED, folder / "dataset", MAPPING, data]
        return [Step([sys.executable, "-c", *words], cold(folder))]

    return [Job(f"DuckDB, {form}", bare, runs), Job(f"ingest without lookups, {form}", ours, runs)]


def main() -> None:
    """Parse, run, publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="size of the course (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each way (default: %(default)s)")
    options = parser.parse_args()
    where, text, every = machine(), [], dict[str, list[Run]]()
    for form in BARE:
        data = export(options.events, form=form) if form in ENDINGS else clicks(options.events)
        warm(data)
        done = compare(jobs(form, data, options.runs))
        text.append(f"{data.name}, {data.stat().st_size / 1e6:,.0f} MB\n\n{table(done, next(iter(done)))}")
        every |= done
    publish("formats", f"Readers of other formats: {options.events:,} events", where, "\n\n".join(text), every)


if __name__ == "__main__":
    main()
