"""Datasets that many tests ask: one made of the lines that a test writes down, one of a simulated course."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import coursetrail as ct
from coursetrail.simulate import Truth, simulate


class Simulated(NamedTuple):
    """A simulated course: its export, what was planted in it, and its dataset."""

    export: Path
    truth: Truth
    course: ct.Course


@pytest.fixture(scope="session")
def course_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Iterable[dict[str, Any]]], ct.Course]:
    """A function: the fields of a legacy export's lines → a dataset of them."""

    def course_of(lines: Iterable[dict[str, Any]]) -> ct.Course:
        folder = tmp_path_factory.mktemp("course")
        export = folder / "psy-001_clickstream_export.json"
        export.write_text("".join(json.dumps(line) + "\n" for line in lines))
        ct.ingest(folder / "dataset", [export])
        return ct.open(folder / "dataset")

    return course_of


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """300 learners, 20,000 events, one line in fifty damaged."""
    folder = tmp_path_factory.mktemp("simulated")
    export = folder / "psy-001_clickstream_export.gz"
    truth = simulate(export, learners=300, events=20_000, seed=4, dirty=0.02)
    ct.ingest(folder / "dataset", [export])
    return Simulated(export, truth, ct.open(folder / "dataset"))
