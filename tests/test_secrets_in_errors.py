"""No message of any command quotes what is in an export: damaged files full of one marker, and what is said of them."""

import gzip
import json
from pathlib import Path

import pytest

from support.commands import coursetrail

MARKER = "sEcReT"
LEGACY = json.dumps({"key": MARKER, "value": MARKER, "username": MARKER, "timestamp": MARKER, "page_url": MARKER})
EDX = json.dumps({"event_type": MARKER, "event_source": MARKER, "time": MARKER, "username": MARKER, "event": MARKER})
FILES = {
    "legacy": f"{LEGACY}\n{LEGACY[:-9]}\n",
    "edx": f"{EDX}\n{EDX[:-9]}\n{EDX}{MARKER}\n",
    "array": f"[{EDX}, {LEGACY}]\n",
    "keys": json.dumps({MARKER: {MARKER: MARKER}, f"at{MARKER}": 1}) + "\n",
    "no_header": f"{MARKER}-user-1,{MARKER}@example.org,2020-01-01\n" * 3,
    "carriage_returns": f"page\r{MARKER}\r{MARKER}\n",
    "open_quote": f'at,who\n"{MARKER}\n{MARKER}"{MARKER},u\n2020-01-01\n',
    "bad_times": f"at,who,clicks\n{MARKER},{MARKER},{MARKER}\n2020-01-01 {MARKER},u,{MARKER}\n" * 9,
    "words": f"{MARKER} {MARKER}\n" * 5,
    "cut": f"{MARKER},{MARKER}\n" * 400,
}
MAPPINGS = {
    "plain": '[columns]\nlearner = "who"\nweight = "clicks"\n[time]\ncolumn = "at"\n',
    "near": '[columns]\nlearner = "page"\n[time]\ncolumn = "at"\n',
    "paths": '[columns]\nlearner = "a.b.c"\nposition = "p.q"\n[time]\ncolumn = "at"\nunit = "ms"\n',
    "names": '[file]\nnames = ["at", "who", "clicks"]\n[columns]\nlearner = "who"\nweight = "clicks"\n[time]\n'
    "column = 'at'\nformat = '%d.%m.%Y %H:%M %Z'\n",
}


def written(folder: Path) -> tuple[list[Path], list[Path]]:
    """The damaged files and the mappings."""
    files, mappings = [], []
    for name, text in FILES.items():
        files.append(folder / name)
        data = text.encode()
        files[-1].write_bytes(gzip.compress(data, 0)[:-30] if name == "cut" else data)
    for name, text in MAPPINGS.items():
        mappings.append(folder / f"{name}.toml")
        mappings[-1].write_text(f'name = "mine"\n[constants]\naction = "page_view"\n{text}')
    return files, mappings


@pytest.mark.parametrize("name", FILES)
def test_no_message_quotes_an_export(tmp_path: Path, name: str) -> None:
    files, mappings = written(tmp_path)
    export = next(file for file in files if file.name == name)
    said = [
        coursetrail("--debug", "ingest", tmp_path / "d", export),
        coursetrail("--debug", "ingest", tmp_path / "d", export, "--format", "edx"),
        coursetrail("--debug", "convert", export, tmp_path / "o.csv", "--format", "coursera-legacy", "--columns", "x"),
        coursetrail("--debug", "ingest", tmp_path / "d", mappings[0], "--mapping", export),
    ]
    for number, mapping in enumerate(mappings):
        given = (export, "--mapping", mapping, "--max-rejects", "100%" if number % 2 else "1%")
        said += [
            coursetrail("--debug", "ingest", tmp_path / f"d{number}", *given),
            coursetrail("--debug", "convert", *given[:1], tmp_path / "o.csv", *given[1:], "--columns", "at,nothing"),
            coursetrail("--debug", "analyze", tmp_path / f"d{number}", "concentration"),
        ]
    quoted = [ran.told for ran in said if MARKER in ran.told]
    assert all(ran.told for ran in said[:3])
    assert not quoted


@pytest.mark.parametrize("name", ["array", "no_header", "words", "carriage_returns", "bad_times"])
def test_what_sniff_says_quotes_no_value_of_a_person(tmp_path: Path, name: str) -> None:
    files, _ = written(tmp_path)
    ran = coursetrail("--debug", "sniff", next(file for file in files if file.name == name))
    assert ran.told
    assert f"{MARKER}@" not in ran.told
    assert f"{MARKER}-user" not in ran.told
