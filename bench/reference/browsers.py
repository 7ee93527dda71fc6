"""Step 2 of the reference pipeline: users by browser and by device, a parse per row.

As the study has it: all rows are collected first, each row's user agent is parsed, and distinct pairs of a
user and `browser;device` are counted, so that a user with one browser on two devices counts twice for the
browser. The study's committed script put the operating system where the browser belongs; its published
tables hold browsers, and so does this one. Parsing costs the same either way. Nothing is cached, so each of
the two tables parses every row.
"""

import argparse
from pathlib import Path

import spark as study
from pyspark.sql.functions import split, udf
from stopwatch import step
from user_agents import parse


def browser_and_device(user_agent: str | None) -> str:
    """`Chrome;desktop`, with the device classes that user_agents knows."""
    agent = parse(str(user_agent))
    kinds = (
        ("desktop", agent.is_pc),
        ("tablet", agent.is_tablet),
        ("smartphone", agent.is_mobile),
        ("bot", agent.is_bot),
    )
    return f"{agent.browser.family};{next((name for name, true in kinds if true), '')}"


def main() -> None:
    """Read FOLDER/clicks.csv, write browsers.csv and devices.csv beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where clicks.csv is")
    folder = parser.parse_args().folder
    with step("browsers"), study.session("browsers") as spark:
        clicks = study.read(spark, folder / "clicks.csv").select("username", "user_agent")
        print(f"{len(clicks.collect())} rows collected")
        parsed = clicks.withColumn("agent", udf(browser_and_device)("user_agent"))
        pairs = parsed.select("username", "agent").dropDuplicates()
        for place, name in enumerate(("browser", "device")):
            named = pairs.withColumn(name, split("agent", ";").getItem(place))
            study.save(named.groupBy(name).count().orderBy("count", ascending=False), folder / f"{name}s.csv")


if __name__ == "__main__":
    main()
