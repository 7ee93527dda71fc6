"""Parameters and filters are defined once: command line, Python, SQL and words follow from the definition."""

import inspect
import json
from dataclasses import replace
from datetime import date
from importlib import reload

import click
import pyarrow as pa
import pytest
from click.testing import CliRunner

import coursetrail as ct
from coursetrail import analyses
from coursetrail.analyses.analysis import RESERVED, Analysis
from coursetrail.analyses.filters import FILTERS, Filters
from coursetrail.analyses.parameters import Parameter
from coursetrail.analyses.questions import Questions
from coursetrail.cli import analyze
from coursetrail.cli.analyses import list_analyses
from coursetrail.cli.options import parameterized
from coursetrail.engines.config import EngineConfig
from coursetrail.filesystem.location import Location
from coursetrail.outputs import saved
from coursetrail.outputs.report import report

LEAST = Parameter("least", int, 1, "Events that an item has at least.", metavar="N", least=1, most=1_000_000)
AREA = Parameter("area", str, "lecture", "The area of the course.", choices=("lecture", "quiz"))
ITEMS = Analysis(
    name="lessons",
    title="Items by events",
    question="Which items are used?",
    definition="Events of each item of the area $area that has at least $least, and the furthest second reached in it.",
    columns={"item": pa.string(), "page": pa.string(), "events": pa.int64(), "furthest": pa.float64()},
    sql="""
        select item, min(url) as page, count(*) as events, max(position) as furthest
        from events
        where area = $area and item is not null
        group by item
        having count(*) >= $least
        order by events desc, item
    """,
    parameters=(LEAST, AREA),
)


def watched(learner: str, lecture: int, second: float) -> str:
    """A line of a legacy export: a learner pauses a lecture."""
    page = f"https://class.coursera.org/psy-001/lecture/view?lecture_id={lecture}"
    value = json.dumps({"type": "pause", "currentTime": second, "lectureID": lecture})
    line = {"key": "user.video.lecture.action", "username": learner, "page_url": page, "value": value}
    return json.dumps({**line, "timestamp": 1375257600000}) + "\n"


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "psy-001_clickstream_export.json"
    path.write_text("".join([watched("ann", 1, 10), watched("bob", 1, 70.5), watched("ann", 2, 30)]))
    return path


@pytest.fixture
def dataset(export, tmp_path, monkeypatch):
    """A dataset, while the analyses have one more."""
    monkeypatch.setattr(analyses, "ALL", (*analyses.ALL, ITEMS))
    ct.ingest(tmp_path / "d", [export])
    return ct.open(tmp_path / "d")


def page(lecture: int) -> str:
    return f"https://class.coursera.org/psy-001/lecture/view?lecture_id={lecture}"


def test_a_report_of_a_raw_export_reads_what_a_new_analysis_names(export, dataset, tmp_path) -> None:
    report([export], tmp_path / "out")
    table = (tmp_path / "out" / "tables" / "lessons.csv").read_text()
    assert table == f'item,page,events,furthest\n"1","{page(1)}",2,70.5\n"2","{page(2)}",1,30\n'


def test_a_parameter_is_a_keyword_in_python_and_has_a_default(dataset) -> None:
    assert dataset.analyze("lessons").table["events"].to_pylist() == [2, 1]
    result = dataset.analyze("lessons", least=2, since=date(2013, 7, 1))
    assert result.table.to_pylist() == [{"item": "1", "page": page(1), "events": 2, "furthest": 70.5}]
    assert result.parameters == {"least": 2, "area": "lecture"}
    assert dataset.sql(result.sql).cast(ITEMS.schema).equals(result.table)


def test_the_definition_says_the_values_that_were_used(dataset) -> None:
    definition = dataset.analyze("lessons", least=2).definition
    assert definition == (
        "Events of each item of the area lecture that has at least 2, and the furthest second reached in it."
    )


def test_a_saved_answer_has_its_parameters_when_it_is_read_again(dataset, tmp_path) -> None:
    result = dataset.analyze("lessons", least=2)
    saved.save([result], tmp_path / "tables", "csv")
    (again,) = saved.load(Location.of(tmp_path / "tables"))
    assert (again.parameters, again.definition) == (result.parameters, result.definition)
    assert again.table.equals(result.table)


@pytest.mark.parametrize("parameters", [[], "x", None, {"least": "2"}, {"least": 0}])
def test_saved_parameters_that_are_none_are_an_error_of_the_folder(dataset, tmp_path, parameters) -> None:
    saved.save([dataset.analyze("lessons")], tmp_path, "csv")
    about = json.loads((tmp_path / "about.json").read_text())
    about["tables"][0]["parameters"] = parameters
    (tmp_path / "about.json").write_text(json.dumps(about))
    with pytest.raises(ct.InputError, match=str(tmp_path)):
        saved.load(Location.of(tmp_path))


def test_the_list_of_analyses_has_parameters(dataset, monkeypatch) -> None:
    listed = json.loads(CliRunner().invoke(list_analyses, ["--format", "json"]).stdout)
    assert listed[-1]["parameters"][0] == {
        "name": "least",
        "type": "int",
        "default": 1,
        "help": "Events that an item has at least.",
    }
    assert (
        "    --least: Events that an item has at least. Default: 1.\n" in CliRunner().invoke(list_analyses, []).stdout
    )


def test_a_parameter_is_an_option_of_analyze(dataset, monkeypatch, request) -> None:
    folder = str(dataset.snapshot.location)
    command = reload(analyze).analyze
    request.addfinalizer(lambda: reload(analyze))
    request.addfinalizer(monkeypatch.undo)
    done = CliRunner().invoke(command, [folder, "lessons", "--least", "2", "--format", "csv"])
    assert done.stdout == f'item,page,events,furthest\n"1","{page(1)}",2,70.5\n'
    shown = CliRunner().invoke(command, [folder, "lessons", "--least", "2", "--sql"]).stdout
    assert "having count(*) >= 2" in shown
    assert "area = 'lecture'" in shown
    help_ = " ".join(CliRunner().invoke(command, ["--help"]).stdout.split())
    assert "--least N Events that an item has at least. Defaults: lessons: 1." in help_
    assert "--area [lecture|quiz]" in help_


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"least": 0}, "least takes a number of at least 1 and at most 1000000, not 0"),
        ({"least": "2"}, "least takes a whole number (int), not '2'"),
        ({"least": True}, "least takes a whole number (int), not True"),
        ({"area": "wiki"}, "area is 'lecture' or 'quiz', not 'wiki'"),
        ({"lest": 2}, "No parameter of lessons is called 'lest'. Did you mean 'least'?"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_with_what_does(dataset, given, message) -> None:
    with pytest.raises(ct.UsageError) as error:
        dataset.analyze("lessons", **given)
    assert message in str(error.value)


def test_a_parameter_belongs_to_the_analyses_that_declare_it(dataset) -> None:
    results = list(dataset.answers(parameters={"least": 2}))
    assert [result.analysis.name for result in results] == [one.name for one in analyses.ALL]
    assert results[-1].table.num_rows == 1
    with pytest.raises(ct.UsageError, match="No parameter of browsers is called 'least'"):
        dataset.analyze("browsers", least=2)


@pytest.mark.parametrize("value", ["lecture' or '1'='1", "$least", "\\'", "a$area"])
def test_a_value_is_never_sql_nor_another_parameter(dataset, value) -> None:
    anything = Parameter("area", str, "lecture", "The area of the course.")
    hostile = Analysis(**{**vars(ITEMS), "parameters": (LEAST, anything)})
    (result,) = dataset.answers([hostile], parameters={"area": value})
    assert result.table.num_rows == 0


@pytest.mark.parametrize(("value", "expected"), [(-5, 6.0), (0.25, 0.75), (-0.5, 1.5)])
def test_a_number_is_one_operand_and_a_float_is_a_double(dataset, value, expected, session) -> None:
    kind = type(value)
    analysis = Analysis(
        name="numbers",
        title="",
        question="",
        definition="",
        columns={"less": pa.float64(), "ratio": pa.float64()},
        sql="select 1-$n as less, 7/$n as ratio from events limit 1",
        parameters=(Parameter("n", kind, kind(1), "A number."),),
    )
    for config in (EngineConfig(), EngineConfig("spark")):
        (result,) = ct.Dataset(dataset.snapshot, config).answers([analysis], parameters={"n": value})
        assert result.table.to_pylist() == [{"less": expected, "ratio": 7 / value}]


def test_an_analysis_declares_the_parameters_that_it_names() -> None:
    with pytest.raises(ct.UsageError, match="other parameters than its SQL and definition name"):
        Analysis(**{**vars(ITEMS), "parameters": (LEAST,)})
    with pytest.raises(ct.UsageError, match="other parameters than its SQL and definition name"):
        Analysis(**{**vars(ITEMS), "sql": "select 1", "parameters": (LEAST, AREA)})
    course = Parameter("course", str, "", "A course.")
    with pytest.raises(ct.UsageError, match="has a parameter 'course', which is taken"):
        Analysis(**{**vars(ITEMS), "sql": "select $course", "definition": "", "parameters": (course,)})
    with pytest.raises(ct.UsageError, match="two parameters of one name"):
        Analysis(**{**vars(ITEMS), "parameters": (LEAST, AREA, AREA)})


def test_the_names_that_commands_use_are_reserved() -> None:
    """The options of analyze besides those of analyses, and the arguments of Dataset.analyze."""
    own = {name for one in analyze.analyze.params for name in (one.name, *one.opts)}
    own = {str(name).removeprefix("--") for name in own if not str(name).startswith("-") or str(name).startswith("--")}
    filters = {name for one in FILTERS for name in (one.name, one.flag.removeprefix("--"))}
    theirs = {
        name for one in analyses.ALL for parameter in one.parameters for name in (parameter.name, parameter.flag[2:])
    }
    assert own - filters - theirs - {"as-of", "sql", "without_words"} <= set(RESERVED)


@pytest.mark.parametrize("other", [replace(LEAST, default=5), replace(LEAST, help="Another text.", most=3)])
def test_analyses_may_share_the_name_of_a_parameter(dataset, other) -> None:
    second = Analysis(**{**vars(ITEMS), "name": "pages", "parameters": (other, AREA)})

    @click.command()
    @parameterized([ITEMS, second])
    def command(parameters) -> None:
        click.echo(json.dumps(parameters))

    assert json.loads(CliRunner().invoke(command, ["--least", "2"]).stdout) == {"least": 2}
    assert json.loads(CliRunner().invoke(command, []).stdout) == {}
    help_ = " ".join(CliRunner().invoke(command, ["--help"]).stdout.split())
    assert f"Defaults: lessons: 1, pages: {other.default}." in help_


def test_a_parameter_of_several_types_is_refused() -> None:
    text = Analysis(
        **{**vars(ITEMS), "parameters": (replace(LEAST, type=str, default="1", least=None, most=None), AREA)}
    )
    with pytest.raises(ct.UsageError, match="several types"):
        parameterized([ITEMS, text])


@pytest.mark.parametrize(
    ("one", "words", "value"),
    [
        (Parameter("weighted", bool, False, "Weigh."), ["--weighted"], True),
        (Parameter("weighted", bool, False, "Weigh."), [], None),
        (Parameter("since_day", date, None, "A day."), ["--since-day", "2013-08-01"], "2013-08-01"),
        (Parameter("ratio", float, 0.5, "A share.", least=0, most=1), ["--ratio", ".25"], 0.25),
    ],
)
def test_an_option_has_the_type_of_its_parameter(one, words, value) -> None:
    analysis = Analysis(**{**vars(ITEMS), "sql": f"select ${one.name}", "definition": "", "parameters": (one,)})

    @click.command()
    @parameterized([analysis])
    def command(parameters) -> None:
        click.echo(json.dumps(parameters.get(one.name), default=str))

    assert json.loads(CliRunner().invoke(command, words).stdout) == value


@pytest.mark.parametrize("words", [["--ratio", "nan"], ["--ratio", "1.5"], ["--ratio", "x"], ["--day", "2013"]])
def test_an_option_that_does_not_fit_is_refused(words) -> None:
    ratio, day = Parameter("ratio", float, 0.5, "A share.", least=0, most=1), Parameter("day", date, None, "A day.")
    sql = {"sql": "select $ratio, $day", "definition": ""}
    analysis = Analysis(**{**vars(ITEMS), **sql, "parameters": (ratio, day)})

    @click.command()
    @parameterized([analysis])
    def command(parameters) -> None:
        raise AssertionError(parameters)

    assert CliRunner().invoke(command, words).exit_code == 2


def test_the_columns_that_are_read_are_those_that_the_sql_names() -> None:
    assert Questions([ITEMS]).columns == (
        *("source", "platform", "time", "learner", "action", "area", "item", "url", "user_agent", "accept_language"),
        *("position", "weight"),
    )
    assert "course" in Questions([ITEMS], Filters(course="psy-001")).columns


def test_no_analysis_asks_for_all_columns_of_the_events() -> None:
    for one in analyses.ALL:
        words = " ".join(one.sql.split())
        assert "* from events" not in words
        assert "events.*" not in words


def test_the_signature_of_analyze_names_every_filter() -> None:
    named = inspect.signature(ct.Dataset.analyze).parameters
    assert [name for name in named if name not in ("self", "name", "options")] == [one.name for one in FILTERS]
    assert named["clicks"].default == "deliberate"


def test_every_filter_is_an_option_of_the_commands_that_answer() -> None:
    options = {option for one in analyze.analyze.params for option in one.opts}
    assert {one.flag for one in FILTERS} <= options


@pytest.mark.parametrize("one", FILTERS, ids=lambda one: one.name)
def test_every_filter_says_what_it_left_out(one, dataset) -> None:
    values = {"since": date(2013, 7, 1), "until": date(2014, 1, 1), "cohort": date(2013, 7, 31), "activity": "q1"}
    values |= dict.fromkeys(("device", "browser", "system", "language", "country"), "unknown")
    value = {**values, "course": "psy-001", "role": "staff", "clicks": "all"}.get(one.name, True)
    assert one.words(value) in Filters(**{one.name: value}).describe()
    if one.name == "role":  # no table says who has one
        with pytest.raises(ct.UsageError, match="No event has the role 'staff'"):
            dataset.analyze("browsers", role=value)
    else:
        assert one.words(value) in dataset.analyze("browsers", **{one.name: value}).scope.describe()


@pytest.mark.usefixtures("session")
def test_a_parameter_gives_the_same_answer_on_spark(dataset) -> None:
    spark = ct.Dataset(dataset.snapshot, EngineConfig("spark"))
    assert spark.analyze("lessons", least=2).table.equals(dataset.analyze("lessons", least=2).table)
