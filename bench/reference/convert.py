"""Step 1 of the reference pipeline: the whole export through pandas into one CSV.

The click counts that the last step plots are taken here, where the table is in memory anyway, so that no
further job has to read the data for them.
"""

import argparse
from pathlib import Path

import pandas as pd
from stopwatch import step


def main() -> None:
    """Read EXPORT, write clicks.csv (the events) and users.csv (events per user) into FOLDER."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path, help="legacy Coursera export, one JSON object per line")
    parser.add_argument("folder", type=Path, help="where the CSV files go")
    options = parser.parse_args()
    with step("convert"):
        clicks = pd.read_json(options.export, lines=True)
        clicks.to_csv(options.folder / "clicks.csv", index=False)
        clicks["username"].value_counts().to_csv(options.folder / "users.csv")


if __name__ == "__main__":
    main()
