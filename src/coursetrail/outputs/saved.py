"""Answers as files, one a table, and the answers in such a folder again.

Beside the tables lies `about.json`: their files, titles, definitions, n and what was left out, for a CSV cannot hold
them.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from io import BytesIO
from typing import Any

import pyarrow as pa

from coursetrail import analyses
from coursetrail.analyses.analysis import Result
from coursetrail.analyses.scope import Scope
from coursetrail.errors import InputError, UsageError
from coursetrail.filesystem.location import Location
from coursetrail.outputs.files import Where, write
from coursetrail.render.tables import FORMULA, about, encode

ABOUT = "about.json"
ENDINGS = {"table": "txt", "csv": "csv", "json": "json", "parquet": "parquet"}
READABLE = ("parquet", "csv")


def save(results: Sequence[Result], folder: Where, form: str) -> list[Where]:
    """Write `<name>.<ending>` for each answer, and `about.json`; the paths of the tables, in order.

    What `about.json` says of other tables stays, as long as these are there.
    """
    files = {result.analysis.name: f"{result.analysis.name}.{ENDINGS[form]}" for result in results}
    others: dict[str, Any] = {}
    with suppress(InputError):  # it is there for the first time, or again
        others = {name: one for name, one in _entries(Location.of(folder)).items() if name not in files}
        others = {name: one for name, one in others.items() if (Location.of(folder) / one["file"]).is_file()}
        _tell(others, folder)  # a run that is stopped halfway leaves no old n to a new table
    written = [write(folder / files[result.analysis.name], encode(result.table, form, result)) for result in results]
    _tell(others | {one.analysis.name: {"file": files[one.analysis.name]} | about(one) for one in results}, folder)
    return written


def load(folder: Location, asked: Sequence[str] = ()) -> list[Result]:
    """The answers that `save` wrote as CSV or Parquet, or those asked for by name, in the order of the report.

    InputError for a folder that holds none or other things, UsageError for a name that was not saved there.
    CSV cannot tell an apostrophe that keeps a spreadsheet from running a cell from one of the data's own: both go.
    """
    entries = _entries(folder)
    if missing := [name for name in asked if name not in entries]:
        raise UsageError(f"{folder}: no table '{missing[0]}' was saved here. There are: {', '.join(entries)}.")
    return [_result(folder, one) for name, one in entries.items() if not asked or name in asked]


def _tell(entries: Mapping[str, Any], folder: Where) -> None:
    told = {"tables": [entries[known.name] for known in analyses.ALL if known.name in entries]}
    write(folder / ABOUT, json.dumps(told, indent=1, ensure_ascii=False).encode(errors="replace") + b"\n")


def _entries(folder: Location) -> dict[str, dict[str, Any]]:
    """What `about.json` says, by the names of analyses; InputError if it is not what `save` writes."""
    try:
        told = json.loads(_read(folder / ABOUT))["tables"]
        entries = {_checked(one)["name"]: one for one in told}
    except FileNotFoundError as error:
        raise InputError(
            f"{folder}: no {ABOUT} here. Save tables first: coursetrail analyze DATASET -o {folder}"
        ) from error
    except (ValueError, LookupError, TypeError, RecursionError, OSError, UsageError) as error:
        raise InputError(f"{folder / ABOUT} cannot be read ({_short(error)}). Save the tables again.") from error
    if not entries:
        raise InputError(f"{folder / ABOUT} names no tables. Save the tables again.")
    return entries


def _checked(told: Any) -> Any:
    """The entry, which may come from anywhere: its file must be a name within the folder."""
    name, file, scope = told["name"], told["file"], told["scope"]
    if file not in [f"{analyses.find(name).name}.{ending}" for ending in ENDINGS.values()]:
        raise ValueError(f"{file!r} is no file of '{name}'")
    for field in fields(Scope):
        if type(scope[field.name]) is not field.type:
            raise TypeError(f"'{field.name}' of '{name}' is {scope[field.name]!r}")
    return told


def _result(folder: Location, told: dict[str, Any]) -> Result:
    analysis, file = analyses.find(told["name"]), folder / told["file"]
    scope = Scope(**{field.name: told["scope"][field.name] for field in fields(Scope)})
    ending = file.name.rpartition(".")[2]
    if ending not in READABLE:
        raise InputError(f"{file} cannot be drawn. Save the table as csv or parquet.")
    try:
        table = _parquet(_read(file)) if ending == "parquet" else _csv(_read(file), analysis.schema)
        return Result(analysis, table.select(analysis.schema.names).cast(analysis.schema), scope, sql="")
    except FileNotFoundError as error:
        raise InputError(f"{folder}: no {file.name} here. Save the table again.") from error
    except (ValueError, KeyError, TypeError, OSError, pa.ArrowException) as error:
        raise InputError(
            f"{file}: the table '{analysis.name}' cannot be read ({_short(error)}). Save it again."
        ) from error


def _short(error: Exception) -> str:
    """One line of it."""
    text = f"no {error}" if isinstance(error, KeyError) else str(error)
    return " ".join(text.split())[:200] or type(error).__name__


def _read(file: Location) -> bytes:
    with file.open() as stream:
        return stream.read()


def _parquet(data: bytes) -> pa.Table:
    from pyarrow import parquet

    return parquet.read_table(BytesIO(data))


def _csv(data: bytes, schema: pa.Schema) -> pa.Table:
    from pyarrow import compute, csv

    kinds = csv.ConvertOptions(column_types=schema, null_values=[""], strings_can_be_null=True)
    table = csv.read_csv(BytesIO(data), csv.ReadOptions(), csv.ParseOptions(newlines_in_values=True), kinds)
    for place, field in enumerate(schema):
        if pa.types.is_string(field.type):  # the apostrophe that keeps a spreadsheet from running a cell
            disarmed = compute.match_substring_regex(table[field.name], f"^'{FORMULA.removeprefix('^')}")
            rest = compute.utf8_slice_codeunits(table[field.name], 1)
            table = table.set_column(place, field, compute.if_else(disarmed, rest, table[field.name]))
    return table
