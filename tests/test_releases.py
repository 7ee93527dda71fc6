"""A dataset of an older release: a newer one has further columns and lookup tables, and reads and extends it."""

import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

import coursetrail as ct
from coursetrail.lookups.lookup import Lookup
from support.changed_package import ChangedPackage
from support.exports import export, line
from support.happenings import without_digests

pytestmark = pytest.mark.slow

REFERRERS = '''"""Referrers: the host of each."""

import pyarrow as pa

from coursetrail.lookups.lookup import Lookup


def parse(texts):
    """The host of each referrer."""
    hosts = [text.split("/")[2] for text in texts]
    return pa.table({"referrer": [*texts], "host": hosts, "parser": ["1"] * len(texts)}, schema=REFERRERS.schema)


REFERRERS = Lookup(
    name="referrers",
    row="One referrer.",
    key="referrer",
    columns={name: (pa.string(), "text") for name in ("referrer", "host", "parser")},
    parse=parse,
    parser_version="1",
)
'''
HOSTS = "select host, count(*) as n from events join referrers using (referrer) group by 1 order by 1"
STEPS = "select steps, count(*) as n from events group by 1 order by 1 nulls first"
MAPPING = """name = "walk"
[columns]
learner = "who"
steps = "steps"
[constants]
action = "page_view"
[time]
column = "time"
"""


def visits(folder: Path, host: str, count: int) -> Path:
    return export(folder, *(line(**{"from": f"https://{host}/{n}"}) for n in range(count)), name=f"{host}.json")


@pytest.fixture(scope="module")
def with_referrers(tmp_path_factory) -> ChangedPackage:
    """The lookup table is one new file, and its name in the list of all."""
    listed = {
        "from coursetrail.lookups.lookup import Lookup\n": "from coursetrail.lookups.referrers import REFERRERS\n",
        "= (AGENTS, LANGUAGES": ", REFERRERS",
    }
    folder = tmp_path_factory.mktemp("referrers")
    return ChangedPackage(folder, {"lookups/referrers.py": REFERRERS}, {"lookups/__init__.py": listed})


@pytest.fixture(scope="module")
def with_steps(tmp_path_factory) -> ChangedPackage:
    """The column is a whole number that only a mapping file fills."""
    column = '    EventColumn("steps", INT64, "steps walked", mapped=True),\n'
    folder = tmp_path_factory.mktemp("steps")
    return ChangedPackage(folder, insertions={"dataset/schema.py": {"EVENT_COLUMNS = (\n": column}})


def test_a_lookup_table_may_be_of_any_column(tmp_path, with_referrers):
    file = visits(tmp_path, "a.org", 3)
    told = with_referrers.run(
        f"ct.ingest({str(tmp_path / 'd')!r}, [{str(file)!r}])\n"
        f"print(ct.open({str(tmp_path / 'd')!r}).sql({HOSTS!r}).to_pylist())"
    )
    assert told == "[{'host': 'a.org', 'n': 3}]\n"


@pytest.mark.parametrize("what", ["another file", "the same file again"])
def test_a_lookup_table_that_is_new_is_filled_for_all_events_at_the_next_ingest(tmp_path, with_referrers, what):
    first, second = visits(tmp_path, "a.org", 3), visits(tmp_path, "b.org", 2)
    ct.ingest(tmp_path / "d", [first])
    file = second if what == "another file" else first
    told = with_referrers.run(
        f"ct.ingest({str(tmp_path / 'd')!r}, [{str(file)!r}])\n"
        f"print(ct.open({str(tmp_path / 'd')!r}).sql({HOSTS!r}).to_pylist())"
    )
    also = ", {'host': 'b.org', 'n': 2}" if what == "another file" else ""
    assert told == f"[{{'host': 'a.org', 'n': 3}}{also}]\n"


def test_a_lookup_table_has_its_key_first_and_its_parser_last():
    columns = {name: (pa.string(), "text") for name in ("referrer", "host")}
    with pytest.raises(ValueError, match="'parser' as last"):
        Lookup("referrers", "One.", "referrer", columns, lambda texts: pa.table({"referrer": texts}), "1")


def test_a_column_that_is_new_is_null_in_events_that_are_there_and_filled_in_those_that_come(tmp_path, with_steps):
    dataset = str(tmp_path / "d")
    ct.ingest(dataset, [visits(tmp_path, "a.org", 3)])
    table = export(
        tmp_path,
        b"who,time,steps\nann,2020-01-01 00:00:00,7\nbob,2020-01-01 00:00:00,7\ncem,2020-01-01 00:00:00,1.5\n",
        name="walk.csv",
    )
    (tmp_path / "walk.toml").write_text(MAPPING)
    show = f"print(ct.open({dataset!r}).sql({STEPS!r}).to_pylist())\n"
    assert with_steps.run(show) == "[{'steps': None, 'n': 3}]\n"
    walk = f"ct.ingest({dataset!r}, [{str(table)!r}], mapping={str(tmp_path / 'walk.toml')!r})\n"
    filled = "[{'steps': None, 'n': 4}, {'steps': 7, 'n': 2}]\n"  # 1.5 is no whole number: it stays in extra
    assert with_steps.run(walk + show) == filled
    assert with_steps.run(f"print(ct.open({dataset!r}).analyze('learners').table.num_rows)") == "4\n"
    old = f"print(ct.open({dataset!r}, as_of=0).sql({STEPS!r}).to_pylist())\n"
    assert with_steps.run(old) == "[{'steps': None, 'n': 3}]\n"
    compact = f"from coursetrail.dataset.maintenance import compact\ncompact(ct.open({dataset!r}).snapshot.location)\n"
    assert with_steps.run(compact + show) == filled
    assert ct.open(dataset).sql("select count(*) as n from events")["n"].to_pylist() == [6]
    assert ct.ingest(dataset, [visits(tmp_path, "b.org", 2)])[0].source.events == 2


def test_a_column_of_the_ledger_that_is_new_is_null_in_sources_that_are_there_and_filled_in_those_that_come(tmp_path):
    newer = ChangedPackage(
        tmp_path / "newer",
        insertions={
            "dataset/schema.py": {
                '        "bytes": (INT64, "its size on disk"),\n': '        "pages": (INT64, "pages"),\n'
            },
            "dataset/ledger.py": {"    bytes: int\n": "    pages: int | None\n"},
            "ingestion/one_file.py": {"        bytes=lines.size,\n": "        pages=7,\n"},
        },
    )
    dataset = str(tmp_path / "d")
    ct.ingest(dataset, [visits(tmp_path, "a.org", 3)])
    show = f"print([(row['events'], row['pages']) for row in ct.open({dataset!r}).sources.to_pylist()])\n"
    assert newer.run(show) == "[(3, None)]\n"
    again = f"print(ct.ingest({dataset!r}, [{str(visits(tmp_path, 'b.org', 2))!r}])[0].source.source)\n"
    assert newer.run(again + show) == "2\n[(3, None), (2, 7)]\n"
    pages = f"print(ct.open({dataset!r}).sql('select source, pages from sources order by 1').to_pylist())\n"
    assert newer.run(pages) == "[{'source': 1, 'pages': None}, {'source': 2, 'pages': 7}]\n"
    assert ct.open(dataset).sources["events"].to_pylist() == [3, 2]
    assert ct.ingest(dataset, [visits(tmp_path, "c.org", 1)])[0].source.events == 1


def test_counts_that_an_older_release_did_not_make_are_zero(tmp_path):
    """Its ledger lacks the columns: they are dropped here from the table that Delta Lake's library wrote."""
    ct.ingest(tmp_path / "d", [visits(tmp_path, "a.org", 3)])
    without_digests(tmp_path / "d")
    sources = tmp_path / "d" / "sources"
    table = DeltaTable(str(sources))
    rows = table.to_pyarrow_table().drop_columns(["header", "unfinished", "physical_lines", "warnings"])
    shutil.rmtree(sources)
    write_deltalake(str(sources), rows.schema.empty_table())
    write_deltalake(str(sources), rows, mode="append")  # version 1, as the manifest says
    (row,) = ct.open(tmp_path / "d").sources.to_pylist()
    assert (row["header"], row["unfinished"], row["physical_lines"], row["warnings"]) == (0, 0, None, None)
