"""Answers saved as files, one per table, and read from such a folder again.

`about.json` beside the tables holds what a CSV cannot: their files, titles, definitions, n and what was left out.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa

from coursetrail import analyses
from coursetrail.analyses.analysis import Result
from coursetrail.analyses.scope import Scope
from coursetrail.errors import InputError, UsageError
from coursetrail.filesystem.location import Location
from coursetrail.outputs.files import Where, write
from coursetrail.render.tables import WRITERS, find_writer

ABOUT = "about.json"


def save(results: Sequence[Result], folder: Where, form: str) -> list[Where]:
    """Write `<name>.<ending>` for each answer, and `about.json`; returns the paths of the tables, in order.

    Entries of `about.json` about other tables stay, as long as their files exist.
    """
    writer = find_writer(form)
    files = {result.analysis.name: f"{result.analysis.name}.{writer.ending}" for result in results}
    others: dict[str, Any] = {}
    with suppress(InputError):  # there is no about.json yet, or it is damaged and will be replaced
        others = {name: entry for name, entry in _entries(Location.of(folder)).items() if name not in files}
        others = {name: entry for name, entry in others.items() if (Location.of(folder) / entry["file"]).is_file()}
        _write_about(others, folder)  # before the tables: a run that stops halfway leaves no old n to a new table
    written = [
        write(folder / files[result.analysis.name], writer.encode(result.table, result.caption)) for result in results
    ]
    entries = {
        result.analysis.name: {"file": files[result.analysis.name], **result.caption.about} for result in results
    }
    _write_about(others | entries, folder)
    return written


def load(folder: Location, names: Sequence[str] = ()) -> list[Result]:
    """The answers that `save` wrote in a format that can be read, all or those named, in the order of the report.

    InputError for a folder that holds none or other things, UsageError for a name that was not saved there.
    """
    entries = _entries(folder)
    if missing := [name for name in names if name not in entries]:
        raise UsageError(f"{folder}: no table '{missing[0]}' was saved here. There are: {', '.join(entries)}.")
    return [_result(folder, entry) for name, entry in entries.items() if not names or name in names]


def _write_about(entries: Mapping[str, Any], folder: Where) -> None:
    about = {"tables": [entries[known.name] for known in analyses.ALL if known.name in entries]}
    write(folder / ABOUT, json.dumps(about, indent=1, ensure_ascii=False).encode(errors="replace") + b"\n")


def _entries(folder: Location) -> dict[str, dict[str, Any]]:
    """The entries of `about.json`, by the names of analyses; InputError if they are not what `save` writes."""
    try:
        about = json.loads(_read(folder / ABOUT))["tables"]
        entries = {_checked(entry)["name"]: entry for entry in about}
    except FileNotFoundError as error:
        raise InputError(
            f"{folder}: no {ABOUT} here. Save tables first: coursetrail analyze DATASET -o {folder}"
        ) from error
    except (ValueError, LookupError, TypeError, RecursionError, OSError, UsageError) as error:
        raise InputError(f"{folder / ABOUT} cannot be read ({_in_one_line(error)}). Save the tables again.") from error
    if not entries:
        raise InputError(f"{folder / ABOUT} names no tables. Save the tables again.")
    return entries


def _checked(entry: Any) -> Any:
    """The same entry. It may come from anywhere, so its file must be a name within the folder."""
    name, file, scope = entry["name"], entry["file"], entry["scope"]
    if file not in [f"{analyses.find(name).name}.{writer.ending}" for writer in WRITERS]:
        raise ValueError(f"{file!r} is no file of '{name}'")
    Scope.from_json(scope)
    if not isinstance(entry.get("parameters", {}), dict):
        raise TypeError(f"the parameters of '{name}' are not an object")
    return entry


def _result(folder: Location, entry: dict[str, Any]) -> Result:
    analysis, file = analyses.find(entry["name"]), folder / entry["file"]
    scope = Scope.from_json(entry["scope"])
    decode = next(writer.decode for writer in WRITERS if file.name == f"{analysis.name}.{writer.ending}")
    if decode is None:
        readable = " or ".join(writer.name for writer in WRITERS if writer.decode)
        raise InputError(f"{file} cannot be drawn. Save the table as {readable}.")
    try:
        table = decode(_read(file), analysis.schema)
        declared = table.select(analysis.schema.names).cast(analysis.schema)
        parameters = analysis.parameters_from_json(entry.get("parameters", {}))
        return Result(analysis, declared, scope, sql="", parameters=parameters)
    except FileNotFoundError as error:
        raise InputError(f"{folder}: no {file.name} here. Save the table again.") from error
    except (ValueError, KeyError, TypeError, OSError, UsageError, pa.ArrowException) as error:
        raise InputError(
            f"{file}: the table '{analysis.name}' cannot be read ({_in_one_line(error)}). Save it again."
        ) from error


def _in_one_line(error: Exception) -> str:
    text = f"no {error}" if isinstance(error, KeyError) else str(error)
    return " ".join(text.split())[:200] or type(error).__name__


def _read(file: Location) -> bytes:
    with file.open() as stream:
        return stream.read()
