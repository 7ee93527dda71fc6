"""CSV in a spreadsheet program: no text of the data runs there, whatever separates its columns."""

import re
import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest

from coursetrail.render.spreadsheet import ARMED, CONTROLS, DISARMED
from coursetrail.render.tables import encode
from support.commands import coursetrail
from support.exports import line
from support.machine import cannot

SEPARATORS = {"comma": 44, "semicolon": 59, "tab": 9}
STARTS = ("=1+1", "+1+1", "-1-1", "@SUM(1)", "\uff1d1+1")
HIDDEN = (
    *("\0", "\x01", "\x1b", "\x7f", "\x9f", " ", "  ", "\u00a0", "\u3000", "\u200b", "\ufeff", '"'),
    *("\t", "\r", "\n", "\r\n", "x;", "x\t", 'x;"', 'x;""', "x; ", "x\t\0", "x\n", "x;y\t"),
)
HOSTILE = [f"{hidden}{start}" for hidden in ("", *HIDDEN) for start in STARTS]


@pytest.fixture(scope="module")
def formulas():
    """A function: a CSV file and the number of its separator → the formulas that LibreOffice Calc finds in it."""
    program = shutil.which("soffice")
    if not program:
        cannot("no LibreOffice: apt install libreoffice-calc-nogui")

    def formulas(file: Path, separator: int) -> list[str]:
        into = file.parent / "opened"
        profile = f"-env:UserInstallation={(file.parent / 'profile').as_uri()}"
        options = f"--infilter=CSV:{separator},34,76,1,,0,false,true,false"
        command = [program, profile, "--headless", "--convert-to", "fods", "--outdir", str(into), options, str(file)]
        subprocess.run(command, capture_output=True, check=True, timeout=120)
        return re.findall('table:formula="([^"]*)"', (into / f"{file.stem}.fods").read_text())

    return formulas


def test_calc_runs_formulas_of_a_csv_that_is_not_guarded(tmp_path, formulas):
    """What the other tests rest on: here it does run them, also those that a separator in a text brings forth."""
    (tmp_path / "x.csv").write_text('"a",1\n"=1+1",1\n"x;=1+2",1\n"x\t=1+3",1\n')
    found = {name: formulas(tmp_path / "x.csv", number) for name, number in SEPARATORS.items()}
    assert found["comma"] == ["of:=1+1"]
    assert any("1+2" in text for text in found["semicolon"])
    assert any("1+3" in text for text in found["tab"])


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("form", ["csv", "excel"])
def test_calc_runs_nothing_of_a_table(tmp_path, formulas, form, separator):
    table = pa.table({"=1+1": HOSTILE, "n": range(len(HOSTILE)), "text": HOSTILE[::-1]})
    (tmp_path / "x.csv").write_bytes(encode(table, form))
    assert formulas(tmp_path / "x.csv", SEPARATORS[separator]) == []


@pytest.mark.parametrize("separator", SEPARATORS)
def test_calc_runs_nothing_of_a_converted_export(tmp_path, formulas, separator):
    lines = [line(username=text, user_agent=other) for text, other in zip(HOSTILE, HOSTILE[::-1], strict=True)]
    (tmp_path / "x").write_bytes(b"".join(lines))
    columns = "username,timestamp,user_agent"
    assert coursetrail("convert", tmp_path / "x", tmp_path / "x.csv", "--columns", columns).code == 0
    assert formulas(tmp_path / "x.csv", SEPARATORS[separator]) == []


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("a-b, c = d; e", "a-b, c = d; e"),
        ("=1", "'=1"),
        (" \u3000=1", " \u3000'=1"),
        ("\0=1", "'=1"),
        ("a;=1;=2", "a;'=1;'=2"),
        ("en-US,en;q=0.8", "en-US,en;q=0.8"),
        ("a\r\n@b", "a\r\n'@b"),
        ('a;"-1', "a;\"'-1"),
    ],
)
def test_only_what_would_run_gets_an_apostrophe(text, written):
    """The same rule in Arrow and in DuckDB, by hand."""
    import duckdb

    assert pa.compute.replace_substring_regex(
        pa.compute.replace_substring_regex(pa.array([text]), CONTROLS, ""), ARMED, DISARMED
    ).to_pylist() == [written]
    query = "select regexp_replace(regexp_replace($1, $2, '', 'g'), $3, $4, 'g')"
    assert duckdb.execute(query, [text, CONTROLS, ARMED, DISARMED]).fetchone() == (written,)


def test_csv_for_excel_has_a_byte_order_mark_and_no_text_that_is_longer_than_a_cell(tmp_path):
    data = encode(pa.table({"text": ["M\u00fcller", "x" * 40_000, None], "n": [1, 2, 3]}), "excel")
    assert data.decode() == '\ufefftext,n\n"M\u00fcller",1\n"' + "x" * 32_767 + '",2\n,3\n'
    (tmp_path / "x").write_bytes(line(username="M\u00fcller", user_agent="x" * 40_000))
    out = tmp_path / "x.csv"
    assert coursetrail("convert", tmp_path / "x", out, "--columns", "username,user_agent", "--excel").code == 0
    assert out.read_text() == '\ufeff"username","user_agent"\n"M\u00fcller","' + "x" * 32_767 + '"\n'
    compressed = coursetrail("convert", tmp_path / "x", tmp_path / "x.csv.gz", "--excel")
    assert (compressed.code, "end in .csv." in compressed.told) == (2, True)
