"""Tables as aligned plain text for a terminal."""

from textwrap import fill

import pyarrow as pa

from coursetrail.render.caption import Caption
from coursetrail.render.preview import more_rows, preview
from coursetrail.render.wording import clean
from coursetrail.render.writer import Writer

WIDEST = 44
LINE = 100
GAP = "  "


def text(table: pa.Table, caption: Caption | None = None) -> str:
    """The first rows, with the title above and the notes below."""
    rows = _aligned(table, caption)
    if caption is None:
        return rows
    notes = [fill(clean(note), LINE) for note in caption.notes if note]
    return "\n".join([clean(caption.title), "", rows, *notes, ""])


def encode(table: pa.Table, caption: Caption | None = None) -> bytes:
    """`text` as UTF-8."""
    return text(table, caption).encode()


def _aligned(table: pa.Table, caption: Caption | None) -> str:
    """Only the rows, numbers aligned right."""
    shown = preview(table, caption.chart if caption else None)
    if not shown.headings:
        return "(no columns)\n"
    lines = [shown.headings, *shown.rows, *shown.last]
    lines = [[_shortened(cell) for cell in line] for line in lines]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
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
        space = " " * (width - _width(cell))
        padded.append(space + cell if right else cell + space)
    return GAP.join(padded).rstrip()


def _width(text: str) -> int:
    """How many columns of a terminal the text takes; East Asian letters take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # not at the top: the command line lists this format before it prints one

    return cell_len(text)


def _shortened(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1].rstrip() + "…"


TEXT = Writer("table", "txt", encode, join=b"\n".join)
