"""Each format's reader against DuckDB's bare reader of the same file; neither checks user agents or languages."""

import argparse
import sys
from pathlib import Path

from exports import ENDINGS, EVENTS, export
from harness import Job, Run, Step, cold, compare, machine, publish, table, warm
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
}
"""What DuckDB needs to be told; all columns as text, nothing checked."""
BARE_READER = """
import sys, duckdb
duckdb.sql("set preserve_insertion_order = false")
reader = sys.argv[1].replace("?", "'" + sys.argv[2] + "'")
duckdb.sql(f"copy (select * from {reader}) to '{sys.argv[3]}' (format parquet)")
"""


def jobs(form: str, data: Path, runs: int) -> list[Job]:
    """Bare, and ours without lookups."""

    def bare(folder: Path) -> list[Step]:
        return [Step([sys.executable, "-c", BARE_READER, BARE[form], data, folder / "bare.parquet"])]

    def ours(folder: Path) -> list[Step]:
        return [Step([sys.executable, "-c", WITHOUT_LOOKUPS, folder / "dataset", data], cold(folder))]

    return [Job(f"DuckDB, {form}", bare, runs), Job(f"ingest without lookups, {form}", ours, runs)]


def main() -> None:
    """Parse, run, publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="size of the course (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each way (default: %(default)s)")
    options = parser.parse_args()
    where, text, every = machine(), [], dict[str, list[Run]]()
    for form in (form for form in ENDINGS if form in BARE):
        data = export(options.events, form=form)
        warm(data)
        done = compare(jobs(form, data, options.runs))
        text.append(f"{data.name}, {data.stat().st_size / 1e6:,.0f} MB\n\n{table(done, next(iter(done)))}")
        every |= done
    publish("formats", f"Readers of other formats: {options.events:,} events", where, "\n\n".join(text), every)


if __name__ == "__main__":
    main()
