"""Accept-Language headers and the language a reader takes from them."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursetrail.lookups.language_names import NAMES, SHORTEST
from coursetrail.lookups.languages import LANGUAGES, PARSER, Language, parse_languages, preferred_language

VECTORS = Path(__file__).parents[2] / "shared" / "data" / "languages.json"

HEADERS = st.one_of(
    st.text(),
    st.text(alphabet="enfrzhIN-_*,;=q01.9 \t\u00a0\ufeff\u212a\0", max_size=60),
    st.text(alphabet=st.characters(categories=["Cs", "Cc", "Lu"]), max_size=20),
)

READ_BY_HAND = [
    ("en-GB,en;q=0.9", "en-GB", "en", "ok"),
    ("sv;q=0.4,fi;q=0.9,et;q=0.8", "fi", "fi", "ok"),
    ("hu;q=0.7,sk;q=0.7", "hu", "hu", "ok"),
    ("is;q=0.6,nb", "nb", "nb", "ok"),
    ("ca-ES, es-ES", "ca-ES", "ca", "ok"),
    ("pt_br", "pt-BR", "pt", "ok"),
    ("SR-CYRL-rs", "sr-Cyrl-RS", "sr", "ok"),
    ("th-TH-u-nu-thai", "th-TH-u-nu-thai", "th", "ok"),
    ("sl-nedis", "sl-nedis", "sl", "ok"),
    ("es-419", "es-419", "es", "ok"),
    ("deu-AT", "de-AT", "de", "ok"),
    ("ger", "de", "de", "ok"),
    ("ji", "yi", "yi", "ok"),
    ("mo-MD", "ro-MD", "ro", "ok"),
    ("no-NO", "no-NO", "no", "ok"),
    ("fil", "fil", "fil", "ok"),
    ("tgl", "tl", "tl", "ok"),
    ("lv ; Q = .25 , lt ; q = 0.3", "lt", "lt", "ok"),
    ("da;q=0.00,fi;q=0.01", "fi", "fi", "ok"),
    ("da;q=9,fi", "da", "da", "ok"),
    ("da;q=1e0,fi;q=0.1", "fi", "fi", "ok"),
    ("da;q=inf,fi;q=0.1", "fi", "fi", "ok"),
    ("da;q=0.5.5,fi;q=0.1", "fi", "fi", "ok"),
    ("da;q=\u0661,fi;q=0.1", "fi", "fi", "ok"),
    ("*;q=1,kk;q=0.001", "kk", "kk", "ok"),
    ("*", "*", "*", "wildcard"),
    ("!,*;q=0.2", "*", "*", "wildcard"),
    ("*;q=0", None, None, "invalid"),
    ("klingon", None, None, "invalid"),
    ("i-default", None, None, "invalid"),
    ("\u212ao", None, None, "invalid"),
    ("en\0", None, None, "invalid"),
    ("en\n", None, None, "invalid"),
    (" \t\ufeff", None, None, "missing"),
    ("", None, None, "missing"),
    (None, None, None, "missing"),
]


def shared(table: str) -> list[dict[str, str | None]]:
    if not VECTORS.exists():
        pytest.skip(f"the shared vectors are not here: {VECTORS}")
    return json.loads(VECTORS.read_text(encoding="utf-8"))[table]


@pytest.mark.parametrize(("header", "tag", "language", "status"), READ_BY_HAND)
def test_a_header_says_what_a_careful_reader_takes_from_it(header, tag, language, status):
    assert preferred_language(header) == Language(tag, language, status)


def test_every_shared_vector_is_read_as_it_says():
    wrong = {}
    for vector in shared("vectors"):
        found = preferred_language(vector["header"])
        if found != Language(vector["tag"], vector["language"], vector["status"]):
            wrong[vector["id"]] = (vector["header"], found)
    assert wrong == {}


def test_every_row_that_the_study_published_gets_the_language_its_learners_prefer():
    wrong = {}
    for row in shared("published_rows"):
        found = preferred_language(row["example_header"])
        if (found.language, found.status) != (row["language"], row["status"]):
            wrong[row["published_row"]] = found
    assert wrong == {}


def test_every_language_that_the_study_published_has_an_english_name():
    nameless = {row["language"] for row in shared("published_rows") if row["language"]} - NAMES.keys()
    assert nameless == set()


def test_headers_become_one_row_each_in_the_order_they_came():
    table = parse_languages(["fr-CA,fr;q=0.8", "*", "fr", "fr-CA,fr;q=0.8", "English US", "xyz", "  FR"])
    assert table.equals(
        pa.Table.from_pylist(
            [
                row("fr-CA,fr;q=0.8", "fr-CA", "fr", "French", "ok"),
                row("*", "*", "*", "Any language", "wildcard"),
                row("fr", "fr", "fr", "French", "ok"),
                row("English US", None, None, None, "invalid"),
                row("xyz", "xyz", "xyz", "xyz", "ok"),
                row("  FR", "fr", "fr", "French", "ok"),
            ],
            schema=LANGUAGES.schema,
        )
    )


def row(*values: str | None) -> dict[str, str | None]:
    return dict(zip(LANGUAGES.schema.names, (*values, PARSER), strict=True))


def test_no_headers_are_an_empty_table_with_the_columns():
    assert parse_languages([]).equals(LANGUAGES.schema.empty_table())


@given(HEADERS)
def test_no_text_breaks_the_reader_and_an_answer_is_a_tag_of_its_language(header):
    found = preferred_language(header)
    if found.status == "ok":
        assert re.fullmatch(r"[a-z]{2,3}", found.language)
        assert found.tag.split("-")[0] == found.language
    elif found.status == "wildcard":
        assert (found.tag, found.language) == ("*", "*")
    else:
        assert found.status in {"missing", "invalid"}
        assert (found.tag, found.language) == (None, None)


@given(HEADERS)
def test_the_tag_of_an_answer_is_read_as_itself(header):
    found = preferred_language(header)
    if found.tag is not None:
        assert preferred_language(found.tag) == found


@given(st.lists(HEADERS))
def test_each_distinct_header_has_one_row(headers):
    table = parse_languages(headers)
    writable = dict.fromkeys(h.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for h in headers)
    assert table.schema == LANGUAGES.schema
    assert table["accept_language"].to_pylist() == list(writable)


def test_a_megabyte_is_read_no_further_than_a_header_can_be_long():
    assert preferred_language("x;" * 500_000).status == "invalid"
    assert preferred_language("xx;q=0.1," * 113 + "el" + ",fr" * 300_000) == Language("el", "el")
    assert preferred_language("," * 1022 + "el") == Language("el", "el")
    assert preferred_language("," * 1024 + "el").status == "invalid"
    assert preferred_language("e" * 1_000_000).status == "invalid"
    assert preferred_language("en;q=" + "9" * 1000 + ",fr") == Language("en", "en")


def test_lone_surrogates_and_nuls_reach_the_table_as_text_that_can_be_written():
    keys = parse_languages(["\ud800en", "en\0,fr", "\udcff"])["accept_language"].to_pylist()
    assert keys == ["\ufffden", "en\0,fr", "\ufffd"]


def test_every_two_letter_language_has_a_name_and_a_three_letter_code():
    two_letters = {code for code in NAMES if len(code) == 2}
    assert len(two_letters) == 184
    assert set(SHORTEST.values()) == two_letters
    assert len(set(NAMES.values())) == len(NAMES)
