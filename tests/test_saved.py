"""Saved tables are the answers again: drawn later, elsewhere, without the dataset."""

import json
from pathlib import Path

import pytest

import coursetrail as ct
from coursetrail.analyses import ALL
from coursetrail.outputs import plots, saved
from coursetrail.place import Place
from test_analyses import HOSTILE, line
from test_cli import coursetrail, refused


@pytest.fixture(scope="module")
def results(course_of) -> list[ct.Result]:
    names = ("=1+1", "@x", '"', "a,b\nc", "ünï", *HOSTILE)
    return list(course_of([line(name, at) for at, name in enumerate(names)]).answers())


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_was_saved_is_read_as_it_was(results, tmp_path, form):
    files = saved.save(results, tmp_path, form)
    assert [file.name for file in files] == [f"{analysis.name}.{form}" for analysis in ALL]
    for before, after in zip(results, saved.load(Place.of(tmp_path)), strict=True):
        assert after.analysis is before.analysis
        assert after.scope == before.scope
        assert after.table.schema == before.table.schema
        assert after.table.to_pylist() == before.table.to_pylist()


def test_a_plot_of_saved_tables_is_the_plot_of_the_dataset(simulated, tmp_path):
    dataset = str(simulated.course.dataset.place)
    assert coursetrail("analyze", dataset, "-o", tmp_path / "tables").code == 0
    assert coursetrail("plot", dataset, "-o", tmp_path / "direct").code == 0
    assert coursetrail("plot", "--tables", tmp_path / "tables", "-o", tmp_path / "later").code == 0
    drawn = sorted(path.name for path in (tmp_path / "direct").iterdir())
    assert len(drawn) == len([analysis for analysis in ALL if plots.drawable(analysis)])
    for name in drawn:
        assert (tmp_path / "later" / name).read_bytes() == (tmp_path / "direct" / name).read_bytes()


def test_one_of_the_saved_tables_may_be_drawn_alone(simulated, tmp_path):
    coursetrail("analyze", simulated.course.dataset.place, "browsers", "devices", "-o", tmp_path)
    assert coursetrail("plot", "--tables", tmp_path, "devices", "-o", tmp_path / "plots").code == 0
    assert [path.name for path in (tmp_path / "plots").iterdir()] == ["devices.png"]


def spoil(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("spoiled", "told"),
    [
        (lambda folder: (folder / "about.json").unlink(), "no about.json here. Save tables first"),
        (lambda folder: spoil(folder, "about.json", "{"), "about.json cannot be read"),
        (lambda folder: spoil(folder, "about.json", '{"tables": [{"name": "browsers"}]}'), "cannot be read"),
        (lambda folder: spoil(folder, "about.json", '{"tables": [{"name": "browsrs"}]}'), "Did you mean 'browsers'"),
        (lambda folder: spoil(folder, "browsers.csv", "a,b\n1,2\n"), "'browsers' cannot be read"),
        (lambda folder: spoil(folder, "browsers.csv", "browser,learners,share,clicks\nx,many,1,2\n"), "cannot be read"),
        (lambda folder: (folder / "browsers.csv").unlink(), "no browsers.csv or .parquet here"),
    ],
)
def test_a_folder_that_holds_no_such_tables_is_one_clear_line(results, tmp_path, spoiled, told):
    saved.save(results, tmp_path, "csv")
    spoiled(tmp_path)
    with pytest.raises(ct.CoursetrailError, match=told) as caught:
        saved.load(Place.of(tmp_path))
    assert "\n" not in str(caught.value)


def test_what_is_saved_says_what_it_is(results, tmp_path):
    saved.save(results, tmp_path, "csv")
    told = json.loads((tmp_path / "about.json").read_text())["tables"]
    assert [one["definition"] for one in told] == [analysis.definition for analysis in ALL]
    assert told[0]["scope"]["description"] == results[0].scope.describe()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plot", "-o", "x"), "Name a dataset, or the folder of saved tables"),
        (("plot", "--tables", "t", "--device", "tablet", "-o", "x"), "filters belong to the analyze"),
        (("plot", "--tables", "t", "learners", "-o", "x"), "it has no plot"),
    ],
)
def test_a_call_that_does_not_fit_is_told_so(words, told):
    refused(coursetrail(*words), 2, told)
