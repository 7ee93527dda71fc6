"""Two segments side by side: shares by hand, intervals by the book, and words that say what is clear."""

import json
from datetime import date
from fractions import Fraction

import pytest

import coursetrail as ct
from coursetrail.analyses.comparison import adjusted, compare, newcombe, wilson
from coursetrail.engines.config import EngineConfig
from coursetrail.engines.duckdb import connect
from support.clicks import CHROME, FIREFOX, IPHONE, line
from support.commands import coursetrail


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((56, 70, 48, 80), (0.0524, 0.3339)),  # Newcombe 1998, table II, (a)
        ((9, 10, 3, 10), (0.1705, 0.8090)),  # (b)
        ((10, 10, 0, 10), (0.6075, 1.0)),  # (h)
        ((0, 10, 0, 10), (-0.2775, 0.2775)),  # (f)
    ],
)
def test_an_interval_of_a_difference_is_that_of_the_book(counts, expected):
    assert newcombe(*counts) == pytest.approx(expected, abs=1e-4)


def test_the_interval_of_a_share_is_that_of_the_sql_and_solves_its_equation():
    sql = (
        "select k, n, wilson_low(k, n) as low, wilson_high(k, n) as high from range(0, 9) as a(k), range(0, 9) as b(n)"
    )
    with connect() as engine:
        rows = engine.query(f"{sql} where k <= n order by n, k").to_pylist()
    assert (rows[0]["low"], rows[0]["high"]) == (None, None)
    for row in rows[1:]:
        assert (row["low"], row["high"]) == pytest.approx(wilson(row["k"], row["n"]), abs=1e-15)
        for bound in {row["low"], row["high"]} - {0.0, 1.0}:
            share, at = Fraction(row["k"], row["n"]), Fraction(bound)
            assert float(row["n"] * (share - at) ** 2 / (at * (1 - at))) == pytest.approx(3.8414588, abs=1e-6)


def test_rates_of_false_discoveries_are_those_worked_out_by_hand():
    assert adjusted([]) == []
    assert adjusted([0.02]) == [0.02]
    assert adjusted([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.04, 0.04, 0.04])
    assert adjusted([0.5, 0.001, 0.2]) == pytest.approx([0.5, 0.003, 0.3])


@pytest.fixture
def course(course_of):
    """40 learners write German, 30 of them with Firefox; 40 English, 10 of them with Firefox; one also with a phone."""
    german = [line(f"g{n}", n, language="de", user_agent=FIREFOX if n < 30 else CHROME) for n in range(40)]
    english = [line(f"e{n}", n, language="en", user_agent=FIREFOX if n < 10 else CHROME) for n in range(40)]
    return course_of([*german, *english, line("e0", 99, language="en", user_agent=IPHONE), line("x", language="fr")])


def test_a_table_has_the_shares_of_both_and_a_word(course):
    found = compare(course, "browsers", {"language": "de"}, {"language": "en"})
    rows = {row["browser"]: row for row in found.table.to_pylist()}
    assert list(rows) == ["Firefox", "Chrome", "Mobile Safari"]
    fox = rows["Firefox"]
    assert (fox["learners"], fox["of"], fox["share"]) == (30, 40, 0.75)
    assert (fox["against_learners"], fox["against_of"], fox["against_share"]) == (10, 40, 0.25)
    assert (fox["difference"], fox["verdict"]) == (0.5, "higher")
    assert (fox["low"], fox["high"]) == newcombe(30, 40, 10, 40)
    assert rows["Chrome"]["verdict"] == "lower"
    assert (rows["Mobile Safari"]["learners"], rows["Mobile Safari"]["verdict"]) == (0, "too few learners")
    turned = compare(course, "browsers", {"language": "en"}, {"language": "de"}).table.to_pylist()
    assert {row["browser"]: row["difference"] for row in turned} == {
        name: -row["difference"] for name, row in rows.items()
    }


def test_nothing_is_clear_between_equal_segments(course):
    rows = compare(course, "browsers", {"language": "de"}, {"language": "de"}).table.to_pylist()
    assert {row["verdict"] for row in rows} == {"no clear difference"}
    assert {row["difference"] for row in rows} == {0.0}


def test_the_command_says_both_scopes_and_takes_filters_for_both(course):
    words = ("compare", course.snapshot.location.address, "browsers", "--segment", "language=de")
    words += ("--against", "language=en")
    text = " ".join(coursetrail(*words, "--device", "desktop").out.decode().split())
    assert "The segment: n = 40 learners, 40 events (device desktop, language de; 42 events outside)" in text
    assert "Against: n = 40 learners, 40 events (device desktop, language en; 42 events outside)" in text
    assert json.loads(coursetrail(*words, "--format", "json").out)["against"]["scope"]["learners"] == 40


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("activity", "--segment", "device=desktop", "--against", "device=tablet"),
            "has no shares of learners to compare",
        ),
        (("browsers", "--segment", "devise=x", "--against", "device=tablet"), "Did you mean 'device'?"),
        (("browsers", "--segment", "tablet", "--against", "device=tablet"), "Write NAME=VALUE."),
        (("browsers", "--segment", "language=de", "--segment", "language=en", "--against", "language=en"), "twice"),
        (("browsers", "--segment", "language=xx", "--against", "language=en"), "There are: de, en, fr."),
        (("browsers", "--segment", "language=de", "--against", "cohort=2001-01-01"), "No learner is in the segment"),
    ],
)
def test_a_segment_that_does_not_fit_is_one_clear_line(course, words, message):
    ran = coursetrail("compare", course.snapshot.location.address, *words)
    assert ran.code == 2
    assert message in ran.told
    assert len(ran.told.splitlines()) == 1


@pytest.mark.usefixtures("session")
def test_spark_compares_as_duckdb_does(course):
    spark = ct.Dataset(course.snapshot, EngineConfig("spark"))
    for name, first, second in (
        ("browsers", {"language": "de"}, {"language": "en"}),
        ("languages", {"activity": "q4"}, {"browser": "Firefox", "without_staff": True}),
        ("devices", {"cohort": date(2013, 7, 31)}, {"system": "iOS"}),
    ):
        assert compare(spark, name, first, second).table.equals(compare(course, name, first, second).table)
