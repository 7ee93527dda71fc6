"""Saved tables are the answers again: drawn later, elsewhere, without the dataset."""

import json
from pathlib import Path

import pytest

import coursetrail as ct
from coursetrail.analyses import ALL
from coursetrail.filesystem.location import Location
from coursetrail.outputs import saved
from coursetrail.outputs.plots import figure
from support.clicks import HOSTILE, line
from support.commands import coursetrail, refused

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def results(course_of) -> list[ct.Result]:
    names = ("=1+1", "@x", '"', "a,b\nc", "ünï", *HOSTILE)
    return list(course_of([line(name, at) for at, name in enumerate(names)]).answers())


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_was_saved_is_read_as_it_was(results, tmp_path, form):
    files = saved.save(results, tmp_path, form)
    assert [file.name for file in files] == [f"{analysis.name}.{form}" for analysis in ALL]
    for before, after in zip(results, saved.load(Location.of(tmp_path)), strict=True):
        assert after.analysis is before.analysis
        assert after.scope == before.scope
        assert after.table.schema == before.table.schema
        assert after.table.to_pylist() == before.table.to_pylist()


def test_a_plot_of_saved_tables_is_the_plot_of_the_dataset(simulated, tmp_path):
    dataset = str(simulated.course.snapshot.location)
    assert coursetrail("analyze", dataset, "-o", tmp_path / "tables").code == 0
    assert coursetrail("plot", dataset, "-o", tmp_path / "direct").code == 0
    assert coursetrail("plot", "--tables", tmp_path / "tables", "-o", tmp_path / "later").code == 0
    drawn = sorted(path.name for path in (tmp_path / "direct").iterdir())
    assert len(drawn) == len([analysis for analysis in ALL if figure.drawable(analysis)])
    for name in drawn:
        assert (tmp_path / "later" / name).read_bytes() == (tmp_path / "direct" / name).read_bytes()


def test_one_of_the_saved_tables_may_be_drawn_alone(simulated, tmp_path):
    coursetrail("analyze", simulated.course.snapshot.location, "browsers", "devices", "-o", tmp_path)
    assert coursetrail("plot", "--tables", tmp_path, "devices", "-o", tmp_path / "plots").code == 0
    assert [path.name for path in (tmp_path / "plots").iterdir()] == ["devices.png"]


def test_what_was_saved_before_is_kept_and_each_table_has_its_own_n(course_of, results, tmp_path):
    by_name = {result.analysis.name: result for result in results}
    other = course_of([line("one", 1)]).analyze("browsers")
    saved.save([by_name["devices"], by_name["browsers"]], tmp_path, "parquet")
    saved.save([other], tmp_path, "csv")
    browsers, devices = saved.load(Location.of(tmp_path))
    assert (browsers.table.to_pylist(), browsers.scope) == (other.table.to_pylist(), other.scope)
    assert devices.table.to_pylist() == by_name["devices"].table.to_pylist()
    assert devices.scope == by_name["devices"].scope != other.scope
    assert (tmp_path / "browsers.parquet").exists()
    (tmp_path / "devices.parquet").unlink()
    saved.save([by_name["systems"]], tmp_path, "csv")
    assert [result.analysis.name for result in saved.load(Location.of(tmp_path))] == ["browsers", "systems"]


def test_a_save_that_stops_halfway_leaves_no_old_n_to_a_new_table(course_of, results, tmp_path):
    saved.save(results[:3], tmp_path, "csv")
    (tmp_path / "systems.parquet").mkdir()
    with pytest.raises(ct.StorageError):
        saved.save(results[:2], tmp_path, "parquet")
    assert (tmp_path / "browsers.parquet").exists()
    assert [result.analysis.name for result in saved.load(Location.of(tmp_path))] == ["devices"]


def test_tables_that_cannot_be_drawn_do_not_hinder_the_others(results, tmp_path):
    saved.save(results[:1], tmp_path, "json")
    saved.save(results[2:3], tmp_path, "csv")
    assert [result.analysis.name for result in saved.load(Location.of(tmp_path), ["devices"])] == ["devices"]
    with pytest.raises(ct.InputError, match=r"json cannot be drawn. Save the table as csv or excel or parquet"):
        saved.load(Location.of(tmp_path))


def test_a_table_that_was_not_saved_is_told_with_those_that_were(results, tmp_path):
    saved.save([results[2], results[0]], tmp_path / "t", "csv")
    ran = coursetrail("plot", "--tables", tmp_path / "t", "devices", "activity", "-o", tmp_path / "plots")
    refused(ran, 2, "no table 'activity' was saved here. There are: browsers, devices.")
    assert not (tmp_path / "plots").exists()


def test_what_no_file_can_hold_does_not_hinder_what_is_saved_next(results, tmp_path):
    saved.save(results[:1], tmp_path, "csv")
    spoil(tmp_path, "about.json", entry(title="\ud800"))
    saved.save(results[1:2], tmp_path, "csv")
    assert [result.analysis.name for result in saved.load(Location.of(tmp_path))] == ["browsers", "systems"]


def test_what_the_next_tests_spoil_can_be_read(results, tmp_path):
    saved.save(results, tmp_path, "csv")
    spoil(tmp_path, "about.json", entry())
    (one,) = saved.load(Location.of(tmp_path))
    assert (one.analysis.name, one.scope.events) == ("browsers", 1)


def entry(**changes: object) -> str:
    scope = dict.fromkeys(("events", "learners", "without_learner", "bots", "bot_events", "outside", "admin"), 1)
    told = {"name": "browsers", "file": "browsers.csv", "scope": scope | {"filters": "", "source": ""}}
    return json.dumps({"tables": [told | changes]})


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "7", '{"tables": 7}', '{"tables": []}', '{"tables": {}}', '{"tables": {"a": 1}}'),
        *('{"tables": [{}]}', '{"tables": [7]}', '{"tables": ["browsers"]}', "[" * 100_000, "\xff"),
        *(
            entry(file=name)
            for name in ("../browsers.csv", "/browsers.csv", "browsers.exe", "devices.csv", "", None, [])
        ),
        *(entry(name=name) for name in ("browsrs", "", None, 7, [], {}, {"a": 1}, ["browsers"])),
        *(entry(scope=scope) for scope in ({}, None, 7, [], {"events": 1})),
        *(entry(scope=json.loads(entry())["tables"][0]["scope"] | {"events": n}) for n in ("1", 1.5, None, True, [])),
        entry(scope=json.loads(entry())["tables"][0]["scope"] | {"source": 7}),
    ],
    ids=lambda text: ascii(text[:40]),
)
def test_an_about_json_of_another_form_is_one_clear_line_and_is_written_anew(results, tmp_path, text):
    saved.save(results, tmp_path, "csv")
    (tmp_path / "about.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ct.InputError, match=r"about\.json (cannot be read \(.+\)|names no tables)\. Save") as caught:
        saved.load(Location.of(tmp_path))
    assert "\n" not in str(caught.value)
    saved.save(results, tmp_path, "csv")
    assert len(saved.load(Location.of(tmp_path))) == len(ALL)


def spoil(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("spoiled", "told"),
    [
        (lambda folder: (folder / "about.json").unlink(), "no about.json here. Save tables first"),
        (lambda folder: spoil(folder, "about.json", entry(name="browsrs")), "Did you mean 'browsers'"),
        (lambda folder: spoil(folder, "browsers.csv", "a,b\n1,2\n"), "'browsers' cannot be read"),
        (lambda folder: spoil(folder, "browsers.csv", "browser,learners,share,clicks\nx,many,1,2\n"), "cannot be read"),
        (lambda folder: (folder / "browsers.csv").unlink(), "no browsers.csv here"),
    ],
)
def test_a_folder_that_holds_no_such_tables_is_one_clear_line(results, tmp_path, spoiled, told):
    saved.save(results, tmp_path, "csv")
    spoiled(tmp_path)
    with pytest.raises(ct.CoursetrailError, match=told) as caught:
        saved.load(Location.of(tmp_path))
    assert "\n" not in str(caught.value)


def test_what_is_saved_says_what_it_is(results, tmp_path):
    saved.save(results, tmp_path, "csv")
    told = json.loads((tmp_path / "about.json").read_text())["tables"]
    assert [one["definition"] for one in told] == [analysis.definition_with() for analysis in ALL]
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
