"""Imports point down only, and importing the library stays light."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import coursetrail as ct

ROOT = Path(__file__).parents[1]
VIOLATIONS = {
    "Imports point down only": (
        "errors -> coursetrail.progress",
        "render.charts -> coursetrail.engines.duckdb",
        "reading.lines -> coursetrail.dataset.snapshot",
        "simulate.truth -> coursetrail.analyses.open_dataset",
        "surprise",
    ),
    "cli: only the command line imports click": ("outputs.report -> click",),
    "outputs: only outputs import matplotlib": ("render.charts -> matplotlib",),
    "simulate: the planted truth shares no code with what it tests": ("simulate.truth -> coursetrail.reading",),
    "analyses: Arrow crosses floors, data frames do not": ("render.tables -> pandas",),
    "formats: a format does not know where its rows go": ("formats.edx.pages -> coursetrail.dataset.commit",),
    "engines: only engines import DuckDB and Spark": ("analyses.open_dataset -> duckdb", "ingestion.job -> pyspark"),
    "dataset: only datasets import Delta Lake": ("ingestion.job -> deltalake",),
    "render: only render imports templates and terminal tables": ("outputs.report -> jinja2",),
    "reading: bytes become columns without any engine": ("lookups.languages -> duckdb",),
}
"""What breaks each contract: an import at the end of a module, or a module in no layer."""
HEAVY = ["click", "device_detector", "hyperscan", "jinja2", "matplotlib", "pandas", "polars", "pyspark", "rich"]


def modules_after(statements: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded."""
    script = f"{statements}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_every_contract_is_broken_by_what_it_forbids(tmp_path) -> None:
    """One run of the linter on a copy that breaks all of them; `make lint` checks that here none is broken."""
    linted = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert {*VIOLATIONS} == {contract["name"] for contract in linted["contracts"]}
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    source = shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for module, _, target in {each.partition(" -> ") for found in VIOLATIONS.values() for each in found}:
        with (source / "coursetrail" / f"{module.replace('.', '/')}.py").open("a") as file:
            file.write(f"\nimport {target}\n" if target else "")
    lint = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    done = subprocess.run(lint, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    for contract, found in VIOLATIONS.items():
        assert f"\n{contract} BROKEN" in done.stdout
        report = done.stdout.partition(f"\n{contract}\n{'-' * len(contract)}\n")[2].partition("\n---")[0]
        for each in found:
            assert re.search(rf"coursetrail\.{re.escape(each)}(\s|$)", report), f"{contract}: {each}\n{report}"


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


def test_no_test_imports_another_and_helpers_import_no_test() -> None:
    """What tests share is in tests/support, so that each file of tests can be moved, split and run alone."""
    tests = Path(__file__).parent
    wrong = [
        f"{file.relative_to(tests)}: {module}"
        for file in tests.rglob("*.py")
        for module in imported(file)
        if module.partition(".")[0] == "conftest" or module.startswith("test_")
    ]
    assert wrong == []


def imported(file: Path) -> list[str]:
    """The modules that a file imports, wherever in it."""
    found: list[str] = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


def test_the_notice_names_the_licence_of_every_package_that_users_install() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["all"]]
    names = {re.match(r"[\w-]+", one)[0] for one in wanted}
    noted = dict(re.findall(r"^  ([a-z\d-]+) {2,}(\S.*)$", (ROOT / "NOTICE").read_text(), re.MULTILINE))
    assert set(noted) == names


@pytest.mark.parametrize("lock", [*ROOT.glob("*.lock"), *(ROOT / "bench").rglob("*.lock")], ids=lambda path: path.stem)
def test_every_pinned_package_has_a_version_and_hashes(lock) -> None:
    lines = [line for line in lock.read_text().splitlines() if line and not line.startswith("#")]
    for pin in re.split(r"\n(?=\S)", "\n".join(lines)):
        assert re.match(r"[\w.-]+==[\w.+!-]+ \\\n( +--hash=sha256:[0-9a-f]{64}( \\\n)?)+$", pin), pin[:80]
