"""Passwords, login tokens, links that act for a person and addresses of people are stored from no format."""

import json

import pytest

import coursetrail as ct
from coursetrail.reading.secrets import without_secrets, without_secrets_in_bytes, without_secrets_in_json
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
}
CLEAN = (
    "https://class.coursera.org/psy-001/forum/thread?thread_id=1234&post_id=5#comment-2",
    "https://class.coursera.org/psy-001/quiz/attempt?quiz_id=31",
    "https://class.coursera.org/psy-001/auth/welcome?type=logout",
    "/courses/course-v1:Org+C1+2017/jump_to/block-v1:Org+C1+2017+type@video+block@0e71a74e67a4442599abb9f3069964a9",
    "/asset-v1:Org+C1+2017+type@asset+block@picture.png",
    "/password_reset/",
    "https://x.org/a?q=100%25%20sure",
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


def test_members_that_are_called_like_parameters_stay():
    line = '{"key": "pageview", "code": "F4NSv776X0c", "state": {"a": 1}}'
    assert without_secrets_in_json(line) == line


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
