"""Tables as aligned plain text for a terminal."""

from textwrap import fill

import pyarrow as pa
from rich.cells import cell_len

from coursetrail.analyses.analysis import Result
from coursetrail.render.extract import extract, more_rows
from coursetrail.render.wording import clean

WIDEST = 44
LINE = 100
GAP = "  "


def text(table: pa.Table, result: Result | None = None) -> str:
    """The rows under their title, over their definition, n and what was left out."""
    rows = aligned(table, result)
    if result is None:
        return rows
    analysis = result.analysis
    notes = [fill(clean(note), LINE) for note in (analysis.definition, result.scope.describe()) if note]
    return "\n".join([clean(analysis.title), "", rows, *notes, ""])


def aligned(table: pa.Table, result: Result | None = None) -> str:
    """Only the rows, numbers flush right."""
    shown = extract(table, result)
    if not shown.headings:
        return "(no columns)\n"
    lines = [shown.headings, *shown.rows, *shown.last]
    lines = [[_shortened(cell) for cell in line] for line in lines]
    widths = [max(map(_cells, column)) for column in zip(*lines, strict=True)]
    printed = [_line(line, widths, shown.numeric) for line in lines]
    head, body, tail = printed[0], printed[1 : 1 + len(shown.rows)], printed[1 + len(shown.rows) :]
    rule = GAP.join("─" * width for width in widths)
    if not shown.rows:
        body = ["(no rows)"]
    if shown.more:
        body.append(more_rows(shown.more))
    return "\n".join([head, rule, *body, *tail, ""])


def _line(cells: list[str], widths: list[int], numeric: list[bool]) -> str:
    padded = []
    for cell, width, right in zip(cells, widths, numeric, strict=True):
        space = " " * (width - _cells(cell))
        padded.append(space + cell if right else cell + space)
    return GAP.join(padded).rstrip()


def _cells(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def _shortened(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1].rstrip() + "…"
