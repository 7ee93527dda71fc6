"""Files that were read and wait for a commit: several become part of the dataset in one version."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from coursetrail import lookups
from coursetrail.dataset import commit, delta
from coursetrail.dataset.commit import EventsFile
from coursetrail.dataset.errors import storage
from coursetrail.dataset.ledger import Source, as_table
from coursetrail.dataset.schema import EVENTS, REJECTS, SOURCES
from coursetrail.dataset.snapshot import Snapshot
from coursetrail.dataset.staging import StagingArea
from coursetrail.engines.duckdb import connect
from coursetrail.filesystem.location import Location
from coursetrail.ingestion.task import Extracted
from coursetrail.lookups.background import BackgroundParser
from coursetrail.lookups.lookup import Lookup
from coursetrail.progress import Progress

MOST_BYTES = 64 << 20
"""Bytes of Parquet that wait for a commit, at most; `MOST_FILES` and `MOST_SECONDS` are the other bounds."""
MOST_FILES, MOST_SECONDS = 50, 20


def unparsed(opened: Snapshot) -> dict[str, list[str]]:
    """The distinct strings of a dataset's events for each lookup table that it lacks.

    It lacks a table that this release has added, and all of them after an ingest that did not look strings up.
    """
    files = opened.files(EVENTS.name)
    lacking = [lookup for lookup in lookups.ALL if lookup.name not in opened.tables]
    if not (files and lacking):
        return {}
    with connect() as engine:
        keys = dict.fromkeys(one.key for one in lacking)
        engine.register(EVENTS.name, files, pa.schema(map(EVENTS.schema.field, keys)))
        texts = {
            key: engine.query(f"select distinct {key} as text from {EVENTS.name} where {key} is not null")["text"]
            for key in keys
        }
    return {one.name: texts[one.key].to_pylist() for one in lacking}


@dataclass
class CommitQueue:
    """What one run adds to the dataset at `location`.

    `events_at` and `sources_at` are the versions of these tables that the run is based on. Where there is no lock,
    another run may have added others since, and then nothing of this one may be committed. `unparsed` are strings of
    events that are in the dataset already, by the lookup table that lacks them; the first commit adds them.
    """

    location: Location
    staging: StagingArea
    look_up: bool
    progress: Progress
    events_at: int | None
    sources_at: int | None
    unparsed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    parser: BackgroundParser | None = None
    _waiting: list[Extracted] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    def add(self, new: Extracted) -> None:
        """Let a file wait for the next commit."""
        self._waiting.append(new)

    def add_alias(self, alias: Source) -> None:
        """Let a row that only notes another name wait for the next commit."""
        texts: dict[str, Sequence[str]] = {lookup.name: () for lookup in lookups.ALL}
        self.add(Extracted(alias, None, 0, REJECTS.schema.empty_table(), texts, frozenset()))

    def is_due(self) -> bool:
        """Whether enough is waiting, or for long enough."""
        is_late = time.monotonic() - self._since > MOST_SECONDS
        return is_late or len(self._waiting) >= MOST_FILES or sum(one.size for one in self._waiting) > MOST_BYTES

    def commit(self) -> None:
        """Make what waits part of the dataset, in one version."""
        new, self._waiting, self._since = self._waiting, [], time.monotonic()
        if not (new or self.unparsed):
            return
        self._prepare(new)
        files = self._moved(new)
        sources = [one.source for one in new]
        self.events_at = commit.commit(self.location, files, sources, based_on=self.events_at)

    def exchange(self, old: Sequence[Source], new: Extracted) -> None:
        """Put a file's rows in place of those of `old`, in one version."""
        self._prepare([new])
        files = self._moved([new])
        scratch = self.staging.scratch
        self.events_at = commit.exchange(self.location, old, files, new.source, scratch, based_on=self.events_at)

    def _moved(self, new: Sequence[Extracted]) -> list[EventsFile]:
        """The Parquet files of these exports, moved to the folder of events."""
        files = [EventsFile(one.file, one.size, one.source) for one in new if one.file]
        with storage(self.location):
            (self.location / EVENTS.name).make_folder()
            for file in files:
                (self.staging.files / file.name).move(self.location / EVENTS.name / file.name)
        return files

    def _prepare(self, new: Sequence[Extracted]) -> None:
        """Write to the other tables what a commit to `events` refers to."""
        if self.look_up:
            for lookup in lookups.ALL:
                texts = {text for one in new for text in one.texts[lookup.name]}
                self._look_up(lookup, texts.union(self.unparsed.get(lookup.name, ())))
            self.unparsed = {}
        sources = as_table([one.source for one in new])
        rejects = pa.concat_tables([REJECTS.schema.empty_table(), *(one.rejects for one in new)])
        # The sources first: a run that is killed here has used up its numbers, and no source has the rows that follow.
        self.sources_at = commit.append(self.location, SOURCES.name, sources, based_on=self.sources_at)
        commit.append(self.location, REJECTS.name, rejects, based_on=delta.version(self.location, REJECTS.name))

    def _look_up(self, lookup: Lookup, distinct: set[str]) -> None:
        """Parse what the dataset's table does not have yet; all of it again where the parser has changed."""
        before, at = delta.rows(self.location, lookup.name)
        known = set(before[lookup.key].to_pylist()) if before is not None else set()
        is_stale = before is not None and bool(set(before["parser"].to_pylist()) - {lookup.parser_version})
        wanted = sorted(known | distinct if is_stale else distinct - known)
        with self.progress.step(f"Looking up {lookup.name}", len(wanted), "strings"):
            parser = self.parser if self.parser and lookup.name == self.parser.table else lookup
            parsed = parser.parse(wanted)
            commit.append(self.location, lookup.name, parsed, "overwrite" if is_stale else "append", based_on=at)
