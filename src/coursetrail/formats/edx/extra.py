"""What events keep in `extra`, and what plain tables show, of fields that may hold what a form was sent with.

Most payloads are looked at by patterns a block at a time; Python judges each distinct text of the others once.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.formats.edx.events import is_request
from coursetrail.formats.edx.payload import ASKED, MARK, cleaned, kept, parsed
from coursetrail.formats.edx.repair import PAYLOADS, TEXT, TIMES
from coursetrail.reading.columns import Records, each, first, plain, scan_texts
from coursetrail.reading.repair import written
from coursetrail.reading.scan import FieldSpec

HIDDEN = ("ip", "username", "page", "referer", "session", "agent", "accept_language")
"""Of a context, what has a column."""
ANY_OBJECT = FieldSpec({}, {}, rest=False)


def extra(records: Records) -> pa.Array:
    """JSON of all that has no column, without what forms were sent with."""
    request = records.once(requests)
    rest = _judged(records.scanned.rest, _needs_judging(records.scanned.rest, request), _cleaned_object)
    parts = [_open(rest)]
    parts += [_part("context", _context(records))]
    for name in PAYLOADS:
        field = records.field(name)
        if field.null_count < len(field):
            parts += [_part("event", payloads(field, request, records.object(name).valid))]
    return pc.binary_join_element_wise(*parts, "}", "")


def shown(r: pa.StructArray) -> pa.StructArray:
    """The fields of lines for a plain table, without what forms were sent with."""
    names = [field.name for field in r.type]
    arrays = {name: r.field(name) for name in names}
    request = requests(r)
    for name in PAYLOADS:
        if name in arrays:
            valid = scan_texts(arrays[name], ANY_OBJECT).valid
            arrays[name] = payloads(arrays[name], request, valid)
    for name in set(names) - {*TEXT, *TIMES, *PAYLOADS}:
        arrays[name] = _judged(arrays[name], pc.match_substring_regex(plain(arrays[name]), '["{]'), _cleaned_text)
    return pa.StructArray.from_arrays(list(arrays.values()), names)


def payloads(texts: pa.Array, request: Any, valid: Any) -> pa.Array:
    """The JSON to be kept of payloads; null where nothing is. `sound` are the rows that hold an object."""
    distinct = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
    words = distinct.dictionary
    there = distinct.indices.is_valid().to_numpy(zero_copy_only=False)
    numbers = distinct.indices.fill_null(0).to_numpy()
    easy = np.zeros(len(words), bool)
    easy[numbers[there & ~request & valid]] = True
    easy &= ~pc.match_substring_regex(words, MARK).to_numpy(zero_copy_only=False)
    asked, said = np.zeros(len(words), bool), np.zeros(len(words), bool)
    asked[numbers[there & request]] = True
    asked &= pc.match_substring_regex(words, ASKED).to_numpy(zero_copy_only=False)
    said[numbers[there & ~request]] = True
    of_requests = _answers(words, asked, lambda text: kept(text, True))
    of_others = pc.if_else(pa.array(easy), words, _answers(words, said & ~easy, lambda text: kept(text, False)))
    places = pa.array(np.where(request, numbers, numbers + len(words)), mask=~there)
    return pa.concat_arrays([of_requests, of_others]).take(places)


def _answers(words: pa.Array, wanted: Any, ask: Callable[[str], str | None]) -> pa.Array:
    """The answers for the words that are wanted, null for the others."""
    mask = pa.array(wanted)
    answers = pa.array([ask(word) for word in words.filter(mask).to_pylist()], pa.string())
    return pc.replace_with_mask(pa.nulls(len(words), pa.string()), mask, answers)


def requests(lines: Records | pa.StructArray) -> Any:
    """Which lines are of requests, as a numpy mask."""
    kind, name = lines.field("event_type"), lines.field("name")
    return each(kind, is_request, missing=False) | each(name, is_request, missing=False)


def _needs_judging(texts: pa.Array, request: Any) -> pa.Array:
    """Where JSON may hold something of a form: it is marked, or beside a request there is JSON within text."""
    marked = pc.match_substring_regex(texts, MARK)
    return pc.or_(marked, pc.and_(pa.array(request), pc.match_substring(texts, '\\"')))


def _judged(texts: pa.Array, doubted: pa.Array, judge: Callable[[str], str | None]) -> pa.Array:
    """The texts, those that are doubted as they are judged, each once."""
    mask = pc.fill_null(doubted, False)
    if not pc.any(mask).as_py():
        return texts
    distinct = plain(texts).filter(mask).dictionary_encode()
    judged = pa.array(map(judge, distinct.dictionary.to_pylist()), pa.string())
    return pc.replace_with_mask(plain(texts), mask, judged.take(distinct.indices))


def _context(records: Records) -> pa.Array:
    """The context without what has a column; one that the scanner cannot read is read by Python."""
    texts = records.field("context")
    found = records.object("context")
    doubted = pc.match_substring_regex(found.rest, MARK)
    doubted = pc.or_(pc.fill_null(doubted, False), pc.and_(pa.array(~found.valid), texts.is_valid()))
    return first(_judged(pc.if_else(doubted, plain(texts), None), doubted, _context_of), found.rest)


def _context_of(text: str) -> str | None:
    value = parsed(text)
    if isinstance(value, dict):
        value = {name: cleaned(one) for name, one in value.items() if name not in HIDDEN}
    else:
        value = cleaned(value)
    return written(value) if value else None


def _cleaned_object(text: str) -> str:
    found = parsed(text)
    return written({name: cleaned(one) for name, one in found.items()} if isinstance(found, dict) else {})


def _cleaned_text(text: str) -> str | None:
    return kept(text, False)


def _open(rest: pa.Array) -> pa.Array:
    """JSON objects without their closing brace."""
    return pc.binary_slice(rest.cast(pa.binary()), 0, -1).cast(pa.string())


def _part(name: str, values: pa.Array) -> pa.Array:
    """A further member; nothing where the value is null."""
    return pc.fill_null(pc.binary_join_element_wise(f',"{name}":', values, ""), "")
