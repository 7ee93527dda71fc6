r"""Texts that a spreadsheet may read as formulas, and what is done about them in every CSV that coursetrail writes.

A text runs if it begins with `=`, `+`, `-` or `@`, or with their full-width forms; blanks and quotes before that do not
prevent it. Where a list is separated by semicolons, as in much of Europe, or by tabs, a program also splits a quoted
cell that is not the first of its line, so a new cell may begin inside a text. Each such beginning gets an apostrophe.
"""

CONTROLS = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x{9F}]"
"""Regular expression (RE2) of the characters that are removed first: some programs skip them before a formula."""
_BLANK = r"\s\"\x{A0}\x{AD}\x{1680}\x{180E}\x{2000}-\x{200F}\x{2028}-\x{202F}\x{205F}-\x{206F}\x{3000}\x{FEFF}"
_BEFORE = rf"(^|[;\t\r\n])([{_BLANK}]*)"
_FORMULA = r"([=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])"
ARMED, DISARMED = _BEFORE + _FORMULA, r"\1\2'\3"
"""Regular expression (RE2) of the beginning of a formula, and what replaces each of its matches."""
HARMFUL = f"{CONTROLS}|{ARMED}"
"""Regular expression (RE2) of texts to which either applies: most need only this search."""
ESCAPED, RESTORED = f"{_BEFORE}'{_FORMULA}", r"\1\2\3"
"""The reverse: regular expression (RE2) of what was replaced, and what it was before."""
