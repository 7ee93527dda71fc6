"""Passwords, login tokens, links that act for a person and addresses of people are stored from no format."""

import json

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coursetrail as ct
from coursetrail.reading.secrets import SUSPECT, without_secrets, without_secrets_in_bytes, without_secrets_in_json
from support.coursera_rows import VIEW, pristine

SECRET = "Zq7xKwJvB9mT"
ADDRESSES = {
    f"https://class.coursera.org/psy-001/auth/login_receiver?data={SECRET}": "login_receiver?…",
    f"https://x.org/a?token={SECRET}&page=2": "a?token=…&page=2",
    f"https://x.org/a?page=2&user_password={SECRET}": "a?page=2&user_password=…",
    f"https://x.org/login/index.php?sesskey={SECRET}#top": "index.php?sesskey=…#top",
    f"https://x.org/cb?code={SECRET}&state={SECRET}": "cb?code=…&state=…",
    f"https://x.org/cb#access_token={SECRET}": "cb#access_token=…",
    f"https://x.org/file.mp4?X-Amz-Signature={SECRET}": "file.mp4?X-Amz-Signature=…",
    f"https://x.org/a?key={SECRET}": "a?key=…",
    f"https://x.org/a?q=eyJhbGciOiJIUzI1NiJ9.{SECRET}.{SECRET}": "a?q=…",
    f"https://x.org/password_reset_confirm/3x/4f-{SECRET}/": "password_reset_confirm/…",
    f"https://x.org/activate/{SECRET}": "activate/…",
    f"https://x.org/a?user={SECRET}@example.org": "a?user=…",
    f"https://x.org/a?user={SECRET}%40example.org": "a?user=…",
    f"https://ada:{SECRET}@x.org/a": "…@x.org/a",
    f"https://x.org/login?next=%2Factivate%2F{SECRET}": "login?next=/activate/…",
    f"https://x.org/login?next=%252Fa%253Ftoken%253D{SECRET}": "login?next=%252Fa%253Ftoken%253D…",
    f"https://x.org/a?%74oken={SECRET}": "a?token=…",
    f"https://x.org/a?n={SECRET * 5}": "a?n=…",
    f"https://x.org/a?pass={SECRET}&page=2": "a?pass=…&page=2",
    f"https://x.org/a?username=joe&pw={SECRET}": "a?username=joe&pw=…",
    f"https://x.org/a?user_pass={SECRET}": "a?user_pass=…",
    f"https://x.org/a?userPw2={SECRET}": "a?userPw2=…",
    f"https://x.org/a?user[pass]={SECRET}": "a?user[pass]=…",
    f"https://x.org/a?bearer={SECRET}": "a?bearer=…",
    f"https://x.org/a?xsrf={SECRET}": "a?xsrf=…",
    f"https://x.org/a?MoodleSession={SECRET}": "a?MoodleSession=…",
    f"https://x.org/a?session={SECRET}": "a?session=…",
    f"https://x.org/a?SigningKey={SECRET}": "a?SigningKey=…",
    f"https://x.org/a?activation_code={SECRET}": "a?activation_code=…",
    f"https://x.org/a?kennwort={SECRET}": "a?kennwort=…",
    f"https://x.org/a?mot_de_passe={SECRET}": "a?mot_de_passe=…",
    f"https://x.org/a?contrase%C3%B1a={SECRET}": "a?contrase%C3%B1a=…",
    f"https://x.org/a?contrasena={SECRET}": "a?contrasena=…",
    f"https://x.org/a?%E5%AF%86%E7%A0%81={SECRET}": "a?%E5%AF%86%E7%A0%81=…",
    f"https://x.org/a?TICKET%20={SECRET}": "a?TICKET =…",
    f"https://x.org/a?tok\u200ben={SECRET}": "a?token=…",
    f"https://x.org/a?tok%E2%80%8Ben={SECRET}": "a?token=…",
    f"https://x.org/a?\uff54oken={SECRET}": "a?token=…",
    f"https://x.org/a?token=a {SECRET} b&page=2": "a?token=…&page=2",
    f"https://x.org/a?token=a,{SECRET};b&page=2": "a?token=…&page=2",
    f"https://x.org/reset/{SECRET}/?page=2": "reset/…?page=2",
    f"https://x.org/reset/MQ/4f-{SECRET}": "reset/…",
    f"https://x.org/verify/{SECRET}": "verify/…",
    f"https://x.org/token/{SECRET}": "token/…",
    f"https://{SECRET}:pw@x.org/a": "https://…@x.org/a",
    f"https://x.org/a?q=ghp_{SECRET * 3}": "a?q=…",
}
CLEAN = (
    "https://class.coursera.org/psy-001/forum/thread?thread_id=1234&post_id=5#comment-2",
    "https://class.coursera.org/psy-001/quiz/attempt?quiz_id=31",
    "https://class.coursera.org/psy-001/auth/welcome?type=logout",
    "/courses/course-v1:Org+C1+2017/jump_to/block-v1:Org+C1+2017+type@video+block@0e71a74e67a4442599abb9f3069964a9",
    "/asset-v1:Org+C1+2017+type@asset+block@picture.png",
    "/password_reset/",
    "https://x.org/a?q=100%25%20sure",
    "/a?passed=1&compass=north&passenger=ada&keyboard=de&tokenizer=bpe&tokenization=x&secretary=ada&bypass=1",
    "/a?course_key=a&usage_key=b&barcode=c&monkey=d&estate=e&npw=f&pass=1&pass_rate=0.5&q=reset+a+password",
    "/a?session=2013-fall&course_session=psy-001&session=Spring2013&session=3&sessions=4&session_start=20130101T100000Z",
    "/lecture/reset/introduction-to-circuits-2",
    "/learn/nlp/lecture/a8Xk2/reset-tokens-and-secrets",
    "/lecture/token/week-10-tokens",
    "/courses/course-v1:Org+C1+2017/xblock/reset/",
    "/verify/course-v1:Org+C1+2017",
    "/login/index.php",
    "Basic concepts, Bearer Bonds: basic statistics.",
)
CLEAN_MEMBERS = (
    {"passed": "yes", "pass": True, "bypass": "lane", "compass": "north", "passenger": "ada", "keyboard": "de"},
    {"pass": "yes"},
    {"pass": 0.85},
    {"result": {"pass": "failed", "pass_rate": "half of all"}},
    {"tokenizer": "bpe", "token_count": 512, "secretary": "ada", "signature_track": "verified"},
    {"course_key": "a/b/c", "usage_key": "block-v1:Org+C1+2017", "key": "k", "code": "c", "state": "s", "hash": "h"},
    {"session": "2013-fall"},
    {"session": "psy-001", "course_session": "Spring2013"},
    {"session": 2013001, "session_start": "20130101T100000Z"},
    {"session": {"id": 5}},
    {"name": "Token economy", "value": "behaviour"},
    {"name": "week", "value": "password"},
    {"text": "You pass: see below. Tokens, secrets and passwords, all of them. The session: it begins on Monday"},
    {"title": "Basic concepts"},
)
MEMBERS = (
    {"token": SECRET},
    {"headers": {"Authorization": f"Bearer {SECRET}"}},
    {"headers": {"X-Forwarded-For": SECRET}},
    {"header": f"Cookie: a={SECRET}; b={SECRET}"},
    {"text": json.dumps({"deep": json.dumps({"user_password": f"a b, {SECRET}"})})},
    {"GET": {"csrfmiddlewaretoken": [SECRET]}},
    {"list": [{"apiKey": SECRET}, f"{SECRET}@example.org"]},
    {"to": f"https://x.org/a?token={SECRET}"},
    {f"{SECRET}@example.org": 1},
    {"form": f"a=1&password={SECRET}"},
    {"form": f"a=1&password=a {SECRET}"},
    {"fields": [{"name": "password", "value": SECRET}]},
    {"fields": [{"value": SECRET, "type": "text", "name": "user_pass"}]},
    {"session": SECRET},
    {"key file": f"-----BEGIN RSA PRIVATE KEY-----\nMII{SECRET}\n{SECRET}==\n-----END RSA PRIVATE KEY-----"},
    {"passwörd": SECRET},
    {"contraseña": SECRET},
    {"ПАРОЛЬ": SECRET},
    {"Password ": SECRET},
    {"New password (again)": SECRET},
    {"tok\u200ben": SECRET},
    {"pass": 12345678, "pw": SECRET},
    {"user": {"userPass": SECRET}},
)


@pytest.mark.parametrize(("address", "end"), ADDRESSES.items())
def test_an_address_loses_its_secret_and_nothing_else(address, end):
    found = without_secrets(address)
    assert SECRET not in found
    assert found.endswith(end)
    assert without_secrets(found) == found


@pytest.mark.parametrize("address", CLEAN)
def test_an_address_without_a_secret_is_unchanged(address):
    assert without_secrets(address) == address


@pytest.mark.parametrize("member", MEMBERS)
def test_a_secret_is_found_at_any_depth_of_json_and_in_what_is_left_of_it(member):
    line = json.dumps({"page": 3, **member})
    found = without_secrets_in_json(line)
    assert SECRET not in found
    assert json.loads(found)["page"] == 3
    assert SECRET not in without_secrets_in_bytes(line[:-1].encode() + b"\xff").decode(errors="replace")


def test_numbers_that_json_cannot_write_and_names_that_are_secrets_stay_what_they_are():
    assert without_secrets_in_json('{"a": 1e400, "token": "Zq7xKwJvB9mT"}') == '{"a": "1e400", "token": "…"}'
    assert without_secrets_in_json('{"a": NaN, "token": "Zq7xKwJvB9mT"}') == '{"a": "NaN", "token": "…"}'
    assert json.loads(without_secrets_in_json('{"a@x.org": 5, "b@x.org": 6}')) == {"…": 5, "…2": 6}


def test_a_user_name_in_an_address_is_removed_with_its_password_whatever_it_is():
    assert without_secrets("ftp://secret7:pw@x/") == "ftp://…@x/"


def test_members_that_are_called_like_parameters_stay():
    line = '{"key": "pageview", "code": "F4NSv776X0c", "state": {"a": 1}}'
    assert without_secrets_in_json(line) == line


@pytest.mark.parametrize("member", CLEAN_MEMBERS)
def test_names_that_only_resemble_those_of_secrets_stay_in_json_and_in_what_is_left_of_it(member):
    line = json.dumps(member)
    assert without_secrets_in_json(line) == line
    assert without_secrets_in_bytes(line[:-1].encode()) == line[:-1].encode()


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_in_a_line_that_cannot_be_read_loses_its_secret_and_the_line_goes_on(address):
    found = without_secrets_in_bytes(f'7,"{address}","2024-03-01 10:00",end'.encode()).decode()
    assert SECRET not in found
    assert found.startswith('7,"')
    assert found.endswith('","2024-03-01 10:00",end')


PIECES = (
    *(
        "?",
        "&",
        "=",
        ":",
        '"',
        '\\"',
        "/",
        "%20",
        "%3D",
        "%253D",
        "%2F",
        " ",
        "[",
        "]",
        ",",
        "\\u003d",
        "\\u00f6",
        "\u200b",
    ),
    *(
        "%E2%80%8B",
        "\uff54",
        "tok",
        "en",
        "token",
        "pass",
        "user_",
        "Pass",
        "pw",
        "mdp",
        "session",
        "reset/",
        "verify%2F",
    ),
    *('name":"', 'value":"', "code", "key", "A1b2C3d4e5", "@x.org", "//", "PRIVATE KEY-----", "-----BEGIN ", "bearer "),
    *("contraseña", "contrase\\u00f1a", "contrase%C3%B1a", "пароль", "losenord", "ss", "word", "auth", "cookie", "X-"),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=2, max_size=12).map("".join))
def test_every_text_that_would_be_cut_is_found_by_the_pattern_of_suspect_texts(text):
    suspect = pc.match_substring_regex(pa.array([text]), SUSPECT)[0].as_py()
    assert suspect or without_secrets(text) == text


def test_a_text_that_is_encoded_again_and_again_is_removed():
    text = "/a?token%3Dabc"
    for _ in range(20):
        text = text.replace("%", "%25")
    assert without_secrets(text) == "…"


def test_bytes_without_a_secret_are_unchanged():
    assert without_secrets_in_bytes(b'{"a": "\xff\x00') == b'{"a": "\xff\x00'


def legacy(number: int, address: str, member: dict) -> str:
    fields = {"key": "pageview", "username": f"u{number}", "timestamp": 1375249001234 + number}
    return json.dumps({**fields, "page_url": address, "from": address, "extra field": member})


def edx(number: int, address: str, member: dict) -> str:
    fields = {"username": f"u{number}", "event_source": "browser", "event_type": "page_close", "context": {}}
    time = f"2017-09-19T23:20:00.{number:06}+00:00"
    return json.dumps({**fields, "time": time, "page": address, "referer": address, "event": member})


def mapped(number: int, address: str, member: dict) -> str:
    return json.dumps({"u": f"u{number}", "t": 1375249001 + number, "to": address, "from": address, "more": member})


def coursera(number: int, address: str, member: dict) -> str:
    record = VIEW | {"hashed_user_id": f"u{number}", "url": address, "initial_referrer_url": address}
    return pristine(record | {"key": "pageview", "value": json.dumps(member)}).decode().rstrip("\n")


MAPPING = """name = "own"
[columns]
learner = "u"
url = "to"
referrer = "from"
[time]
column = "t"
unit = "s"
[constants]
action = "page_view"
"""


@pytest.mark.parametrize("write", [legacy, coursera, edx, mapped])
def test_no_column_of_any_format_holds_a_secret_and_the_ledger_counts_them(write, tmp_path):
    pairs = [(address, {}) for address in ADDRESSES] + [("https://x.org/", member) for member in MEMBERS]
    lines = [write(number, address, member) for number, (address, member) in enumerate(pairs)]
    lines = [line[:-1] + "," * 20 if write is coursera else line[:-1] for line in lines] + lines
    log = tmp_path / "export.json"
    log.write_text("\n".join(lines) + "\n")
    (tmp_path / "own.toml").write_text(MAPPING)
    given = {"mapping": tmp_path / "own.toml"} if write is mapped else {}
    ct.ingest(tmp_path / "d", [log], max_rejects="100%", **given)
    course = ct.open(tmp_path / "d")
    stored = repr(course.sql("select * from events").to_pylist()) + repr(course.sql("from rejects").to_pylist())
    assert SECRET not in stored
    source = course.sources.to_pylist()[0]
    assert (source["events"], source["rejected"]) == (len(pairs), len(pairs))
    counted = json.loads(source["mended"])
    assert counted["secret removed from url"] == len(ADDRESSES)
    assert counted["secret removed from referrer"] == len(ADDRESSES)
    assert counted["secret removed from extra"] >= len(MEMBERS)
