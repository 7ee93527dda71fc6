"""Whether every part of a dataset is what was written: its size, its digest and its rows."""

from collections import Counter
from collections.abc import Mapping

import pyarrow as pa

from coursetrail.dataset.errors import RESTORE
from coursetrail.dataset.part import Part, digest
from coursetrail.dataset.snapshot import Snapshot
from coursetrail.errors import DatasetError, listed
from coursetrail.filesystem.storage import first_line
from coursetrail.progress import Progress, Silent

GOOD = ("as written", "no digest")
"""States of parts that can be read. One without a digest has the size and the rows that the log says."""
CHECKED = pa.schema(
    [
        ("table", pa.string()),
        ("part", pa.string()),
        ("bytes", pa.int64()),
        ("rows", pa.int64()),
        ("state", pa.string()),
        ("finding", pa.string()),
    ]
)


def verify(opened: Snapshot, progress: Progress | None = None) -> pa.Table:
    """One row for each part of each table: `as written`, `no digest`, `missing`, `altered`, or `foreign`.

    A foreign part has the bytes of another one. Reads all bytes of the dataset.
    """
    parts = [(name, part) for name in opened.tables for part in opened.parts(name)]
    by_digest = {part.seal.whole: part.file.name for _, part in parts if part.seal}
    shown = progress or Silent()
    with shown.step("Verifying", sum(part.size for _, part in parts), "bytes") as step:
        rows = []
        for name, part in parts:
            state, finding = _state(part, by_digest)
            rows.append((name, part.file.name, part.size, part.rows, state, finding))
            step.advance(part.size)
    return pa.Table.from_pylist([dict(zip(CHECKED.names, row, strict=True)) for row in rows], schema=CHECKED)


def check_verified(opened: Snapshot, checked: pa.Table) -> None:
    """Raise DatasetError that names the parts that cannot be trusted, or says what else does not add up."""
    bad = [row for row in checked.to_pylist() if row["state"] not in GOOD]
    if bad:
        counts = ", ".join(f"{count:,} {state}" for state, count in Counter(row["state"] for row in bad).items())
        names = [f"{row['table']}/{row['part']} ({row['finding']})" for row in bad]
        raise DatasetError(
            f"{opened.location}: {len(bad):,} of {len(checked):,} parts are damaged ({counts}): {listed(names)}. "
            f"{RESTORE}"
        )
    opened.check_sums()


def summary(checked: pa.Table) -> str:
    """How many parts are in which state, as a sentence."""
    counts = Counter(checked["state"].to_pylist())
    states = ", ".join(f"{count:,} {state}" for state, count in counts.most_common())
    return f"{len(checked):,} parts, {sum(checked['bytes'].to_pylist()):,} bytes: {states or 'nothing to verify'}"


def _state(part: Part, by_digest: Mapping[str, str]) -> tuple[str, str | None]:
    """The state of a part, and what was found where it is not as it should be."""
    if not part.file.is_file():
        return "missing", "there is no such file"
    try:
        size, found = part.file.size(), digest(part.file)
        if part.seal and found != part.seal.whole:
            if other := by_digest.get(found):
                return "foreign", f"it has the bytes of {other}"
            return "altered", "its digest is another" if size == part.size else f"it has {size:,} bytes"
        if size != part.size:
            return "altered", f"it has {size:,} bytes, the log says {part.size:,}"
        rows = sum(map(len, part.batches()))
    except (DatasetError, OSError) as error:
        return "altered", f"it cannot be read ({first_line(error)})"
    if part.rows not in (None, rows):
        return "altered", f"it has {rows:,} rows, the log says {part.rows:,}"
    return ("as written" if part.seal else "no digest"), None
