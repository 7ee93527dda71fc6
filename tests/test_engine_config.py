"""Which engine is meant: the call, the surroundings, coursetrail.toml."""

from pathlib import Path

import pytest

import coursetrail as ct
from coursetrail.engines import config_file
from coursetrail.engines.config import EngineConfig, chosen
from coursetrail.engines.config_file import ConfigFile
from coursetrail.errors import UsageError
from support.commands import coursetrail
from support.exports import export, lines

SPARK = 'engine = "spark"\nmaster = "spark://a:7077"\n[conf]\n"spark.executor.memory" = "4g"\n"spark.x" = true\n'
IN_FILE = {"spark.executor.memory": "4g", "spark.x": "true"}


def choose(*call):
    file = Path("coursetrail.toml")
    return chosen(*call, ConfigFile(file, file.read_bytes()) if file.exists() else None)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("PYSPARK_GATEWAY_PORT", "COURSETRAIL_ENGINE", "COURSETRAIL_MASTER", "COURSETRAIL_REMOTE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_without_a_word_it_is_duckdb():
    assert choose(None, None, None, {}) == EngineConfig("duckdb")


def test_a_file_says_what_the_call_does_not(folder):
    (folder / "coursetrail.toml").write_text(SPARK)
    assert choose(None, None, None, {}) == EngineConfig("spark", "spark://a:7077", None, IN_FILE)
    assert choose("spark", "yarn", None, {}) == EngineConfig("spark", "yarn", None, IN_FILE)
    assert choose(None, None, "sc://b", {}) == EngineConfig("spark", None, "sc://b", IN_FILE)
    more = {"spark.x": "false"}
    assert choose(None, None, None, more) == EngineConfig("spark", "spark://a:7077", None, {**IN_FILE, **more})


def test_duckdb_by_name_has_none_of_sparks_settings(folder):
    (folder / "coursetrail.toml").write_text(SPARK)
    assert choose("duckdb", None, None, {}) == EngineConfig("duckdb")


def test_a_master_or_a_remote_means_spark(folder):
    assert choose(None, "local[2]", None, {}) == EngineConfig("spark", "local[2]")
    (folder / "coursetrail.toml").write_text('remote = "sc://b"\n')
    assert choose(None, None, None, {}) == EngineConfig("spark", None, "sc://b")


def test_a_program_that_spark_submit_runs_means_spark(monkeypatch):
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
    assert choose(None, None, None, {}) == EngineConfig("spark")
    assert choose("duckdb", None, None, {}) == EngineConfig("duckdb")


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
    assert choose(*call, {}) == expected


def test_a_contradiction_within_one_of_them_is_a_wrong_call(folder, monkeypatch):
    with pytest.raises(UsageError, match=r"^--master, --remote and --conf are Spark's"):
        choose("duckdb", "yarn", None, {})
    with pytest.raises(UsageError, match=r"^--master, --remote and --conf are Spark's"):
        choose("duckdb", None, None, {"spark.x": "1"})
    (folder / "coursetrail.toml").write_text('master = "yarn"\nremote = "sc://b"')
    with pytest.raises(UsageError, match=r"^coursetrail.toml: .*give one of them"):
        choose(None, None, None, {})
    monkeypatch.setenv("COURSETRAIL_ENGINE", "sparc")
    with pytest.raises(UsageError, match=r"^the environment: .*Did you mean 'spark'"):
        choose(None, None, None, {})


def test_a_setting_of_spark_needs_no_quotes(folder):
    (folder / "coursetrail.toml").write_text(
        'engine = "spark"\n[conf]\nspark.executor.memory = "4g"\nspark.x = true\n"spark.y".z = 2\n'
    )
    assert choose(None, None, None, {}).settings == {**IN_FILE, "spark.y.z": "2"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("engine = ", "is not valid TOML"),
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
        choose(None, None, None, {})
    assert "\n" not in str(caught.value)


# Which file


@pytest.fixture
def said():
    return []


def test_a_file_in_the_current_folder_is_used_only_once_it_is_trusted(folder, said):
    here = folder / "coursetrail.toml"
    here.write_text(SPARK)
    assert config_file.find(None, said.append) is None
    assert said == [
        f"{here} is not used: it may be someone else's. To use it from now on: coursetrail trust coursetrail.toml"
    ]
    config_file.trust(here)
    assert config_file.find(None, said.append) == (Path("coursetrail.toml"), SPARK.encode())
    here.write_text(f"{SPARK}# another content\n")
    assert config_file.find(None, said.append) is None
    assert len(said) == 2


def test_trust_is_for_one_file_and_not_for_a_copy_elsewhere(folder, said, monkeypatch):
    (folder / "coursetrail.toml").write_text(SPARK)
    config_file.trust(Path("coursetrail.toml"))
    (folder / "other").mkdir()
    (folder / "other" / "coursetrail.toml").write_text(SPARK)
    monkeypatch.chdir(folder / "other")
    assert config_file.find(None, said.append) is None
    assert len(said) == 1


def test_the_users_own_file_needs_no_trust_and_the_call_may_name_any(folder, said):
    own = folder / "config" / "coursetrail" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text(SPARK)
    assert config_file.find(None, said.append) == (own, SPARK.encode())
    (folder / "mine.toml").write_text(SPARK)
    assert config_file.find("mine.toml", said.append) == (Path("mine.toml"), SPARK.encode())
    with pytest.raises(UsageError, match="no such file"):
        config_file.find("absent.toml", said.append)
    assert said == []


def test_what_is_trusted_is_the_users_alone(folder):
    (folder / "coursetrail.toml").write_text(SPARK)
    config_file.trust(Path("coursetrail.toml"))
    kept = folder / "config" / "coursetrail"
    assert (kept.stat().st_mode & 0o777, (kept / "trusted").stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_received_file_runs_nothing_and_every_run_says_what_it_takes_from_a_file(folder):
    """Spark would start here, and fail: the address is none that answers."""
    ct.ingest(folder / "d", [export(folder, lines(2))])
    (folder / "coursetrail.toml").write_text('engine = "spark"\nremote = "sc://127.0.0.1:9"\n')
    ran = coursetrail("analyze", "d", "browsers", folder=folder)
    assert (ran.code, "is not used" in ran.told, "coursetrail trust" in ran.told) == (0, True, True)
    (folder / "mine.toml").write_text('engine = "duckdb"\n')
    assert coursetrail("analyze", "d", "browsers", "--config", "mine.toml", folder=folder).code == 0
    assert coursetrail("trust", folder=folder).code == 0
    ran = coursetrail("analyze", "d", "browsers", "--engine", "spark", "--remote", "sc://127.0.0.1:1", folder=folder)
    assert ran.told.count("is not used") == 0


def test_a_relative_folder_of_configuration_is_ignored(folder, said, monkeypatch):
    """It would be a folder beside a received export."""
    (folder / "planted" / "coursetrail").mkdir(parents=True)
    (folder / "planted" / "coursetrail" / "config.toml").write_text(SPARK)
    monkeypatch.setenv("XDG_CONFIG_HOME", "planted")
    monkeypatch.setenv("HOME", str(folder / "home"))
    assert config_file.find(None, said.append) is None


def test_a_choice_says_what_it_was_taken_from(folder, monkeypatch):
    assert choose(None, None, None, {}).said_by == ""
    assert choose("spark", None, None, {}).said_by == ""
    monkeypatch.setenv("COURSETRAIL_REMOTE", "sc://b:1")
    assert choose(None, None, None, {}).said_by == "the environment"
    assert choose("spark", None, None, {}).said_by == "the environment"
    (folder / "coursetrail.toml").write_text(SPARK)
    assert choose(None, None, None, {}).said_by == "the environment and coursetrail.toml"
    assert choose("duckdb", None, None, {}).said_by == ""
    ct.ingest(folder / "d", [export(folder, lines(2))])
    ran = coursetrail("analyze", "d", "browsers", folder=folder)
    assert "Engine: spark at sc://b:1, from the environment." in ran.told


@pytest.mark.parametrize(
    "text", ["a." * 40_000 + "b = 1", "a = " + "[" * 100_000, "a = " + "{b = " * 50_000, "#" * (1 << 21)]
)
def test_a_hostile_file_is_one_clear_line_at_once(folder, text):
    (folder / "deep.toml").write_text(text)
    ran = coursetrail("analyze", "d", "browsers", "--config", "deep.toml", folder=folder)
    assert (ran.code, len(ran.told.splitlines())) == (2, 1)
    assert "deep.toml" in ran.told
