"""Step 4 of the reference pipeline: bars, and the study's "CDF" of clicks per user.

That "CDF" is a cumulated histogram of 40 equal bins of a heavy tail with its axes swapped and nothing
normalised: the first bin holds nearly everybody.
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from stopwatch import step

mpl.use("Agg")


def bars(table: pd.DataFrame, path: Path) -> None:
    """One vertical bar per row, the first column as its name; a missing name is called nan."""
    plt.figure(figsize=(12, 6))
    plt.bar([str(name) for name in table.iloc[:, 0]], table.iloc[:, 1])
    plt.xticks(rotation=90)
    plt.ylabel("users")
    plt.tight_layout()
    plt.savefig(path)
    plt.close()


def cumulative(counts: pd.Series, path: Path) -> None:
    """Users in 40 equal bins of clicks, cumulated; users on x, clicks on y."""
    users, edges = np.histogram(counts, bins=40)
    plt.figure(figsize=(12, 6))
    plt.plot(np.cumsum(users), edges[1:])
    plt.xlabel("users")
    plt.ylabel("clicks")
    plt.savefig(path)
    plt.close()


def main() -> None:
    """Read the tables in FOLDER, write a PNG for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the tables of the earlier steps are")
    folder = parser.parse_args().folder
    with step("plots"):
        for name in ("browsers", "devices", "languages"):
            bars(pd.read_csv(folder / f"{name}.csv"), folder / f"{name}.png")
        users = pd.read_csv(folder / "users.csv")
        bars(users.head(20), folder / "users.png")
        cumulative(users["count"], folder / "clicks.png")


if __name__ == "__main__":
    main()
