"""The program that ingest is compared with: DuckDB's `read_json` of a legacy export into Parquet, and nothing else.

It does not check, count or classify lines, and stores no rejects. One JSON object of the format has these fields.
"""

import argparse
from pathlib import Path

import duckdb

FIELDS = {
    **dict.fromkeys(("key", "value", "username", "page_url", "from", "client", "session"), "varchar"),
    **dict.fromkeys(("language", "user_ip", "user_agent"), "varchar"),
    "timestamp": "bigint",
    "12": "varchar[]",
    "13": "integer[]",
    "14": "varchar[]",
    "30": "bigint[]",
}


def main() -> None:
    """Read EXPORT, write OUT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path, help="legacy Coursera export, plain or gzip (if it ends in .gz)")
    parser.add_argument("out", type=Path, help="the Parquet file to write")
    options = parser.parse_args()
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in FIELDS.items())
    duckdb.sql("set preserve_insertion_order = false")
    duckdb.sql(
        f"copy (select * from read_json('{options.export}', columns = {{{columns}}}, "
        f"format = 'newline_delimited')) to '{options.out}' (format parquet)"
    )


if __name__ == "__main__":
    main()
