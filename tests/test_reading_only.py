"""A user's own SQL reads the dataset and nothing else, however deep in the statement something else stands."""

from pathlib import Path

import pytest

import coursetrail as ct
from coursetrail.engines import duckdb as module
from support.exports import export, lines

COPY = "copy (select 1 as a) to '{out}' (format parquet)"
WRITES = (
    COPY,
    "with x as (" + COPY + ") select * from x",
    "with x as (with y as (" + COPY + ") select * from y) select * from x",
    "select * from (with x as (" + COPY + ") select * from x)",
    "select (with x as (" + COPY + ") select a from x)",
    "select 1 union all (with x as (" + COPY + ") select a from x)",
    "with recursive t(n) as (select 1 union all (with x as (" + COPY + ") select a from x)) select * from t",
    "select * from events where exists (with x as (" + COPY + ") select * from x)",
    "with x as (insert into agents select * from agents) select 1",
    "with x as (delete from agents) select 1",
    "with x as (update agents set browser = 'x') select 1",
    "select 1; " + COPY,
    "explain analyze " + COPY,
    "create table x as select 1",
    "create or replace view events as select 1",
    "drop view events",
    "export database '{out}'",
    "attach '{out}' as o",
    "install httpfs",
    "load httpfs",
    "set memory_limit = '99GB'",
    "pragma database_list",
    "prepare x as select 1",
    "call pragma_version()",
    "vacuum",
    "checkpoint",
    "begin",
)
READS_ELSEWHERE = (
    "select * from read_csv('{secret}')",
    "select * from read_text('{secret}')",
    "select * from read_blob('{secret}')",
    "select * from read_parquet('{events}')",
    "select * from parquet_metadata('{events}')",
    "select * from parquet_scan('{events}')",
    "select * from glob('{folder}/*')",
    "select * from sniff_csv('{secret}')",
    "select * from '{secret}'",
    "select * from '{events}'",
    "select * from query('select 1')",
    "select * from query_table('agents')",
    "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "select * from duckdb_settings()",
    "select * from duckdb_secrets()",
    "select * from pragma_table_info('events')",
    "select * from sqlite_scan('{secret}', 'x')",
    "select getenv('HOME')",
    "select max(getenv('HOME')) over () from events",
    "select * from range(1, (select count(*) from read_csv('{secret}')))",
    "select * from local_variable",
    "select * from EVENTS_of_python",
)
ALLOWED = (
    "select count(*) as n from events",
    "describe events",
    "summarize agents",
    "from events",
    "values (1)",
    "with x as (select learner from events) select count(*) from x join events using (learner)",
    "with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) select * from t",
    "select * from range(10)",
    "select unnest([1, 2])",
    "select area, count(*) as n, sum(count(*)) over () as whole from events group by area order by all limit 3",
    "select * from events except select * from events",
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> ct.Dataset:
    folder = tmp_path_factory.mktemp("sql")
    ct.ingest(folder / "d", [export(folder, lines(5))])
    (folder / "secret.csv").write_text("a,b\n1,2\n")
    return ct.open(folder / "d")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("query", [*WRITES, *READS_ELSEWHERE])
def test_what_does_not_read_the_dataset_is_refused(opened, query):
    local_variable = opened.sources  # DuckDB would find it by its name
    folder = Path(opened.snapshot.location.path)
    before = contents(folder.parent)
    text = query.format(
        out=folder / "agents" / "x.parquet",
        secret=folder.parent / "secret.csv",
        events=opened.snapshot.files("events")[0],
        folder=folder,
    )
    with pytest.raises(ct.QueryError, match=r"that reads the dataset's tables|Permission Error|does not exist"):
        opened.sql(text)
    assert contents(folder.parent) == before
    assert local_variable.num_rows


@pytest.mark.parametrize(
    "expression",
    [
        "list_sum(range(3))",
        "[x for x in generate_series(1, 3)]",
        "repeat('x', 3)",
        "lpad('a', 9, 'x')",
        "printf('%9d', 1)",
    ],
)
def test_what_takes_memory_that_duckdb_does_not_count_is_refused(opened, expression):
    """`list_sum(range(300000000))` was answered with 2.8 GB, of 700 MB that are allowed."""
    with pytest.raises(ct.QueryError, match="is not allowed"):
        opened.sql(f"select {expression}")


@pytest.mark.parametrize("query", ALLOWED)
def test_what_reads_the_dataset_is_answered(opened, query):
    assert opened.sql(query).num_columns


def test_an_answer_that_does_not_fit_is_refused_while_it_comes(opened, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 1 << 20)
    with pytest.raises(ct.QueryError, match="end it with limit"):
        opened.sql("select * from range(400000000)")
    assert opened.sql("select count(*) as n from range(400000)")["n"].to_pylist() == [400_000]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("select " + "+".join("1" * 900), "nested too deeply"),
        ("select 1" + " union all select 1" * 20_000, "more than 100,000 characters"),
        ("update extensions", "no SQL"),
    ],
    ids=["deep", "long", "unknown statement"],
)
def test_a_query_that_would_take_forever_or_cannot_be_parsed_is_refused(opened, query, says):
    with pytest.raises(ct.QueryError, match=says):
        opened.sql(query)


def test_the_answer_has_the_order_of_the_query(opened):
    answer = opened.sql("select range as n from range(300000) order by n desc")["n"].to_pylist()
    assert answer == list(range(299_999, -1, -1))
