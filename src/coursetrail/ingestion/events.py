"""Lines of an export → Arrow batches of events, for any engine."""

from collections.abc import Callable, Collection, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.dataset.schema import EVENT_COLUMNS, EVENTS, LOOKUPS
from coursetrail.reading.columns import Records, filled, plain
from coursetrail.reading.keys import like_numbers, shortened, trimmed, whole_numbers
from coursetrail.reading.lines import Lines
from coursetrail.reading.network import network
from coursetrail.reading.records import Batch, Reading
from coursetrail.reading.secrets import remove

IDENTIFYING = ("course", "learner", "item")
"""Columns by which it is known whose event it is, and of what."""
NUMERIC = (
    "{number:,} values of {key} look like numbers that another program wrote, as 3e3 or 3000.0 for 3000: one {key} may "
    "have several of them. Export that column as text"
)
REMEMBERED = 200_000
"""Distinct strings whose parsed form is stored while reading."""
LONGEST_REMEMBERED = 2_000
"""Characters of a string whose parsed form is stored: long strings would fill the memory, and rarely come again."""
KEYS = {table.key for table in LOOKUPS}
CODED = {column.name for column in EVENT_COLUMNS if column.coded} | KEYS
"""Columns that are dictionary arrays, whatever a format makes of them; the keys of lookup tables are."""
WITH_SECRETS = {"url": False, "referrer": False, "extra": True}
"""Columns that may hold secrets, and whether they hold JSON."""


def events(
    reading: Reading, lines: Lines, schema: pa.Schema, source: int, course: str | None, wanted: Collection[str]
) -> Iterator[pa.RecordBatch]:
    """The events of `lines` with the columns of `schema`, null where they are not `wanted`.

    `source` is the number of the source, `course` the course of those that name none. The repaired lines of a
    block come last. Raises what `lines` raises, and `Stop`.
    """
    form = reading.format
    made = {name: column for name, column in form.columns.items() if name in wanted}
    reads = {field for column in made.values() for field in column.reads}
    spec = form.spec.only({*reads, *form.needed}, rest="extra" in wanted)
    pages = Remembered(form.page, 4)
    unseen = {name: read for name, (ours, read) in form.watched.items() if ours in made}
    count = 0
    numeric = dict.fromkeys(IDENTIFYING, 0)
    networks = Remembered(lambda address: (network(address),), 1)

    for batch in reading.batches(lines, spec):
        found = Records(
            batch.scanned,
            form.within,
            parse_pages=lambda records: pages.parsed(form.url(records)),
            parse_networks=lambda records: networks.parsed(form.address(records)),
        )
        count += len(found)
        unseen = {name: read for name, read in unseen.items() if _is_empty(read(batch.scanned.r))}
        arrays = {name: column.make(found) for name, column in made.items()}
        arrays |= {
            "source": pa.repeat(pa.scalar(source, EVENTS.schema.field("source").type), len(found)),
            "line": pa.array(batch.numbers, EVENTS.schema.field("line").type),
        }
        if "extra" not in arrays:
            arrays["extra"] = batch.scanned.rest
        if "course" in arrays:
            arrays["course"] = filled(arrays["course"], course)
        for key in arrays.keys() & set(IDENTIFYING):
            arrays[key] = _in_one_form(key, arrays[key], batch, reading)
            numeric[key] += int((like_numbers(arrays[key]) & batch.valid).sum())
        columns = [
            _storable(_typed(arrays.get(field.name), field, len(found)), field.name, batch, reading) for field in schema
        ]
        made_of = pa.RecordBatch.from_arrays(columns, list(schema.names))
        yield made_of if batch.valid.all() else made_of.filter(pa.array(batch.valid))
    for key, number in numeric.items():
        if number:
            reading.warn(NUMERIC.format(number=number, key=key))
    for name in unseen if count else ():
        ours = form.watched[name][0]
        reading.warn(f"no line has a value for '{name}', which fills {ours}: {count:,} lines were read")


def _in_one_form(key: str, array: pa.Array, batch: Batch, reading: Reading) -> pa.Array:
    """A column by which events are identified, with what was changed in it counted."""
    array, changed = trimmed(array)
    reading.count(f"trimmed {key}", batch.numbers[changed & batch.valid])
    if key == "learner":
        array, changed = whole_numbers(array)
        reading.count("decimals removed from learner", batch.numbers[changed & batch.valid])
    array, too_long = shortened(array)
    reading.count(f"cut {key}", batch.numbers[too_long & batch.valid])
    return array


def _is_empty(texts: pa.Array) -> bool:
    return len(texts) == texts.null_count or not pc.any(pc.not_equal(plain(texts), "")).as_py()


def _typed(array: pa.Array | None, field: pa.Field, rows: int) -> pa.Array:
    coded = field.name in CODED
    if array is None:
        return pa.nulls(rows, pa.dictionary(pa.int32(), field.type) if coded else field.type)
    if coded and not pa.types.is_dictionary(array.type):
        return array.dictionary_encode()
    return array if coded else plain(array)


def _storable(column: pa.Array, name: str, batch: Batch, reading: Reading) -> pa.Array:
    """A column without secrets, and without strings that are too long to be looked up; what was changed is counted."""
    if name in WITH_SECRETS and column.null_count < len(column):
        column, secret = remove(column, WITH_SECRETS[name])
        reading.count(f"secret removed from {name}", batch.numbers[batch.valid & secret])
    if name in KEYS:
        column, too_long = shortened(column, with_digest=False)
        reading.count(f"cut {name}", batch.numbers[batch.valid & too_long])
    return column


class Remembered(dict[str | None, tuple[str | None, ...]]):
    """Parsed forms of `parts` parts by their string; a new string is parsed when it is asked for. Size is bounded."""

    def __init__(self, parse: Callable[[str], tuple[str | None, ...]], parts: int) -> None:
        self._parse = parse
        self._parts = parts

    def __missing__(self, text: str) -> tuple[str | None, ...]:
        if len(text or "") > LONGEST_REMEMBERED:
            return self._parse(text)
        if len(self) >= REMEMBERED:
            self.clear()
        found = self[text] = self._parse(text)
        return found

    def parsed(self, strings: pa.Array) -> list[pa.DictionaryArray]:
        """The parsed forms of all strings, an array for each of their parts."""
        distinct = strings if pa.types.is_dictionary(strings.type) else strings.dictionary_encode()
        rows = list(map(self.__getitem__, distinct.dictionary.to_pylist()))
        parts = zip(*rows, strict=True) if rows else [()] * self._parts
        coded = (pa.array(part, pa.string()).dictionary_encode() for part in parts)
        return [pa.DictionaryArray.from_arrays(part.indices.take(distinct.indices), part.dictionary) for part in coded]
