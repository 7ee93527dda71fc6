"""Which engine is meant: the call, the surroundings, coursetrail.toml."""

import pytest

from coursetrail.engines.config import EngineConfig, chosen
from coursetrail.errors import UsageError

SPARK = 'engine = "spark"\nmaster = "spark://a:7077"\n[conf]\n"spark.executor.memory" = "4g"\n"spark.x" = true\n'
IN_FILE = {"spark.executor.memory": "4g", "spark.x": "true"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("PYSPARK_GATEWAY_PORT", "COURSETRAIL_ENGINE", "COURSETRAIL_MASTER", "COURSETRAIL_REMOTE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_without_a_word_it_is_duckdb():
    assert chosen(None, None, None, {}) == EngineConfig("duckdb")


def test_a_file_says_what_the_call_does_not(folder):
    (folder / "coursetrail.toml").write_text(SPARK)
    assert chosen(None, None, None, {}) == EngineConfig("spark", "spark://a:7077", None, IN_FILE)
    assert chosen("spark", "yarn", None, {}) == EngineConfig("spark", "yarn", None, IN_FILE)
    assert chosen(None, None, "sc://b", {}) == EngineConfig("spark", None, "sc://b", IN_FILE)
    more = {"spark.x": "false"}
    assert chosen(None, None, None, more) == EngineConfig("spark", "spark://a:7077", None, {**IN_FILE, **more})


def test_duckdb_by_name_has_none_of_sparks_settings(folder):
    (folder / "coursetrail.toml").write_text(SPARK)
    assert chosen("duckdb", None, None, {}) == EngineConfig("duckdb")


def test_a_master_or_a_remote_means_spark(folder):
    assert chosen(None, "local[2]", None, {}) == EngineConfig("spark", "local[2]")
    (folder / "coursetrail.toml").write_text('remote = "sc://b"\n')
    assert chosen(None, None, None, {}) == EngineConfig("spark", None, "sc://b")


def test_a_program_that_spark_submit_runs_means_spark(monkeypatch):
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
    assert chosen(None, None, None, {}) == EngineConfig("spark")
    assert chosen("duckdb", None, None, {}) == EngineConfig("duckdb")


@pytest.mark.parametrize(
    ("environment", "in_file", "call", "expected"),
    [
        ({"MASTER": "yarn"}, "", ("duckdb", None, None), EngineConfig("duckdb")),
        ({"MASTER": "yarn"}, "", (None, None, "sc://b"), EngineConfig("spark", None, "sc://b")),
        ({"MASTER": "yarn"}, "", (None, None, None), EngineConfig("spark", "yarn")),
        ({"MASTER": "yarn"}, 'engine = "duckdb"', (None, None, None), EngineConfig("spark", "yarn")),
        ({"MASTER": ""}, "", (None, None, None), EngineConfig("duckdb")),
        ({"ENGINE": "duckdb"}, SPARK, (None, None, None), EngineConfig("duckdb")),
        ({"ENGINE": "duckdb"}, SPARK, ("spark", None, None), EngineConfig("spark", "spark://a:7077", None, IN_FILE)),
        ({"REMOTE": "sc://b"}, SPARK, (None, None, None), EngineConfig("spark", None, "sc://b", IN_FILE)),
        ({}, 'engine = "duckdb"', (None, "yarn", None), EngineConfig("spark", "yarn")),
        ({}, '[conf]\n"spark.x" = true', (None, None, None), EngineConfig("duckdb")),
    ],
)
def test_the_call_wins_over_the_environment_and_that_over_the_file(
    folder, monkeypatch, environment, in_file, call, expected
):
    for name, value in environment.items():
        monkeypatch.setenv(f"COURSETRAIL_{name}", value)
    (folder / "coursetrail.toml").write_text(in_file)
    assert chosen(*call, {}) == expected


def test_a_contradiction_within_one_of_them_is_a_wrong_call(folder, monkeypatch):
    with pytest.raises(UsageError, match=r"^--master, --remote and --conf are Spark's"):
        chosen("duckdb", "yarn", None, {})
    with pytest.raises(UsageError, match=r"^--master, --remote and --conf are Spark's"):
        chosen("duckdb", None, None, {"spark.x": "1"})
    (folder / "coursetrail.toml").write_text('master = "yarn"\nremote = "sc://b"')
    with pytest.raises(UsageError, match=r"^coursetrail.toml: .*give one of them"):
        chosen(None, None, None, {})
    monkeypatch.setenv("COURSETRAIL_ENGINE", "sparc")
    with pytest.raises(UsageError, match=r"^The environment: .*Did you mean 'spark'"):
        chosen(None, None, None, {})


def test_a_setting_of_spark_needs_no_quotes(folder):
    (folder / "coursetrail.toml").write_text(
        'engine = "spark"\n[conf]\nspark.executor.memory = "4g"\nspark.x = true\n"spark.y".z = 2\n'
    )
    assert chosen(None, None, None, {}).settings == {**IN_FILE, "spark.y.z": "2"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("engine = ", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        ('engin = "spark"', "'engin' is no setting. Did you mean 'engine'"),
        ("engine = 3", "'engine' takes text"),
        ("conf = 3", "'conf' takes a table"),
        ("[conf]\nspark.jars = ['a']", "'spark.jars' takes text, a number"),
        ('engine = "sparc"', "Did you mean 'spark'"),
    ],
)
def test_a_file_that_is_wrong_is_one_clear_line(folder, text, told):
    (folder / "coursetrail.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError, match=told) as caught:
        chosen(None, None, None, {})
    assert "\n" not in str(caught.value)
