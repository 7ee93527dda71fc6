"""The study's Spark: two local cores, a CSV whose types are guessed.

The driver gets 12 GB, because with Spark's default of 1 GB the browser job dies; the limit on collected
results is lifted for the same reason. Nothing else is tuned.
"""

import csv
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

DRIVER_MEMORY = "12g"


@contextmanager
def session(name: str) -> Iterator[SparkSession]:
    """Two local cores and no web page; at the end the JVM has exited, so that its memory is counted."""
    began = time.perf_counter()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    spark = (
        SparkSession.builder.master("local[2]")
        .appName(name)
        .config("spark.driver.memory", DRIVER_MEMORY)
        .config("spark.driver.maxResultSize", "0")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    print(json.dumps({"step": "session", "seconds": round(time.perf_counter() - began, 3)}))
    gateway = spark.sparkContext._gateway  # noqa: SLF001 - PySpark has no other way to end its JVM
    yield spark
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


def read(spark: SparkSession, path: Path) -> DataFrame:
    """The CSV that pandas wrote; its doubled quotes need naming, or video events lose their columns."""
    return spark.read.csv(str(path), header=True, inferSchema=True, escape='"')


def save(counted: DataFrame, path: Path) -> None:
    """A small table as CSV, in the order it has."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([counted.columns, *counted.collect()])
