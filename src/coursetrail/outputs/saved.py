"""Answers as files, one a table, and the answers in such a folder again.

Beside the tables lies `about.json`: their titles, definitions, n and what was left out, for a CSV cannot hold them.
"""

import json
from collections.abc import Sequence
from dataclasses import fields
from io import BytesIO
from typing import Any

import pyarrow as pa

from coursetrail import analyses
from coursetrail.analysis import Result, Scope
from coursetrail.errors import InputError
from coursetrail.outputs.files import Where, write
from coursetrail.outputs.tables import FORMULA, about, encode
from coursetrail.place import Place

ABOUT = "about.json"
READABLE = ("parquet", "csv")


def save(results: Sequence[Result], folder: Where, form: str) -> list[Where]:
    """Write `<name>.<ending>` for each answer, and `about.json`; the paths of the tables, in order."""
    ending = "txt" if form == "table" else form
    files = [
        write(folder / f"{result.analysis.name}.{ending}", encode(result.table, form, result)) for result in results
    ]
    told = {"tables": [about(result) for result in results]}
    write(folder / ABOUT, json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n")
    return files


def load(folder: Place) -> list[Result]:
    """The answers that `save` wrote as CSV or Parquet, in their order; InputError for what is none of them.

    CSV cannot tell an apostrophe that keeps a spreadsheet from running a cell from one of the data's own: both go.
    """
    try:
        told = json.loads(_read(folder / ABOUT))["tables"]
    except FileNotFoundError as error:
        raise InputError(
            f"{folder}: no {ABOUT} here. Save tables first: coursetrail analyze DATASET -o {folder}"
        ) from error
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise InputError(f"{folder / ABOUT} cannot be read ({error}). Save the tables again.") from error
    return [_result(folder, one) for one in told]


def _result(folder: Place, told: dict[str, Any]) -> Result:
    analysis = analyses.find(told["name"])
    try:
        scope = Scope(**{field.name: told["scope"][field.name] for field in fields(Scope)})
        for ending in READABLE:
            file = folder / f"{analysis.name}.{ending}"
            if file.is_file():
                table = _parquet(_read(file)) if ending == "parquet" else _csv(_read(file), analysis.schema)
                return Result(analysis, table.select(analysis.schema.names).cast(analysis.schema), scope, sql="")
    except (ValueError, KeyError, TypeError, OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{folder}: the table '{analysis.name}' cannot be read ({error}). Save it again.") from error
    raise InputError(f"{folder}: no {analysis.name}.csv or .parquet here. Save the tables again, as one of these.")


def _read(file: Place) -> bytes:
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
