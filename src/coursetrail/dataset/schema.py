"""The tables of a dataset: what one row of each is, its columns, and how it is written and joined.

This is the only list of them. Reading, committing, compaction, SQL and documentation follow from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pyarrow as pa

from coursetrail import lookups
from coursetrail.reading.columns import MOMENT

TEXT, INT32, INT64, NUMBER, BYTES = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.binary()

WriteMode = Literal["events", "lookup", "append", "course"]


@dataclass(frozen=True)
class EventColumn:
    """A column of events: its type and its meaning.

    Values of a `coded` column repeat: in memory they are numbers into a dictionary. Of a `ranged` one Parquet stores
    the smallest and the largest value, so that a reader can skip rows. An `unrepeated` one has no dictionary in
    Parquet. A `mapped` one can be filled by the section [columns] of a mapping file. A `required` one is never
    null. The values of a `personal` one may identify a person.
    """

    name: str
    type: pa.DataType
    meaning: str
    coded: bool = False
    ranged: bool = False
    unrepeated: bool = False
    mapped: bool = False
    required: bool = False
    personal: bool = False


EVENT_COLUMNS = (
    EventColumn("source", INT32, "the file it came from: its number in `sources`", ranged=True, required=True),
    EventColumn("line", INT64, "its line in that file, from 1", unrepeated=True),
    EventColumn(
        "platform", TEXT, "`coursera`, `edx`, or what a mapping file says", coded=True, mapped=True, required=True
    ),
    EventColumn(
        "course",
        TEXT,
        (
            "the course's short name or id, from the page or the export; else "
            "`--course`, or what is before `_clickstream` in the file's name; else null"
        ),
        coded=True,
        ranged=True,
        mapped=True,
    ),
    EventColumn("time", MOMENT, "when the platform logged it", ranged=True, unrepeated=True, required=True),
    EventColumn(
        "learner",
        TEXT,
        ("the id that the platform gave (Coursera: a hash, different in each course); null if there is none"),
        ranged=True,
        mapped=True,
        personal=True,
    ),
    EventColumn(
        "action", TEXT, "what was done: one value of the closed list below; never null", coded=True, required=True
    ),
    EventColumn(
        "area",
        TEXT,
        ("the part of the course: one value of the closed list below; null without an address"),
        coded=True,
    ),
    EventColumn("item", TEXT, "which lecture, quiz, thread … within the area", coded=True, mapped=True),
    EventColumn("url", TEXT, "address of the page", coded=True, mapped=True, personal=True),
    EventColumn("referrer", TEXT, "address of the page before", mapped=True, personal=True),
    EventColumn(
        "cookie",
        TEXT,
        ("the browser's session cookie: it is valid for months and does not identify a visit"),
        mapped=True,
        personal=True,
    ),
    EventColumn("user_agent", TEXT, "as it was logged: the key into `agents`", coded=True, mapped=True),
    EventColumn("accept_language", TEXT, "as it was logged: the key into `languages`", coded=True, mapped=True),
    EventColumn(
        "network",
        TEXT,
        ("the /24 (IPv4) or /48 (IPv6) of the address, if the export has one; the address is not stored"),
        coded=True,
        mapped=True,
        personal=True,
    ),
    EventColumn("country", TEXT, "two letters; null in legacy exports, which do not have it", coded=True, mapped=True),
    EventColumn("region", TEXT, "as `country`", coded=True, mapped=True),
    EventColumn("timezone", TEXT, "as `country`", coded=True, mapped=True),
    EventColumn("position", NUMBER, "seconds into the video; the target of a seek", unrepeated=True, mapped=True),
    EventColumn(
        "position_from",
        NUMBER,
        "seconds into the video before the action; the start of a seek",
        unrepeated=True,
        mapped=True,
    ),
    EventColumn("rate", NUMBER, "playback rate, 1 is normal", unrepeated=True, mapped=True),
    EventColumn(
        "weight",
        INT32,
        ("how many clicks the event stands for, where a source has only totals; null means one"),
        mapped=True,
    ),
    EventColumn(
        "extra",
        TEXT,
        ("JSON of everything that has no column: the platform's own event name, and every unknown field"),
        unrepeated=True,
    ),
)


@dataclass(frozen=True)
class DatasetTable:
    """A table of a dataset: what one `row` is, and its columns, each with its type and its meaning.

    `written` says how rows come in: `events` with the commit that counts, `append` with every file, `lookup` once for
    each distinct string of the column `key` of events, which also joins them, `course` in exchange for the rows of the
    same courses.
    """

    name: str
    row: str
    columns: Mapping[str, tuple[pa.DataType, str]]
    written: WriteMode
    key: str | None = None

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns as an Arrow schema."""
        return pa.schema([(name, kind) for name, (kind, _) in self.columns.items()])


EVENTS = DatasetTable(
    name="events",
    row="One event.",
    columns={column.name: (column.type, column.meaning) for column in EVENT_COLUMNS},
    written="events",
)
SOURCES = DatasetTable(
    name="sources",
    row="One ingested file: the ledger.",
    columns={
        "source": (INT32, "number of the file in this dataset, from 1"),
        "uri": (TEXT, "where it was read from"),
        "format": (TEXT, "the format it was read as"),
        "digest": (TEXT, "BLAKE3 of its bytes: the same bytes are never ingested twice"),
        "bytes": (INT64, "its size on disk"),
        "modified": (MOMENT, "when it was last changed"),
        "lines": (INT64, "its lines; of a file that has grown, the new ones"),
        "events": (INT64, "lines that are events"),
        "duplicates": (INT64, "lines whose bytes equal an earlier line of the file"),
        "rejected": (INT64, "lines that could not be read: they are in `rejects`"),
        "blank": (INT64, "lines of white space or NUL bytes only"),
        "header": (INT64, "1 where the first line holds the names of the columns, else 0"),
        "unfinished": (
            INT64,
            "1 where the last line is not complete: the file may still grow, or was cut; else 0",
        ),
        "physical_lines": (INT64, "the same lines as an editor counts them: a record of a table may hold several"),
        "mended": (TEXT, "JSON: what was repaired, and in how many lines"),
        "warnings": (TEXT, "JSON: a list of what a person should check"),
        "fault": (
            TEXT,
            ("what ended the file early, for example a gzip stream that is cut off, or what may have; else null"),
        ),
        "first_time": (MOMENT, "of its first event"),
        "last_time": (MOMENT, "of its last event"),
        "clock": (
            pa.bool_(),
            "false where its times are days without a time of day; null as written by older releases",
        ),
        "continues": (INT32, "the source that the first `begin` lines are, where the file has grown; else null"),
        "begin": (INT64, "how many lines were skipped, because they had been read before"),
        "beginning": (
            TEXT,
            ("JSON: the fingerprint, which recognises the file when it is longer, compressed or renamed"),
        ),
        "ingested": (MOMENT, "when it was read"),
        "version": (TEXT, "of coursetrail"),
        "encoding": (TEXT, "the encoding that it was read in, where that is not UTF-8; else null"),
    },
    written="append",
)
REJECTS = DatasetTable(
    name="rejects",
    row="One line that could not be read.",
    columns={
        "source": (INT32, "the file: its number in `sources`"),
        "line": (INT64, "its line in that file, from 1"),
        "reason": (TEXT, "why it is not an event"),
        "raw": (
            BYTES,
            (
                "the line's bytes, unchanged (of a line over 16 MiB, the first 1 MiB; of a source with an `encoding`, "
                "as UTF-8); of edX redacted"
            ),
        ),
    },
    written="append",
)
SYLLABUS = DatasetTable(
    name="syllabus",
    row="One item of a course whose tables were read; or a lesson, module or course without items.",
    columns={
        "course": (TEXT, "its id: `course` of the events"),
        "slug": (TEXT, "its short name, as it occurs in addresses"),
        "course_name": (TEXT, "its name"),
        "module": (TEXT, "id of the module; null for a course without content"),
        "module_name": (TEXT, "its name"),
        "module_order": (INT32, "its position in the course, as Coursera counts"),
        "lesson": (TEXT, "id of the lesson"),
        "lesson_name": (TEXT, "its name"),
        "lesson_order": (INT32, "its position in the module"),
        "item": (TEXT, "id of the item: `item` of the events"),
        "item_name": (TEXT, "its name"),
        "item_order": (INT32, "its position in the lesson"),
        "item_type": (TEXT, "for example lecture; its number where Coursera's list of types is missing"),
    },
    written="course",
)
MEMBERS = DatasetTable(
    name="members",
    row="One member of a course, by the latest role.",
    columns={
        "course": (TEXT, "its id: `course` of the events"),
        "learner": (TEXT, "as in the events, if both were asked for with linked hashing"),
        "role": (TEXT, "`learner`, `pre-enrolled`, `not enrolled`, `mentor`, `staff` or `other`"),
        "since": (MOMENT, "when the role was logged"),
    },
    written="course",
)
GRADES = DatasetTable(
    name="grades",
    row="One learner's latest grade in a course.",
    columns={
        "course": (TEXT, "its id: `course` of the events"),
        "learner": (TEXT, "as in the events, if both were asked for with linked hashing"),
        "passing": (TEXT, "`not passed`, `passed` or `verified`; null for any other state"),
        "overall": (NUMBER, "0 to 1"),
        "verified": (NUMBER, "0 to 1, of verified work only"),
        "time": (MOMENT, "when the grade was given"),
    },
    written="course",
)
LOOKUPS = tuple(DatasetTable(one.name, one.row, one.columns, "lookup", one.key) for one in lookups.ALL)

TABLES = (EVENTS, *LOOKUPS, SOURCES, REJECTS, SYLLABUS, MEMBERS, GRADES)
"""All tables. A dataset without sources, or without tables about its courses, lacks some of them."""

REPLACED = tuple(table for table in TABLES if table.written == "course")
"""Tables whose rows are replaced course by course; to all other tables rows are only added."""
