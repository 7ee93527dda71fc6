import json
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

import coursetrail as ct
from coursetrail.lookups import agents, detector, shortcut
from coursetrail.lookups.agents import AGENTS, PARSER, parse_agents
from coursetrail.lookups.literals import BOUNDARY, OUTSIDE_ASCII, SAME_IN_ANY_CASE, alternatives, without
from coursetrail.lookups.rules import Rules
from support.commands import coursetrail
from support.exports import export, line

DATA = Path(__file__).parents[2] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"no reference data at {DATA}")

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = f"Mozilla/5.0 (Windows NT 6.1; WOW64) {WEBKIT} Chrome/28.0.1500.95 Safari/537.36"
CHROMEBOOK = f"Mozilla/5.0 (X11; CrOS {{}} 4319.96.0) {WEBKIT} Chrome/28.0.1500.95 Safari/537.36"
ANDROID = f"Mozilla/5.0 (Linux; Android {{}}) {WEBKIT} Chrome/120.0.0.0 Mobile Safari/537.36"
MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X {{}}) {WEBKIT} Version/{{}} Safari/605.1.15"


def parsed(text):
    return parse_agents([text]).to_pylist()[0]


def real_strings():
    folder = DATA / "agents"
    found = [json.loads(line)["ua"] for line in (folder / "labelled.jsonl").read_text().splitlines()]
    for table in sorted(folder.glob("frequencies_*.tsv")):
        found += [line.split("\t", 1)[1] for line in table.read_text().splitlines()[1:]]
    return list(dict.fromkeys(found))


def answer(found):
    client, system = found.all_details.get("client") or {}, found.all_details.get("os") or {}
    device, bot = found.all_details.get("device") or {}, found.all_details.get("bot") or {}
    return (
        *(client.get(name) for name in ("name", "version", "type")),
        *(system.get(name) for name in ("name", "version", "family")),
        *(device.get(name) for name in ("type", "brand", "model")),
        found.device_brand(),
        bot,
        found.is_worthless(),
    )


# --- the shortcut gives the parser's own answers ---


@needs_data
def test_every_real_string_is_answered_as_plain_device_detector_answers_it():
    shortcut = detector.detector_class()
    assert shortcut is not detector.uncached
    different = [
        text for text in real_strings() if answer(shortcut(text).parse()) != answer(detector.uncached(text).parse())
    ]
    assert different == []


@needs_data
def test_mutilated_real_strings_are_answered_as_plain_device_detector_answers_them():
    shortcut, chance, strings = detector.detector_class(), random.Random(7), real_strings()

    def mutilated(text):
        a, b = sorted(chance.sample(range(len(text) + 1), 2))
        other = chance.choice(strings)
        return chance.choice(
            [
                text[a:],
                text[:b],
                text[:a] + text[b:],
                text[:a] + other[a:],
                text.upper(),
                text.replace(" ", "_"),
            ]
        )

    different = [
        text
        for text in map(mutilated, chance.sample(strings, 150))
        if answer(shortcut(text).parse()) != answer(detector.uncached(text).parse())
    ]
    assert different == []


@pytest.mark.parametrize(
    "text",
    [
        "\u017fafari \u212aindle İPad (iPad; CPU OS 6_1 like Mac OS X) Mobile/10B329 \u017fafari/8536.25",
        "Podcast\u2019ler/3.1",
        "Подкасти/1.2",
        "붉은별 Mozilla/5.0 (X11; Linux i686; rv:3.5) Firefox/3.5",
        "Mozilla/5.0 (Linux; U; Android 4.1.2; 小米 MI 2 Build/JZO54K) Version/4.0 Mobile Safari/534.30",
        "sprd-Galaxy-S4/1.0 Linux/2.6.35.7 Android/4.2.2 Release/10.14.2013 Mobile",
        "Mozilla/5.0 (Linux; Android 4.4; MZ-MX3 Build/KTU84P) Chrome/30.0.0.0 Mobile Safari/537.36",
        "Mozilla%2F5.0%20(Windows%20NT%206.1;%20rv:25.0)%20Gecko/20100101%20Firefox/25.0",
    ],
)
def test_letters_outside_ascii_and_odd_prefixes_change_no_answer(text):
    assert answer(detector.detector_class()(text).parse()) == answer(detector.uncached(text).parse())


@needs_data
def test_crawler_patterns_are_found_as_if_each_had_been_tried():
    patterns = [re.compile(entry["pattern"]) for entry in detector.CRAWLER_USER_AGENTS_DATA]
    instances = [text for entry in detector.CRAWLER_USER_AGENTS_DATA for text in entry["instances"][:1]]
    for text in instances + real_strings()[::10]:
        assert detector.is_crawler(text) == any(pattern.search(text) for pattern in patterns), text


def test_an_unexpected_library_is_read_the_plain_way_and_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "coursetrail.lookups.shortcut", None)
    detector.detector_class.cache_clear()
    try:
        with pytest.warns(UserWarning, match="parsed slowly"):
            assert detector.detector_class() is detector.uncached
        assert parsed(WINDOWS)["browser"] == "Chrome"
    finally:
        detector.detector_class.cache_clear()


def test_a_string_on_which_the_shortcut_fails_is_read_the_plain_way(monkeypatch):
    def broken(_):
        raise KeyError

    monkeypatch.setattr(detector, "detector_class", lambda: broken)
    assert parsed(WINDOWS)["browser"] == "Chrome"


# --- literals: every text that a pattern matches holds one of them ---

PATTERNS = [
    r"abc",
    r"abc|def",
    r"(?:abc|def)ghi",
    r"(?:abc|d?)ghi",
    r"colou?r",
    r"ab*c",
    r"ab+c",
    r"ab{0,2}c",
    r"ab{2}c",
    r"ab{2,}c",
    r"(?:ab)?cd",
    r"(?:ab){0}cd",
    r"(?:ab|cd)+e",
    r"[Ss]afari",
    r"[a-c]d[0-9]e",
    r"[^a]bc",
    r"a[]b]c",
    r"a[b\]]c",
    r"a\.b\(c",
    r"\d+abc\w",
    r"a(?=b)bc",
    r"a(?!c)b",
    r"(?<=a)b|(?<!a)cd",
    r"^abc$|^d",
    r"(a|b)(c|d)(e|f)(g|h)(a|b)xyz",
    r"(?P<name>ab|cd)e",
    r"kiss|sİ",
    r"é?abc|日本",
    r"a{b}c",
    r"abc{,2}",
    r"(?i:ab)c",
    r"(?>ab|a)c",
    r"a++b|c*?d",
    r"\p{Lu}x",
    r"",
    r"a||b",
    r".+abc.*def",
    r"ab(?:[);/ ]|$)",
    BOUNDARY + r"abc|(?:d|e)f|^gh(?:[);/ ]|$))",
    BOUNDARY + r" a|_b|mz-c|m|s?d)",
]
LETTERS = "abcdefghixyz SsKkIİ\u0131\u017f\u212aÉé日本0129/_-.;()[]{}|^$mzprd\n"


def held(text, alternative):
    folded = text.translate(SAME_IN_ANY_CASE).lower() + ("" if text.isascii() else OUTSIDE_ASCII)
    return not alternative.literals or any(literal in folded for literal, _ in alternative.literals)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_text_without_the_literals_is_never_matched(pattern):
    found, whole, chance = alternatives(pattern), regex.compile(pattern, regex.I), random.Random(3)
    rules = Rules([pattern], lambda _, left: regex.compile(left, regex.I))
    for _ in range(3000):
        text = "".join(chance.choices(LETTERS, k=chance.randint(0, 9)))
        expected = whole.search(text)
        if expected:
            assert any(held(text, alternative) for alternative in found), text
        matches = [match for rule in rules.possible(text) if (match := rule.search(text))]
        assert [(m.span(), m.groups()) for m in matches] == (
            [(expected.span(), expected.groups())] if expected else []
        ), text


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        ("Googlebot", {"googlebot"}),
        ("foo|bar", {"foo", "bar"}),
        ("(?:LG|GT)-I9", {"lg-i9", "gt-i9"}),
        ("SM-[GN]900", {"sm-g900", "sm-n900"}),
        (r"Epiphany/(\d+) x", {"epiphany/"}),
        (r"\d+[a-z]*", set()),
        ("(?:abc)?", set()),
        ("colou?r", {"color", "colour"}),
        ("日本", {OUTSIDE_ASCII}),
    ],
)
def test_the_literals_are_those_that_a_reader_would_name(pattern, literals):
    assert {text for alternative in alternatives(pattern) for text, _ in alternative.literals} == literals


def test_cutting_alternatives_out_leaves_the_groups_their_numbers():
    pattern = "(a)b|(c)(d)|(e)f"
    left = regex.compile(without(pattern, alternatives(pattern), [2]))
    assert left.search("abcdef").groups() == (None, None, None, "e")
    assert left.search("cd") is None


def test_no_other_character_matches_an_ascii_letter_when_case_is_ignored():
    letters = regex.compile("[a-z0-9]", regex.I)
    others = {chr(code) for code in range(128, 0x11000) if letters.fullmatch(chr(code))}
    assert others <= set(map(chr, SAME_IN_ANY_CASE))


# --- one row per string ---


def test_rows_come_in_order_with_the_declared_columns_and_untouched_keys():
    texts = [" Foo/1.0 ", WINDOWS, "", "x\ty"]
    table = parse_agents([*texts, WINDOWS])
    assert table.schema == AGENTS.schema
    assert table["user_agent"].to_pylist() == texts
    assert set(table["parser"].to_pylist()) == {PARSER}


def test_no_strings_give_an_empty_table():
    assert parse_agents([]).equals(AGENTS.schema.empty_table())


def test_progress_adds_up_to_the_number_of_strings():
    steps = []
    parse_agents(["a", "b", "c"], advance=steps.append)
    assert sum(steps) == 3


def test_the_parser_column_names_every_version_that_shapes_an_answer():
    assert re.fullmatch(r"device-detector \S+ \+ crawler-user-agents \S+ \+ coursetrail \d+", PARSER)


def test_importing_the_lookup_does_not_load_the_rules():
    code = "import sys, coursetrail.lookups.agents; sys.exit('device_detector' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@settings(deadline=None, max_examples=150)
@given(st.lists(st.text(st.characters(), max_size=80), max_size=4))
def test_any_text_gives_one_row_per_string_and_never_raises(texts):
    keys = list(dict.fromkeys(agents.valid_unicode(text) for text in texts))
    table = parse_agents(texts)
    assert table["user_agent"].to_pylist() == keys
    assert set(table["status"].to_pylist()) <= {"ok", "missing", "reduced", "unknown"}


@settings(deadline=None, max_examples=150)
@given(st.text(st.sampled_from('Mozila/5.0 (;Android)\ud800\udc00\x00\x1f\x85İ\u017f日_-{}=[]"'), max_size=600))
def test_surrogates_and_control_characters_never_raise(text):
    assert len(parse_agents([text])) == 1


# --- hostile strings ---

BRAND_8848 = "Mozilla/5.0 (Linux; Android 7.1.2; 8848 M4) AppleWebKit/537.36 Chrome/60.0 Mobile Safari/537.36"


def test_a_brand_that_is_a_number_in_the_rules_is_text():
    row = parsed(BRAND_8848)
    assert (row["brand"], row["system"], row["device"], row["status"]) == ("8848", "Android", "smartphone", "ok")


@pytest.mark.parametrize(
    ("value", "text"),
    [(8848, "8848"), (4.5, "4.5"), (0, "0"), ("Sony", "Sony"), ("", None), (None, None), (True, None), ([], None)],
)
def test_a_value_of_the_rules_is_text_or_nothing(value, text):
    assert detector.words(value) == text


@pytest.mark.parametrize("field", ["browser", "browser_version", "system", "system_version", "device", "brand"])
@pytest.mark.parametrize("value", [8848, True, ["Sony"], {}, b"Sony", object()])
def test_a_value_of_a_wrong_type_makes_one_row_unknown_and_stops_nothing(monkeypatch, field, value):
    good = detector.find(WINDOWS)
    bad = replace(good, **{field: value})
    monkeypatch.setattr(detector, "find", lambda text: bad if text == "odd" else good)
    odd, plain = parse_agents(["odd", WINDOWS]).to_pylist()
    assert (odd["browser"], odd["device"], odd["is_bot"]) == (None, None, False)
    assert (odd["status"], plain["status"]) == ("error", "ok")


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ([], ""),
        (["odd"], "1 user agent could not be read and counts as unknown.\n"),
        (["odd", "odder"], "2 user agents could not be read and count as unknown.\n"),
    ],
)
def test_status_says_how_many_user_agents_could_not_be_read(tmp_path, monkeypatch, odd, said):
    good = detector.find(WINDOWS)
    monkeypatch.setattr(detector, "find", lambda text: None if text in odd else good)
    agents = ["odd", "odder", "odd", WINDOWS]
    ct.ingest(tmp_path / "d", [export(tmp_path, *(line(n=n, user_agent=text) for n, text in enumerate(agents)))])
    ledger = "4 lines = 4 events + 0 duplicates + 0 rejected + 0 blank\n"
    assert coursetrail("status", tmp_path / "d").out.decode().endswith(ledger + said)


@pytest.mark.parametrize("answer", [None, "text", 3])
def test_an_answer_that_is_not_one_makes_the_row_unknown(monkeypatch, answer):
    monkeypatch.setattr(detector, "find", lambda text: answer)
    assert parsed(WINDOWS)["status"] == "error"


def built(recipe):
    if "value" in recipe:
        return recipe["value"]
    return recipe.get("prefix", "") + recipe["unit"] * recipe["n"] + recipe.get("suffix", "")


@needs_data
def test_hostile_strings_give_a_plain_row():
    cases = json.loads((DATA / "agents" / "hostile.json").read_text())["cases"]
    assert cases
    for case in cases:
        text = built(case)
        row = parsed(text)
        assert row["status"] in {"ok", "missing", "unknown"}, case["id"]
        assert row["user_agent"] == agents.valid_unicode(text), case["id"]
        assert len(agents.clean(text)) <= agents.LONGEST, case["id"]
        said = (row["browser"], row["browser_version"], row["system"], row["system_version"], row["brand"])
        assert all(len(value or "") <= 60 for value in said), case["id"]


@pytest.mark.parametrize("text", ["", "   ", "-", " - ", "\x00", None])
def test_missing_strings_are_missing(text):
    row = parsed(text)
    assert row["status"] == "missing"
    assert row["browser"] is row["system"] is row["device"] is row["bot_source"] is None
    assert row["is_bot"] is False


def test_surrogate_pairs_are_joined_and_lone_ones_replaced_in_the_key():
    table = parse_agents(["a\ud83d\ude00", "b\ud800", "b\udfff"])
    assert table["user_agent"].to_pylist() == ["a\U0001f600", "b\ufffd"]


def test_control_characters_do_not_hide_a_browser():
    text = "\x00Mozilla/5.0 (Windows NT 6.1; rv:25.0) Ge\x07cko/20100101 Fire\x00fox/25.0\n"
    assert parsed(text)["browser"] == "Firefox"


def test_only_the_first_512_characters_are_read():
    assert parsed(" " + "x; " * 200 + "Googlebot/2.1")["is_bot"] is False


def test_a_parser_that_raises_costs_one_string_its_answer(monkeypatch):
    find = detector.find

    def stumbling(text):
        if "bad" in text:
            raise RecursionError
        return find(text)

    monkeypatch.setattr(detector, "find", stumbling)
    rows = parse_agents(["bad", WINDOWS]).to_pylist()
    assert [row["status"] for row in rows] == ["error", "ok"]
    assert rows[0]["browser"] is None


# --- mistakes of the parser that are corrected ---


@pytest.mark.parametrize("processor", ["x86_64", "i686", "armv7l", "aarch64"])
def test_every_chromebook_is_a_desktop(processor):
    row = parsed(CHROMEBOOK.format(processor))
    assert (row["device"], row["system"], row["browser"]) == ("desktop", "Chrome OS", "Chrome")


def test_chrome_on_linux_is_a_desktop():
    row = parsed(f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/28.0.1500.95 Safari/537.36")
    assert (row["device"], row["system"], row["browser"]) == ("desktop", "GNU/Linux", "Chrome")


def test_linux_is_a_desktop_unless_it_is_mobile():
    assert parsed("Mozilla/5.0 (X11; Linux i686; rv:20.0) Gecko/20100101 Firefox/20.0")["device"] == "desktop"
    mobile = f"Mozilla/5.0 (X11; Linux armv7l) {WEBKIT} Chrome/28.0 Mobile Safari/537.36"
    assert parsed(mobile)["device"] != "desktop"


def test_an_ipod_is_a_portable_media_player():
    row = parsed(
        "Mozilla/5.0 (iPod; CPU iPhone OS 6_1_3 like Mac OS X) AppleWebKit/536.26 (KHTML, like Gecko) "
        "Version/6.0 Mobile/10B329 Safari/8536.25"
    )
    assert (row["device"], row["brand"], row["browser"]) == (
        "portable media player",
        "Apple",
        "Mobile Safari",
    )


@pytest.mark.parametrize(
    "text", ["Foo/1.0", "FooMail/3.2", "my secret name", "FooUpdate/1.2", "Foo/1.0 com.adobe.bar/"]
)
def test_free_text_does_not_become_a_browser(text):
    row = parsed(text)
    assert row["browser"] in ("other", None)
    assert row["status"] == "unknown"


def test_a_browser_that_only_free_text_names_keeps_its_name_if_we_know_it():
    row = parsed("Mozilla/3.0 (DreamPassport/2.1)")
    assert (row["browser"], row["browser_version"]) == ("DreamPassport", "2.1")


@pytest.mark.parametrize(
    ("text", "version", "status"),
    [
        (WINDOWS.replace("6.1", "10.0").replace("28.", "120."), None, "reduced"),
        (WINDOWS.replace("6.1", "10.0").replace("28.", "60."), "10", "ok"),
        (WINDOWS, "7", "ok"),
        (ANDROID.format("10; K"), None, "reduced"),
        (ANDROID.format("10; SM-G973F"), "10", "ok"),
        (MAC.format("10_15_7", "17.4"), None, "reduced"),
        (MAC.format("10_8_4", "6.0.5"), "10.8.4", "ok"),
    ],
)
def test_a_version_that_browsers_send_regardless_of_the_real_one_is_not_believed(text, version, status):
    row = parsed(text)
    assert (row["system_version"], row["status"]) == (version, status)
    assert row["system"] is not None


# --- the devices of 2013 ---


@pytest.mark.parametrize(
    ("text", "browser", "system", "device", "brand"),
    [
        (WINDOWS, "Chrome", "Windows", "desktop", None),
        (
            (
                "Mozilla/5.0 (iPad; CPU OS 6_1_3 like Mac OS X) AppleWebKit/536.26 (KHTML, like Gecko) "
                "CriOS/28.0.1500.16 Mobile/10B329 Safari/8536.25"
            ),
            "Chrome Mobile iOS",
            "iOS",
            "tablet",
            "Apple",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 6_1_4 like Mac OS X) "
                "AppleWebKit/536.26 (KHTML, like Gecko) "
                "Version/6.0 Mobile/10B350 Safari/8536.25"
            ),
            "Mobile Safari",
            "iOS",
            "smartphone",
            "Apple",
        ),
        (
            (
                "Mozilla/5.0 (Linux; U; Android 4.1.2; en-us; GT-I9300 Build/JZO54K) AppleWebKit/534.30 "
                "(KHTML, like Gecko) Version/4.0 Mobile Safari/534.30"
            ),
            "Android Browser",
            "Android",
            "smartphone",
            "Samsung",
        ),
        (
            (
                "Mozilla/5.0 (Linux; U; Android 4.1.2; en-us; GT-N7100 Build/JZO54K) AppleWebKit/534.30 "
                "(KHTML, like Gecko) Version/4.0 Mobile Safari/534.30"
            ),
            "Android Browser",
            "Android",
            "phablet",
            "Samsung",
        ),
        (
            (
                "Mozilla/5.0 (Linux; U; Android 4.0.3; en-us; KFTT Build/IML74K) AppleWebKit/535.19 "
                "(KHTML, like Gecko) Silk/2.1 Mobile Safari/535.19 Silk-Accelerated=true"
            ),
            "Mobile Silk",
            "Fire OS",
            "tablet",
            "Amazon",
        ),
        (
            (
                "Mozilla/5.0 (X11; U; Linux armv7l like Android; en-us) "
                "AppleWebKit/531.2+ (KHTML, like Gecko) "
                "Version/5.0 Safari/533.2+ Kindle/3.0+"
            ),
            "Kindle Browser",
            "GNU/Linux",
            "tablet",
            "Amazon",
        ),
        (
            (
                "Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; "
                "IEMobile/10.0; ARM; Touch; "
                "NOKIA; Lumia 920)"
            ),
            "IE Mobile",
            "Windows Phone",
            "smartphone",
            "Nokia",
        ),
        (
            "Mozilla/5.0 (PLAYSTATION 3 4.46) AppleWebKit/531.22.8 (KHTML, like Gecko)",
            "NetFront",
            "PlayStation",
            "console",
            "Sony",
        ),
        ("Mozilla/4.0 WebTV/2.6 (compatible; MSIE 4.0)", "Internet Explorer", "WebTV", "tv", None),
        (
            "Opera/9.80 (J2ME/MIDP; Opera Mini/4.2.13337/31.1448; U; en) Presto/2.8.119 Version/11.10",
            "Opera Mini",
            "Java ME",
            "feature phone",
            None,
        ),
        (
            (
                "Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ (KHTML, like Gecko) Version/10.1.0.1910 "
                "Mobile Safari/537.10+"
            ),
            "BlackBerry Browser",
            "BlackBerry OS",
            "smartphone",
            "RIM",
        ),
    ],
)
def test_what_learners_used_in_2013_is_named_right(text, browser, system, device, brand):
    row = parsed(text)
    assert (row["browser"], row["system"], row["device"], row["brand"]) == (browser, system, device, brand)


@needs_data
def test_every_browser_of_the_published_table_is_a_name_that_we_give_or_document():
    published = (DATA / "psy001" / "browsers.csv").read_text().splitlines()[1:]
    names = {line.rsplit(",", 1)[0] for line in published} - {""}
    documented = (Path(__file__).parents[1] / "docs" / "agents.md").read_text()
    assert len(names) == 57
    given = {rule.get("name") for parser in shortcut.ORIGINALS for rule in parser("", None).regex_list}
    missing = names - detector.known_names() - given
    assert [name for name in missing if f"| {name} |" not in documented] == []


# --- bots ---


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "both"),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "both"),
        ("curl/7.29.0", "crawler-user-agents"),
        ("ELB-HealthChecker/1.0", "device-detector"),
        (WINDOWS, None),
    ],
)
def test_a_bot_is_flagged_with_who_says_so_and_keeps_its_row(text, source):
    row = parsed(text)
    assert (row["is_bot"], row["bot_source"]) == (source is not None, source)


PHONE = f"Mozilla/5.0 (Linux; Android 15; {{}}) {WEBKIT} Chrome/130.0.0.0 Mobile Safari/537.36{{}}"


@pytest.mark.parametrize(
    "text",
    [
        PHONE.format("CPH2557 Build/AP3A.240617.008", ""),
        PHONE.format("MI 6 Build/PKQ1.190118.001", " SogouMSE,SogouMobileBrowser/5.21.1"),
        PHONE.format("HTC Butterfly", ""),
        PHONE.format("HTC_Butterfly_s Build/JDQ39", ""),
        PHONE.format("ViewSonic-ViewPad7e", ""),
        "Mozilla/5.0 (iPhone; CPU iPhone OS 12_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Viber/9.9",
        "Opera/9.80 (Android; Opera Mini/4.0.10008/28.2144; U; en) Presto/2.8.119 Version/11.10",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} WhatsApp/2.2 Chrome/76.0 Electron/6.1 Safari/537.36",
        PHONE.format("CUBOT NOTE 20", ""),
        "SCH-W279/ POLARIS/6.2 (GUI; compatible; UP.Browser)",
        "CUBOT_X19",
    ],
)
def test_a_person_whose_device_has_a_crawlers_name_is_not_a_bot(text):
    assert (parsed(text)["is_bot"], parsed(text)["bot_source"]) == (False, None)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} headlesschrome/120.0 Safari/537.36", "coursetrail"),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} HeadlessEdg/120.0 Safari/537.36", "coursetrail"),
        ("kube-probe/1.27", "coursetrail"),
        ("LumiBot 2.0", "coursetrail"),
        ("008/0.83 (http://www.example.org)", "crawler-user-agents"),
        ("Viber", "crawler-user-agents"),
        ("WhatsApp/2.19.81 A", "crawler-user-agents"),
        ("Mozilla/5.0 (compatible; Sonic/1.0; http://www.example.org/)", "crawler-user-agents"),
        (PHONE.format("CPH2557 Build/AP3A.240617.008", "; Bytespider"), "both"),
    ],
)
def test_a_bot_under_another_name_is_a_bot(text, source):
    assert (parsed(text)["is_bot"], parsed(text)["bot_source"]) == (True, source)


@needs_data
def test_corrections_find_more_bots_and_leave_more_people_alone_than_the_two_lists():
    lines = (DATA / "agents" / "labelled.jsonl").read_text().splitlines()
    labels = {row["ua"]: row["expect"] for row in map(json.loads, lines) if "is_bot" in row["expect"]}
    marked = {row["user_agent"]: row["is_bot"] for row in parse_agents(labels).to_pylist()}
    found = [marked[text] for text, label in labels.items() if label["is_bot"]]
    people = [not marked[text] for text, label in labels.items() if not label["is_bot"]]
    assert (sum(found), len(found)) == (276, 319)
    assert (sum(people), len(people)) == (769, 771)


# --- columns of one row agree ---


@pytest.mark.parametrize(
    ("text", "system", "device", "brand"),
    [
        (MAC.format("10_15_4", "11.1.1").replace("Version", "CriOS/85 Version"), "iOS", "tablet", "Apple"),
        (MAC.format("10.15", "15").replace("Version/15", "FxiOS/97.0"), "iOS", "tablet", "Apple"),
        (MAC.format("10_15_7", "15.0").replace("Safari", "EdgiOS/97.0 Safari"), "iOS", "tablet", "Apple"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} SamsungBrowser/20.0 Safari/537.36", "Android", None, None),
    ],
)
def test_a_browser_in_desktop_mode_has_the_system_that_it_exists_on(text, system, device, brand):
    row = parsed(text)
    assert (row["system"], row["device"], row["brand"]) == (system, device, brand)
    assert (row["system_version"], row["status"]) == (None, "reduced")


def test_a_mac_stays_a_mac_and_an_iphone_an_iphone():
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 12_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/85 Mobile/15E148"
    assert (parsed(MAC.format("10_14", "12.0"))["system"], parsed(iphone)["device"]) == ("Mac", "smartphone")


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0)", "smartphone"),
        ("Mozilla/5.0 (Series40; NokiaX) Gecko/20100401 S40OviBrowser/2.0", "feature phone"),
        ("Mozilla/5.0 (MeeGo; ) AppleWebKit/534.13 (KHTML, like Gecko)", "smartphone"),
        ("Opera/9.80 (BREW; Opera Mini/4.2.99/30.3697; U; id) Presto/2.8.119 Version/11.10", "feature phone"),
        ("Mozilla/5.0 (Linux; Tizen 2.3; sdk) AppleWebKit/538.1", None),
    ],
)
def test_a_device_without_a_rule_is_the_usual_one_of_its_system(text, device):
    assert parsed(text)["device"] == device


def test_arrow_can_hold_every_row():
    assert isinstance(parse_agents(["\udcff", "ok"]), pa.Table)
