"""Redacted `extra` of events and redacted fields of plain tables, a block at a time.

Patterns show that most payloads hold no form. Python redacts each distinct text of the remaining ones once.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.formats.edx.events import is_request
from coursetrail.formats.edx.payload import FORM_PATTERN, GET_PATTERN, parsed, redact, redact_value
from coursetrail.formats.edx.repair import PAYLOADS, TEXT, TIMES
from coursetrail.reading.columns import Records, each, first, plain, scan_texts
from coursetrail.reading.repair import written
from coursetrail.reading.scan import FieldSpec

HAVE_COLUMNS = ("ip", "username", "page", "referer", "session", "agent", "accept_language")
"""Members of a context that have a column of their own."""
ANY_OBJECT = FieldSpec({}, {}, rest=False)


def extra(records: Records) -> pa.Array:
    """JSON of every field without a column, without the contents of forms."""
    request = records.once(requests)
    rest = _redacted(records.scanned.rest, _may_hold_form(records.scanned.rest, request), _redacted_object)
    parts = [_open(rest)]
    parts += [_part("context", _context(records))]
    for name in PAYLOADS:
        field = records.field(name)
        if field.null_count < len(field):
            parts += [_part("event", payloads(field, request, records.object(name).valid))]
    return pc.binary_join_element_wise(*parts, "}", "")


def shown(r: pa.StructArray) -> pa.StructArray:
    """The fields of lines for a plain table, without the contents of forms."""
    names = [field.name for field in r.type]
    arrays = {name: r.field(name) for name in names}
    request = requests(r)
    for name in PAYLOADS:
        if name in arrays:
            valid = scan_texts(arrays[name], ANY_OBJECT).valid
            arrays[name] = payloads(arrays[name], request, valid)
    for name in set(names) - {*TEXT, *TIMES, *PAYLOADS}:
        arrays[name] = _redacted(arrays[name], pc.match_substring_regex(plain(arrays[name]), '["{]'), _redacted_text)
    return pa.StructArray.from_arrays(list(arrays.values()), names)


def payloads(texts: pa.Array, request: Any, valid: Any) -> pa.Array:
    """The JSON that may be stored of payloads, null if there is none. `valid` marks the rows that hold an object."""
    distinct = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
    words = distinct.dictionary
    present = distinct.indices.is_valid().to_numpy(zero_copy_only=False)
    numbers = distinct.indices.fill_null(0).to_numpy()
    harmless = np.zeros(len(words), bool)
    harmless[numbers[present & ~request & valid]] = True
    harmless &= ~pc.match_substring_regex(words, FORM_PATTERN).to_numpy(zero_copy_only=False)
    with_get, not_requests = np.zeros(len(words), bool), np.zeros(len(words), bool)
    with_get[numbers[present & request]] = True
    with_get &= pc.match_substring_regex(words, GET_PATTERN).to_numpy(zero_copy_only=False)
    not_requests[numbers[present & ~request]] = True
    of_requests = _answers(words, with_get, lambda text: redact(text, True))
    redacted = _answers(words, not_requests & ~harmless, lambda text: redact(text, False))
    of_others = pc.if_else(pa.array(harmless), words, redacted)
    chosen = pa.array(np.where(request, numbers, numbers + len(words)), mask=~present)
    return pa.concat_arrays([of_requests, of_others]).take(chosen)


def _answers(words: pa.Array, wanted: Any, answer: Callable[[str], str | None]) -> pa.Array:
    """The answers for the words that are wanted; null for all other words."""
    mask = pa.array(wanted)
    found = pa.array([answer(word) for word in words.filter(mask).to_pylist()], pa.string())
    return pc.replace_with_mask(pa.nulls(len(words), pa.string()), mask, found)


def requests(lines: Records | pa.StructArray) -> Any:
    """A numpy mask of the lines that are requests."""
    kind, name = lines.field("event_type"), lines.field("name")
    return each(kind, is_request, missing=False) | each(name, is_request, missing=False)


def _may_hold_form(texts: pa.Array, request: Any) -> pa.Array:
    """The rows whose JSON may hold a form: the pattern matches, or a request has JSON nested as text."""
    marked = pc.match_substring_regex(texts, FORM_PATTERN)
    return pc.or_(marked, pc.and_(pa.array(request), pc.match_substring(texts, '\\"')))


def _redacted(texts: pa.Array, suspect: pa.Array, redact_one: Callable[[str], str | None]) -> pa.Array:
    """The texts, with the suspect ones redacted, each distinct text once."""
    mask = pc.fill_null(suspect, False)
    if not pc.any(mask).as_py():
        return texts
    distinct = plain(texts).filter(mask).dictionary_encode()
    redacted = pa.array(map(redact_one, distinct.dictionary.to_pylist()), pa.string())
    return pc.replace_with_mask(plain(texts), mask, redacted.take(distinct.indices))


def _context(records: Records) -> pa.Array:
    """The context without members that have a column. Python reads a context that the scanner cannot read."""
    texts = records.field("context")
    found = records.object("context")
    suspect = pc.match_substring_regex(found.rest, FORM_PATTERN)
    suspect = pc.or_(pc.fill_null(suspect, False), pc.and_(pa.array(~found.valid), texts.is_valid()))
    return first(_redacted(pc.if_else(suspect, plain(texts), None), suspect, _redacted_context), found.rest)


def _redacted_context(text: str) -> str | None:
    value = parsed(text)
    if isinstance(value, dict):
        value = {name: redact_value(one) for name, one in value.items() if name not in HAVE_COLUMNS}
    else:
        value = redact_value(value)
    return written(value) if value else None


def _redacted_object(text: str) -> str:
    found = parsed(text)
    return written({name: redact_value(one) for name, one in found.items()} if isinstance(found, dict) else {})


def _redacted_text(text: str) -> str | None:
    return redact(text, False)


def _open(rest: pa.Array) -> pa.Array:
    """JSON objects without their closing brace."""
    return pc.binary_slice(rest.cast(pa.binary()), 0, -1).cast(pa.string())


def _part(name: str, values: pa.Array) -> pa.Array:
    """One more member; empty if the value is null."""
    return pc.fill_null(pc.binary_join_element_wise(f',"{name}":', values, ""), "")
