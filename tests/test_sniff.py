"""What sniff says of a file, and whether its draft can be used as it is."""

import gzip
import json
import tomllib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import coursetrail as ct
from coursetrail.cli.main import cli
from coursetrail.formats.mapping.draft import draft
from coursetrail.formats.mapping.profile import look
from coursetrail.formats.mapping.spec import parse
from coursetrail.ingestion.sniff import sniff
from support.simulated import Simulated

SIMPLE = (
    "userId;When;Event Type;Page URL;email;ip;note\n"
    "u1;24.12.2019 10:00;play;https://x.example/a;me@example.org;203.0.113.7;a, b\n"
    "u2;25.12.2019 11:00;frobnicate;https://x.example/b;you@example.org;203.0.113.8;NULL\n"
)


def drafted(text: str) -> dict[str, Any]:
    """The draft for a file that begins so, as TOML."""
    found = look([line.encode() + b"\n" for line in text.splitlines()])
    assert found is not None
    return tomllib.loads(draft(found, "mine"))


def test_a_draft_of_a_simple_table_can_be_ingested_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "Clicks 2019.csv").write_text(SIMPLE)
    found = sniff(tmp_path / "Clicks 2019.csv")
    assert found.draft is not None
    (tmp_path / "my.toml").write_text(found.draft)
    ct.ingest(tmp_path / "d", [tmp_path / "Clicks 2019.csv"], mapping=tmp_path / "my.toml")
    first, second = ct.open(tmp_path / "d").sql("select * from events order by line").to_pylist()
    assert first["platform"] == "clicks-2019"
    assert [first[name] for name in ("learner", "action", "url", "network")] == [
        "u1",
        "video_play",
        "https://x.example/a",
        "203.0.113.0/24",
    ]
    assert str(first["time"]) == "2019-12-24 10:00:00"
    assert second["action"] == "other"
    assert json.loads(second["extra"]) == {"Event Type": "frobnicate"}
    assert "example.org" not in str([first, second])


def test_what_it_says_shows_nobody(tmp_path: Path) -> None:
    (tmp_path / "clicks.csv").write_text(SIMPLE)
    text = sniff(tmp_path / "clicks.csv").describe()
    assert "no known format, but a table" in text
    assert "delimiter semicolon, names in the first line" in text
    assert "3: 2 events, 2019-12-24 10:00:00 to 2019-12-25 11:00:00 UTC" in text
    assert not [shown for shown in ("u1", "me@", "203.0", "x.example") if shown in text]
    assert "play" in text


def test_a_known_format_needs_no_draft(simulated: Simulated) -> None:
    found = sniff(simulated.export)
    assert (found.format, found.draft, found.container) == ("coursera-legacy", None, "gzip")
    assert found.events > 150
    assert found.first is not None
    username = (
        ct.open(simulated.course.snapshot.location).sql("select learner from events limit 1")["learner"][0].as_py()
    )
    assert username not in found.describe()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"actor":{"id":"u"},"ts":1577959200123,"verb":"viewed"}\n', {"column": "ts", "unit": "ms"}),
        ("7,1577959200,click\n8,1577959201,click\n", {"column": "column_2", "unit": "s"}),
        ("who,date\na,24/12/2019\nb,25/12/2019\n", {"column": "date", "format": "%d/%m/%Y"}),
        ("who,date\na,12/24/2019\nb,12/25/2019\n", {"column": "date", "format": "%m/%d/%Y"}),
        ("who\ttime\na\t2019-12-24T10:00:00Z\n", {"column": "time"}),
        ("who|at|x\na|2019-12-24 10:00:00|1\n", {"column": "at"}),
    ],
)
def test_the_time_is_found_by_its_values(text: str, wanted: dict[str, str]) -> None:
    assert drafted(text)["time"] == wanted


def test_columns_are_found_by_their_names_and_values() -> None:
    text = "code_module,id_student,id_site,date,sum_click\nAAA,28400,546652,-10,4\nAAA,28401,546652,2,1\n"
    made = drafted(text)
    assert made["columns"] == {
        "course": "code_module",
        "learner": "id_student",
        "item": "id_site",
        "weight": "sum_click",
    }
    assert made["duplicates"] == "keep"
    assert made["time"]["unit"] == "days"


FIRST, SECOND = "0e71a74e-67a4-4425-99ab-b9f3069964a9", "8272824F-9262-4319-884B-38C68A0585B4"


def statement(number: str, **fields: Any) -> str:
    actor = {"account": {"name": "u1"}}
    return (
        json.dumps({"id": number, "actor": actor, "timestamp": "2019-12-24T10:00:00Z", "verb": "played"} | fields)
        + "\n"
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (statement(FIRST) + statement(SECOND), "id"),  # xAPI
        (statement(f"urn:uuid:{FIRST}") + statement(f"urn:uuid:{SECOND}"), "id"),  # Caliper
        (f"event_id,who,at\n{FIRST},u,2020-01-01\n{SECOND},u,2020-01-02\n", "event_id"),
        (statement("17") + statement("18"), None),  # a number may be that of anything
        (statement(FIRST) * 3, None),  # the same on every line: not the id of an event, or not certainly
        (json.dumps({"actor": {"id": FIRST}, "timestamp": "2019-12-24T10:00:00Z", "verb": "played"}) + "\n", None),
        (f"uuid,at\n{FIRST},2020-01-01\n{SECOND},2020-01-02\n", None),  # the learner's, by its name
    ],
)
def test_a_draft_names_the_id_of_an_event_where_it_is_a_uuid_of_the_line(text: str, wanted: str | None) -> None:
    assert drafted(text).get("event_id") == wanted


def test_a_statement_that_was_sent_twice_is_one_event_with_the_draft_as_it_is(tmp_path: Path) -> None:
    again = statement(FIRST, stored="2019-12-24T10:00:05Z")
    text = statement(FIRST) + "".join(statement(FIRST[:-4] + str(n)) for n in range(1000, 1010)) + again
    (tmp_path / "statements.jsonl").write_text(text)
    (tmp_path / "mine.toml").write_text(sniff(tmp_path / "statements.jsonl").draft or "")
    ((outcome),) = ct.ingest(tmp_path / "d", [tmp_path / "statements.jsonl"], mapping=tmp_path / "mine.toml")
    assert (outcome.source.events, outcome.source.duplicates) == (11, 1)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PAR1\x15\x04\x15", "Parquet"),
        (b"[{}, {}]\n", "jq -c '.[]'"),
        (b"just words\nand more of them\n", "neither a table nor lines of JSON"),
        (b"\xff\xfeu\0s\0", "utf-16 by its byte order mark"),
    ],
)
def test_what_cannot_be_mapped_is_told_what_it_is(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "f").write_bytes(data)
    found = sniff(tmp_path / "f")
    assert said in found.describe()
    assert found.draft is None


def test_what_lies_in_an_archive_is_named_and_can_be_looked_at(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("logs/clicks.csv", SIMPLE)
    assert f"look at one: {tmp_path}/all.zip/logs/clicks.csv" in sniff(tmp_path / "all.zip").describe()
    assert sniff(tmp_path / "all.zip" / "logs" / "clicks.csv").events == 2
    with pytest.raises(ct.InputError, match="is a folder"):
        sniff(tmp_path)


def test_packed_files_are_looked_into(tmp_path: Path) -> None:
    for name, data in (
        ("gzip", gzip.compress(SIMPLE.encode())),
        ("zstd", pa.compress(SIMPLE.encode(), "zstd", asbytes=True)),
    ):
        (tmp_path / "clicks.csv").write_bytes(data)
        found = sniff(tmp_path / "clicks.csv")
        assert (found.container, found.events) == (name, 2)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300) | st.text('{}[]":,;\t\n\r\\01a-@.', max_size=200).map(str.encode))
def test_any_beginning_gives_no_draft_or_one_that_is_toml(data: bytes) -> None:
    found = look([line + b"\n" for line in data.split(b"\n")])
    if found is not None:
        text = draft(found, "mine")
        tomllib.loads(text)
        if '# column = "…"' not in text:
            parse(text, "my.toml")


def test_the_draft_goes_to_standard_output_and_talk_to_standard_error(tmp_path: Path) -> None:
    (tmp_path / "clicks.csv").write_text(SIMPLE)
    done = CliRunner().invoke(cli, ["sniff", str(tmp_path / "clicks.csv")], catch_exceptions=False)
    assert done.exit_code == 0
    assert tomllib.loads(done.stdout)["columns"]["learner"] == "userId"
    assert "container" in done.stderr
    (tmp_path / "other.csv").write_text("who,at\nx,2020-01-01\n")
    with pytest.raises(ct.UsageError, match="different mappings"):
        CliRunner().invoke(
            cli, ["sniff", str(tmp_path / "clicks.csv"), str(tmp_path / "other.csv")], catch_exceptions=False
        )


def test_what_is_packed_by_zstd_is_looked_into(tmp_path: Path) -> None:
    with pa.output_stream(str(tmp_path / "clicks.csv.zst"), compression="zstd") as out:
        out.write(b"user,time,action\n" + b"7,2020-01-01T00:00:00Z,play\n" * 3)
    found = sniff(tmp_path / "clicks.csv.zst")
    assert (found.container, found.events) == ("zstd", 3)


MOODLE = {
    "english": "Time,User full name,Affected user,Event context,Component,Event name,Description,Origin,IP address",
    "german": "Zeit,Vollständiger Name,Betroffene/r Nutzer/in,Ereigniskontext,Komponente,Ereignisname,Beschreibung,"
    "Herkunft,IP-Adresse",
    "spanish": "Hora,Nombre completo del usuario,Usuario afectado,Contexto del evento,Componente,Nombre evento,"
    "Descripción,Origen,Dirección IP",
    "french": "Heure,Nom complet de l'utilisateur,Utilisateur touché,Contexte de l'événement,Composant,"
    "Nom de l'événement,Description,Origine,Adresse IP",
}
MOODLE_ROW = (
    '"3/05/24, 14:07",Anna Müller,Marco Rossi,Course: Data,System,Course viewed,'
    "The user with id '12' viewed the course with id '5'.,web,203.0.113.9\n"
)


@pytest.mark.parametrize("language", MOODLE)
def test_no_draft_for_a_moodle_log_keeps_who_it_was(tmp_path: Path, language: str) -> None:
    header = MOODLE[language]
    (tmp_path / "log.csv").write_text(f"{header}\n{MOODLE_ROW * 2}")
    found = sniff(tmp_path / "log.csv")
    assert found.draft is not None
    names = header.split(",")
    made = tomllib.loads(found.draft)
    assert made["drop"] == [names[1], names[2], names[6]]
    assert made["columns"] == {"network": names[8]}
    assert made["duplicates"] == "keep"
    assert (made["time"]["column"], made["time"]["format"]) == (names[0], "%d/%m/%y, %H:%M")
    assert made["action"]["column"] == names[5]
    assert not [word for word in ("Anna", "Müller", "Marco", "'12'", "203.0") if word in found.describe() + found.draft]
    (tmp_path / "my.toml").write_text(found.draft)
    ct.ingest(tmp_path / "d", [tmp_path / "log.csv"], mapping=tmp_path / "my.toml")
    rows = ct.open(tmp_path / "d").sql("select * from events").to_pylist()
    assert [row["network"] for row in rows] == ["203.0.113.0/24"] * 2
    assert not [word for word in ("Anna", "Marco", "'12'", "203.0.113.9") if word in str(rows)]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Vorname", ["Anna", "Kurt"]),
        ("apellidos", ["García", "Pérez"]),
        ("姓名", ["王伟", "李娜"]),
        ("date_of_birth", ["1999-03-01", "2001-12-24"]),
        ("Geburtsdatum", ["01.03.1999", "24.12.2001"]),
        ("Matrikelnummer", ["1234567", "7654321"]),
        ("studentNumber", ["1234567", "7654321"]),
        ("ID number", ["A7", "A8"]),
        ("Telefon", ["0711 123456", "0711 654321"]),
        ("E-Mail-Adresse", ["none1", "none2"]),
        ("note", ["+49 711 1234567", "+49 711 7654321"]),
        ("note", ["ask me@example.org", "ask you@example.org"]),
        ("user", ["Anna Müller", "de Vries, Jan", "Marco De Rossi", "Ida Holm", "Bo Ek", "Al Day"]),
        ("password", ["hunter2", "swordfish"]),
        ("kennwort", ["hunter2", "swordfish"]),
        ("IBAN", ["DE89370400440532013000", "DE89370400440532013001"]),
        ("konto", ["DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 01"]),
        ("household_income", ["41000", "52000"]),
        ("twitter", ["@Anna", "@Kurt"]),
        ("contact", ["@Anna", "@Kurt"]),
        ("father", ["Anton", "Karl"]),
        ("母亲", ["王伟", "李娜"]),
        ("notes", ["call Anna", "ask Kurt"]),
        ("Kommentar", ["fragt Anna", "fragt Kurt"]),
        ("message_text", ["hello anna", "hello kurt"]),
        ("login", ["anna7", "kurt8"]),
        ("Benutzername", ["anna7", "kurt8"]),
        ("user_ref", ["anna7", "kurt8"]),
        ("lat", ["48.1371", "52.5163"]),
        ("Longitude", ["11.5754", "13.3777"]),
        ("where", ["48.1371, 11.5754", "52.5163, 13.3777"]),
        ("deviceId", ["a0f1e2", "b0f1e2"]),
        ("adapter", ["00:11:22:33:44:5a", "00:11:22:33:44:5b"]),
        ("gender", ["fem", "masc"]),
        ("Geschlecht", ["weibl", "maennl"]),
        ("religion", ["buddhist", "hindu"]),
        ("Behinderung", ["hoert schlecht", "sieht schlecht"]),
        ("ethnicity", ["sorbian", "frisian"]),
        ("nacionalidad", ["chilena", "peruano"]),
        ("age_band", ["0-35", "55<="]),
        ("display", ["Anna Müller", "Kurt Ek"]),
        ("c", ["Anna Müller", "Kurt Ek"]),
        ("c", ["Anna Müller", "kurt"]),
        ("title", ["from 203.0.113.7 at noon", "from 203.0.113.8 at noon"]),
    ],
)
def test_a_draft_drops_personal_data_and_no_value_of_it_is_shown(tmp_path: Path, name: str, values: list[str]) -> None:
    rows = "".join(f"2024-03-01T10:00:0{number}Z|{value}|play\n" for number, value in enumerate(values))
    (tmp_path / "f.csv").write_text(f"when|{name}|what\n{rows}")
    found = sniff(tmp_path / "f.csv")
    assert found.draft is not None
    assert tomllib.loads(found.draft)["drop"] == [name]
    assert not [value for value in values if value in found.draft + found.describe()]


def test_addresses_go_to_the_network_and_nowhere_else() -> None:
    text = 'at,client,proxy\n2024-03-01,203.0.113.9:5000,"203.0.113.9, 10.0.0.1"\n2024-03-02,2001:db8::7,10.0.0.1\n'
    made = drafted(text)
    assert (made["columns"]["network"], made["drop"]) == ("client", ["proxy"])
    assert "learner" not in made["columns"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("lecture_title", ["Machine Learning", "Data Science"]),
        ("Component", ["Overview Report", "Open Forum"]),
        ("browser", ["Google Chrome", "Mobile Safari"]),
        ("user_role", ["staff", "student"]),
        ("comments", ["12", "0"]),
        ("parent_id", ["a7", "a8"]),
        ("orientation", ["landscape", "portrait"]),
        ("message_id", ["a7", "a8"]),
        ("pass_rate", ["0.5", "0.7"]),
        ("message_count", ["5", "7"]),
        ("Herkunft", ["web", "cli"]),
    ],
)
def test_a_column_about_things_is_shown_and_not_dropped(tmp_path: Path, name: str, values: list[str]) -> None:
    rows = "".join(f"2024-03-01T10:00:0{number}Z|{value}|play\n" for number, value in enumerate(values))
    (tmp_path / "f.csv").write_text(f"when|{name}|action\n{rows}")
    found = sniff(tmp_path / "f.csv")
    assert found.draft is not None
    assert "drop" not in tomllib.loads(found.draft)
    assert values[0] in found.describe()


def test_what_is_shown_by_its_shape_only_is_dropped_or_named_in_the_draft(tmp_path: Path) -> None:
    names = "uid,account,at,event,who,url,title,remark,user_name,display,score,lng"
    row = "u{0},anna{0},2024-03-01T10:00:0{0}Z,play,Anna Müller,https://x.org/{0},Data Science,ok,anna,Anna Ek,7,1.2\n"
    (tmp_path / "f.csv").write_text(f"{names}\n{row.format(1)}{row.format(2)}")
    found = sniff(tmp_path / "f.csv")
    assert found.draft is not None
    made = tomllib.loads(found.draft)
    shown = dict(line.split()[:2] for line in found.describe().splitlines() if line.startswith("    "))
    first = dict(zip(names.split(","), row.format(1).strip().split(","), strict=True))
    by_shape = {name for name in shown if not any(first[name] in line for line in found.describe().splitlines())}
    assert by_shape == {"uid", "account", "who", "url", "remark", "user_name", "display", "lng"}
    assert by_shape == {*made["drop"], made["columns"]["learner"], made["columns"]["url"]}


def test_columns_of_titles_and_keys_are_not_taken_for_people() -> None:
    text = "user_id,course_name,Event name,at\n7,Data Science,Course Viewed,2024-03-01T10:00:00Z\n"
    made = drafted(text)
    assert "drop" not in made
    assert (made["columns"]["learner"], made["columns"]["course"]) == ("user_id", "course_name")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("01/03/2024 02:07:08 PM", "%d/%m/%Y %I:%M:%S %p"),
        ("03/05/24, 14:07", "%d/%m/%y, %H:%M"),
        ("5 March 2024, 2:07 PM", "%d %B %Y, %I:%M %p"),
        ("01/Mar/2024:10:00:00 +0100", "%d/%b/%Y:%H:%M:%S %z"),
        ("Fri, 01 Mar 2024 10:00:00 GMT", "%a, %d %b %Y %H:%M:%S %Z"),
        ("Fri Mar 01 2024 10:00:00 GMT+0800 (China Standard Time)", "%a %b %d %Y %H:%M:%S %Z%z"),
        ("Fri Mar  1 10:00:00 2024", "%a %b %d %H:%M:%S %Y"),
    ],
)
def test_every_form_of_time_that_is_read_is_proposed(text: str, form: str) -> None:
    assert drafted(f"who|when\na|{text}\n")["time"] == {"column": "when", "format": form}


def test_of_thousands_of_columns_the_first_are_shown_and_the_limit_is_named(tmp_path: Path) -> None:
    wide = "\n".join("|".join(f"{cell}{number}" for number in range(2_000)) for cell in ("name", "v"))
    (tmp_path / "wide.csv").write_text(f"{wide}\n")
    found = sniff(tmp_path / "wide.csv")
    assert "and 1,800 more" in found.describe()
    assert found.draft is not None
    assert "2,000 columns; a table may have 64" in found.draft
