from typing import Any, TypeAlias

SKIP: int
TEXT: int
ANY: int
JSON: int
INTEGER: int
NUMBER: int

ColumnPosition: TypeAlias = tuple[int, int, int, int, int, int]

def scan(
    block: Any,
    fields: tuple[tuple[str, int, bool, bool, str, int], ...],
    nested: tuple[tuple[str, int, bool, bool, str, int], ...],
    inside: int,
    where: int,
    when: str,
    rest: bool,
    known: bool,
    /,
) -> tuple[
    Any,
    int,
    int,
    int,
    int,
    list[ColumnPosition | None],
    list[ColumnPosition | None],
    ColumnPosition,
    ColumnPosition,
    ColumnPosition | None,
]: ...
def hashes(block: Any, /) -> bytes: ...
def records(
    block: Any,
    at_end: bool,
    delimiter: bytes,
    backslash: bool,
    before: tuple[bytes, ...],
    nulls: tuple[bytes, ...],
    header: bytes | None,
    /,
) -> tuple[Any, int, int, int, int, int, int]: ...
def space(size: int, /) -> Any: ...
def tally(block: Any, /) -> tuple[int, int]: ...
