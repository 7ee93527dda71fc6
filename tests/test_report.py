"""The report: one page that is whole without a network, and the files beside it."""

import base64
import datetime
import hashlib
import re
import threading
import time
from dataclasses import replace
from html.parser import HTMLParser

import pyarrow as pa
import pytest

from coursetrail.dataset.schema import SOURCES
from coursetrail.errors import StorageError
from coursetrail.outputs import report, report_page
from coursetrail.outputs.ledger_table import ledger
from coursetrail.render.charts import Table
from support.drawn import daily, retention, session_lengths
from support.machine import no_file_above
from support.results import BROWSERS, HOSTILE, activity, browsers

START = datetime.datetime.fromisoformat("2013-07-01T08:00")


def sources(*rows):
    """A ledger of `rows`: uri, lines, events, duplicates, rejected, blank, fault."""
    columns = list(zip(*rows, strict=True)) if rows else [[]] * 7
    count = len(rows)
    return pa.table(
        {
            "source": pa.array(range(1, count + 1), pa.int32()),
            "uri": pa.array(columns[0], pa.string()),
            "format": pa.array(["coursera"] * count, pa.string()),
            "digest": pa.array(["0123456789abcdef" * 4] * count, pa.string()),
            "bytes": pa.array([1000] * count, pa.int64()),
            "lines": pa.array(columns[1], pa.int64()),
            "events": pa.array(columns[2], pa.int64()),
            "duplicates": pa.array(columns[3], pa.int64()),
            "rejected": pa.array(columns[4], pa.int64()),
            "blank": pa.array(columns[5], pa.int64()),
            **dict.fromkeys(("header", "unfinished"), pa.array([0] * count, pa.int64())),
            "warnings": pa.array([None] * count, pa.string()),
            "fault": pa.array(columns[6], pa.string()),
            "first_time": pa.array([START] * count, pa.timestamp("us")),
            "last_time": pa.array([START + datetime.timedelta(days=89)] * count, pa.timestamp("us")),
            "ingested": pa.array([START] * count, pa.timestamp("us")),
            "version": pa.array(["0.1.0"] * count, pa.string()),
        }
    )


GOOD = ("/home/ann/exports/psy-001.gz", 110, 100, 5, 3, 2, None)
CUT = ("s3://key:secret@bucket/psy-002.gz?sig=abc", 60, 50, 0, 9, 1, "The gzip stream ends early <b>here</b>.")


def learners():
    table = browsers({"c0ffee": 12, "decaf": 3})
    return replace(table, analysis=replace(table.analysis, name="learners", title="Most active", chart=Table(top=1)))


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and the text outside style."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.inside = [], [], None
        self.feed(text)
        self.words = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.inside = tag

    def handle_data(self, data):
        if self.inside != "style":
            self.texts.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The paths and the page of a report with bars, curves and a table."""
    folder = tmp_path_factory.mktemp("report")
    results = [browsers(), learners(), activity({1: 4, 2: 2, 3: 1, 4: 1, 10: 1, 75: 1})]
    paths = report_page.write(results, sources(GOOD, CUT), folder, title="psy-001")
    return folder, paths, Page((folder / "report.html").read_text())


def hostile_page(tmp_path):
    evil = "<script>alert(1)</script>\x1b\u202e\"'"
    result = browsers(HOSTILE)
    result = replace(
        result,
        analysis=replace(result.analysis, title=evil, question=evil, definition=evil),
        scope=replace(result.scope, filters=evil, source=evil),
    )
    ledger_ = sources((evil, 1, 1, 0, 0, 0, evil))
    report_page.write([result], ledger_, tmp_path, title=evil)
    return (tmp_path / "report.html").read_text()


def test_tables_plots_and_page_are_written_where_promised(written):
    folder, paths, _ = written
    assert sorted(str(path.relative_to(folder)) for path in paths) == [
        "plots/activity.pdf",
        "plots/activity.png",
        "plots/browsers.pdf",
        "plots/browsers.png",
        "report.html",
        "tables/activity.csv",
        "tables/browsers.csv",
        "tables/learners.csv",
    ]
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == sorted(paths)


def test_the_page_loads_nothing(written):
    folder, _, page = written
    assert not re.search(r"(?:src|href|action)=[\"']?(?:https?:)?//", (folder / "report.html").read_text())
    assert "@import" not in (folder / "report.html").read_text()
    assert not page.all("script")
    assert not page.all("link")
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.all("img"))
    policy = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_links_lead_to_a_place_on_the_page_or_to_a_file_beside_it(written):
    folder, _, page = written
    places = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    for link in page.all("a"):
        target = link["href"]
        assert target[1:] in places if target.startswith("#") else (folder / target).is_file(), target


def test_the_page_shows_the_picture_that_is_written(written):
    folder, _, page = written
    picture = page.all("img")[0]["src"].partition(",")[2]
    assert base64.b64decode(picture) == (folder / "plots" / "browsers.png").read_bytes()


def test_every_picture_says_its_numbers_in_words(written):
    words = [image["alt"] for image in written[2].all("img")]
    assert words[0].startswith("Learners by browser. Chrome 11,402, 52.3 %")
    assert "Gini 0.750" in words[1]


def test_every_table_has_a_caption(written):
    page = written[2]
    assert len(page.all("table")) == len(page.all("caption")) == 4


def test_every_answer_stands_with_definition_and_n(written):
    words = written[2].words
    assert words.count("How it is counted.") == 3
    assert words.count("A learner counts once for every browser.") == 2
    assert words.count("n = 21,790 learners, 3,475,223 events. Left out: 12 events without a learner id.") == 3
    assert words.count("anyone who is in several of them counts once in each.") == 1


def test_each_kind_of_chart_has_a_picture_its_words_and_its_rows(tmp_path):
    made = [daily(), retention(), session_lengths(tuple(range(1, 61)))]
    report_page.write(made, sources(), tmp_path, title="x")
    page = (tmp_path / "report.html").read_text()
    assert 'alt="Active learners a day. Dau, wau, mau over day: dau from 800 at 2013-07-22' in page
    assert 'alt="Who comes back. Share by cohort and week' in page
    assert 'alt="How long sessions are. Sessions by length: 1 10,000; 2 17,833' in page
    assert page.count("data:image/png;base64,") == 3
    assert "Hatched: no value, which is not 0." in page
    assert ["… 10 more rows" in page, "… 40 more rows" in page] == [True, True]  # 70 days, 100 cells, 60 columns
    assert page.count("more row") == 2
    assert (tmp_path / "plots" / "retention.pdf").read_bytes().startswith(b"%PDF-")


def test_a_long_table_is_cut_on_the_page_and_whole_in_its_file(tmp_path):
    result = browsers({f"b{number:03}": 1000 - number for number in range(200)} | {"unknown": 7})
    report_page.write([result], sources(), tmp_path, title="x", plots=False)
    assert "… 140 more rows" in (tmp_path / "report.html").read_text()
    assert len((tmp_path / "tables" / "browsers.csv").read_text().splitlines()) == 202


def test_the_ledger_accounts_for_every_line_of_every_source(written):
    words = written[2].words
    assert "170 lines = 150 events + 5 duplicates + 12 rejected + 3 blank" in words
    assert "psy-001.gz coursera 110 100 5 3 2" in words
    assert "The gzip stream ends early <b>here</b>." in words
    assert "all accounted for" in words


def test_a_report_tells_no_folder_and_no_key_of_the_machine_it_was_made_on(written):
    text = (written[0] / "report.html").read_text()
    assert "psy-002.gz" in text
    assert not [secret for secret in ("/home/ann", "key:secret", "sig=abc") if secret in text]


def test_a_ledger_that_does_not_add_up_is_said_loudly(tmp_path):
    report_page.write([browsers()], sources(("a.gz", 10, 7, 1, 0, 0, None)), tmp_path, title="x", plots=False)
    words = Page((tmp_path / "report.html").read_text()).words
    assert "The counts do not add up: 10 lines ≠ 7 events + 1 duplicates + 0 rejected + 0 blank." in words
    assert "not all accounted for" in words


def test_the_ledgers_of_these_tests_are_made_of_columns_that_a_dataset_has():
    assert set(sources(GOOD).column_names) <= set(SOURCES.columns)


def test_opposite_errors_of_two_sources_do_not_cancel_out():
    entries = ledger(sources(("a", 10, 9, 0, 0, 0, None), ("b", 10, 11, 0, 0, 0, None))).entries
    assert [len(entry.remarks) for entry in entries] == [1, 1]


def test_no_text_from_the_data_becomes_markup(tmp_path):
    text = hostile_page(tmp_path)
    page = Page(text)
    assert not page.all("script")
    written_by_us = (
        "html head meta title style body header h1 dl div dt dd p span a nav main section h2 figure img figcaption b "
        "details summary table caption thead tr th tbody td footer tfoot code"
    )
    assert {tag for tag, _ in page.elements} <= {*written_by_us.split()}
    assert page.words.count("<script>alert(1)</script>") >= 8
    assert not set(text) & set("\x1b\x00\u202e")


def test_two_writes_give_the_same_bytes(tmp_path):
    def digest(name):
        report_page.write([browsers(), activity({1: 4, 75: 1})], sources(GOOD), tmp_path / name, title="x")
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]

    assert digest("first") == digest("second")


def test_when_the_sources_were_ingested_does_not_change_the_page(tmp_path):
    later = sources(GOOD)
    tomorrow = pa.array([START + datetime.timedelta(days=1)])
    later = later.set_column(later.column_names.index("ingested"), "ingested", tomorrow)
    report_page.write([], sources(GOOD), tmp_path / "a", title="x")
    report_page.write([], later, tmp_path / "b", title="x")
    assert (tmp_path / "a/report.html").read_bytes() == (tmp_path / "b/report.html").read_bytes()


def test_without_plots_the_tables_are_shown(tmp_path):
    paths = report_page.write([browsers()], sources(GOOD), tmp_path, title="x", plots=False)
    page = Page((tmp_path / "report.html").read_text())
    assert not page.all("img")
    assert sorted(path.name for path in paths) == ["browsers.csv", "report.html"]
    assert all(name in page.words for name in BROWSERS)


def test_a_report_of_nothing_is_a_page(tmp_path):
    report_page.write([], sources(), tmp_path, title="Nothing yet")
    assert "0 lines = 0 events + 0 duplicates + 0 rejected + 0 blank" in (tmp_path / "report.html").read_text()


def test_writing_again_replaces_and_leaves_no_part_behind(tmp_path):
    report_page.write([browsers()], sources(GOOD), tmp_path, title="one", plots=False)
    report_page.write([browsers()], sources(GOOD), tmp_path, title="two", plots=False)
    assert "<title>two</title>" in (tmp_path / "report.html").read_text()
    assert not list(tmp_path.rglob("*.part"))


def test_a_full_disk_leaves_the_old_page_whole(tmp_path):
    report_page.write([], sources(GOOD), tmp_path, title="old")

    with no_file_above(1_000), pytest.raises(StorageError, match=r"report\.html cannot be written: File too large"):
        report_page.write([], sources(GOOD), tmp_path, title="new")
    assert "<title>old</title>" in (tmp_path / "report.html").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_report_that_fails_waits_for_the_answer_being_counted_and_no_other():
    asked: list[int] = []
    counting = threading.Event()

    def answers():
        for number in range(7):
            asked.append(number)
            if number:
                counting.set()
                time.sleep(0.2)
            yield number

    results = report.computed_ahead(answers(), 7, lambda _: None)
    assert next(results) == 0
    counting.wait()
    results.close()
    assert asked == [0, 1]


def test_a_report_has_every_answer_in_order():
    told: list[int] = []
    assert list(report.computed_ahead(iter(range(1, 8)), 7, told.append)) == [1, 2, 3, 4, 5, 6, 7]
    assert sum(told) == 7
