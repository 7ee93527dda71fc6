"""Step 3 of the reference pipeline: users by language, the study's reading of Accept-Language.

The header is cut at its first `;`, split at commas, and the alphabetically smallest piece, untrimmed, is
cut at `-`: `it-IT, en-US` is counted as ` en`. A missing header becomes `nan`.
"""

import argparse
from pathlib import Path

import spark as study
from pyspark.sql.functions import udf
from stopwatch import step


def smallest_language(header: str | None) -> str:
    """The study's rule; `" en"` and `"en"` stay two languages."""
    text = "nan" if header is None else str(header)
    return min(text.split(";")[0].split(",")).split("-")[0]


def main() -> None:
    """Read FOLDER/clicks.csv, write languages.csv beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where clicks.csv is")
    folder = parser.parse_args().folder
    with step("languages"), study.session("languages") as spark:
        clicks = study.read(spark, folder / "clicks.csv").select("username", "language")
        parsed = clicks.withColumn("language", udf(smallest_language)("language"))
        counted = parsed.dropDuplicates().groupBy("language").count()
        study.save(counted.orderBy("count", ascending=False), folder / "languages.csv")


if __name__ == "__main__":
    main()
