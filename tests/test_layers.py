"""Imports point down only, and importing the library stays light."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import coursetrail as ct

ROOT = Path(__file__).parents[1]
HEAVY = ["click", "device_detector", "hyperscan", "jinja2", "matplotlib", "pandas", "polars", "pyspark", "rich"]


def lint(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def modules_after(statements: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded."""
    script = f"{statements}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_imports_point_down_only() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "statement", "contract"),
    [
        ("errors", "import coursetrail.progress", "Imports point down only"),
        ("charts", "from coursetrail.engines import duckdb", "Imports point down only"),
        ("formats/lines", "from coursetrail import dataset", "Imports point down only"),
        ("simulate/truth", "from coursetrail import course", "Imports point down only"),
        ("surprise", "", "Imports point down only"),
        ("course", "import duckdb", "Only engines speak DuckDB"),
        ("outputs/tables", "import duckdb", "Only engines speak DuckDB"),
        ("build", "import deltalake", "Only the dataset speaks Delta Lake"),
        ("study", "import click", "Only the command line speaks click"),
        ("charts", "import matplotlib", "Only outputs draw and set pages"),
        ("outputs/tables", "import pandas", "Arrow crosses layers, data frames do not"),
        ("lookups/languages", "import coursetrail.dataset", "Formats and lookups know nothing of where their rows go"),
        ("simulate/truth", "import coursetrail.analyses", "The planted truth shares no code with what it tests"),
    ],
)
def test_a_contract_is_broken_by_what_it_forbids(tmp_path, module, statement, contract) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    with (tmp_path / "src" / "coursetrail" / f"{module}.py").open("a") as file:
        file.write(f"\n{statement}\n")
    done = lint(tmp_path)
    assert done.returncode == 1
    assert f"{contract} BROKEN" in done.stdout


def test_importing_the_library_loads_nothing_heavy() -> None:
    loaded = modules_after("import coursetrail; coursetrail.ingest, coursetrail.open, coursetrail.ANALYSES")
    assert "duckdb" in loaded
    assert loaded & set(HEAVY) == set()


def test_what_is_not_asked_for_is_not_imported() -> None:
    loaded = modules_after("import coursetrail; coursetrail.UsageError, dir(coursetrail)")
    assert loaded & {*HEAVY, "deltalake", "duckdb", "numpy", "pyarrow"} == set()


def test_every_public_name_is_there_and_no_other() -> None:
    assert all(getattr(ct, name) is not None for name in ct.__all__)
    assert sorted(dir(ct)) == sorted(ct.__all__)
    found = subprocess.run([sys.executable, "-c", "import coursetrail as ct; ct.errors.InputError, ct.EngineConfig"])
    assert found.returncode == 0
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        ct.opne  # noqa: B018


def test_an_answer_needs_no_drawing_and_no_data_frames(course_of) -> None:
    course = course_of([{"key": "pageview", "username": "a", "timestamp": 1375257600000, "page_url": ""}])
    asked = f"import coursetrail\ncoursetrail.open({str(course.snapshot.location.local)!r}).analyze('browsers').table"
    loaded = modules_after(asked) - {"pandas"}  # pyarrow.dataset takes it along where it is installed
    assert loaded & set(HEAVY) == set()
