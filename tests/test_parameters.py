"""Parameters and filters are defined once: command line, Python, SQL and words follow from the definition."""

import inspect
import json
from datetime import date
from importlib import reload

import pyarrow as pa
import pytest
from click.testing import CliRunner

import coursetrail as ct
from coursetrail import analyses
from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.filters import FILTERS, Filters
from coursetrail.analyses.parameters import Parameter
from coursetrail.analyses.questions import Questions
from coursetrail.cli import analyze
from coursetrail.cli.analyses import list_analyses
from coursetrail.engines.config import EngineConfig
from coursetrail.filesystem.location import Location
from coursetrail.outputs import saved
from coursetrail.outputs.report import report

LEAST = Parameter("least", int, 1, "Events that an item has at least.", metavar="N", least=1, most=1_000_000)
AREA = Parameter("area", str, "lecture", "The area of the course.", choices=("lecture", "quiz"))
ITEMS = Analysis(
    name="items",
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
    table = (tmp_path / "out" / "tables" / "items.csv").read_text()
    assert table == f"item,page,events,furthest\n1,{page(1)},2,70.5\n2,{page(2)},1,30\n"


def test_a_parameter_is_a_keyword_in_python_and_has_a_default(dataset) -> None:
    assert dataset.analyze("items").table["events"].to_pylist() == [2, 1]
    result = dataset.analyze("items", least=2, since=date(2013, 7, 1))
    assert result.table.to_pylist() == [{"item": "1", "page": page(1), "events": 2, "furthest": 70.5}]
    assert result.parameters == {"least": 2, "area": "lecture"}
    assert dataset.sql(result.sql).cast(ITEMS.schema).equals(result.table)


def test_the_definition_says_the_values_that_were_used(dataset) -> None:
    definition = dataset.analyze("items", least=2).definition
    assert definition == (
        "Events of each item of the area lecture that has at least 2, and the furthest second reached in it."
    )


def test_a_saved_answer_has_its_parameters_when_it_is_read_again(dataset, tmp_path) -> None:
    result = dataset.analyze("items", least=2)
    saved.save([result], tmp_path / "tables", "csv")
    (again,) = saved.load(Location.of(tmp_path / "tables"))
    assert (again.parameters, again.definition) == (result.parameters, result.definition)
    assert again.table.equals(result.table)


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


def test_a_parameter_is_an_option_of_analyze(dataset, monkeypatch) -> None:
    folder = str(dataset.snapshot.location)
    command = reload(analyze).analyze
    done = CliRunner().invoke(command, [folder, "items", "--least", "2", "--format", "csv"])
    assert done.stdout == f"item,page,events,furthest\n1,{page(1)},2,70.5\n"
    shown = CliRunner().invoke(command, [folder, "items", "--least", "2", "--sql"]).stdout
    assert "having count(*) >= 2" in shown
    assert "area = 'lecture'" in shown
    help_ = " ".join(CliRunner().invoke(command, ["--help"]).stdout.split())
    assert "--least N Events that an item has at least. Only items; default: 1." in help_
    assert "--area [lecture|quiz]" in help_
    monkeypatch.undo()
    reload(analyze)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"least": 0}, "least is between 1 and 1000000, not 0"),
        ({"least": "2"}, "least takes a whole number, not '2'"),
        ({"least": True}, "least takes a whole number, not True"),
        ({"area": "wiki"}, "area is 'lecture' or 'quiz', not 'wiki'"),
        ({"lest": 2}, "No parameter of items is called 'lest'. Did you mean 'least'?"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_with_what_does(dataset, given, message) -> None:
    with pytest.raises(ct.UsageError) as error:
        dataset.analyze("items", **given)
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


def test_an_analysis_declares_the_parameters_that_it_names() -> None:
    with pytest.raises(ct.UsageError, match="other parameters than its SQL and definition name"):
        Analysis(**{**vars(ITEMS), "parameters": (LEAST,)})
    with pytest.raises(ct.UsageError, match="other parameters than its SQL and definition name"):
        Analysis(**{**vars(ITEMS), "sql": "select 1", "parameters": (LEAST, AREA)})
    course = Parameter("course", str, "", "A course.")
    with pytest.raises(ct.UsageError, match="a parameter named as a filter: course"):
        Analysis(**{**vars(ITEMS), "sql": "select $course", "definition": "", "parameters": (course,)})


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
    values = {"since": date(2013, 7, 1), "until": date(2014, 1, 1), "device": "unknown", "language": "unknown"}
    value = {**values, "course": "psy-001", "without_bots": True, "clicks": "all"}[one.name]
    assert one.words(value) in dataset.analyze("browsers", **{one.name: value}).scope.describe()


@pytest.mark.usefixtures("session")
def test_a_parameter_gives_the_same_answer_on_spark(dataset) -> None:
    spark = ct.Dataset(dataset.snapshot, EngineConfig("spark"))
    assert spark.analyze("items", least=2).table.equals(dataset.analyze("items", least=2).table)
