"""Values as SQL text: the only way a value gets into a statement."""

from datetime import date

from coursetrail.errors import UsageError


def literal(value: str | float | date | None) -> str:
    """A Python value as a typed SQL literal that every engine reads the same.

    >>> literal("it's")
    "'it''s'"
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return f"timestamp '{value.isoformat()} 00:00:00'"
    if isinstance(value, str):
        if "\0" in value:
            raise UsageError("A filter value cannot hold a NUL character.")
        return "'" + value.replace("'", "''") + "'"
    return repr(value)
