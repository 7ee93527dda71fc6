"""Parameters: what a question can be asked with, defined once and used by command line, Python and SQL.

The text of an analysis names a parameter as `$name`. Its value takes that place as a typed SQL literal.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from inspect import Parameter as Argument
from inspect import signature
from math import isfinite
from typing import Any, TypeVar

from coursetrail.engines.sql import literal
from coursetrail.errors import UsageError, did_you_mean

Value = str | int | float | bool | date | None
Function = TypeVar("Function", bound=Callable[..., Any])
NAMED = re.compile(r"\$([a-z]\w*)")


@dataclass(frozen=True)
class Parameter:
    """One thing that a question can be asked with.

    `name` is the Python keyword and `option` the command line's, if it is not `--name`. `type` is str, int, float, date
    or bool; a bool is an option without a value, or turned on by the one word in `choices`, as in `--without bots`.
    `choices` are all values that a str may have; `least` and `most` bound a number; a str matches the
    regular expression `pattern` completely. `help` says in one sentence what
    the parameter does; `metavar` stands for the value there.
    """

    name: str
    type: type
    default: Value
    help: str
    option: str = ""
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    pattern: str = ""

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return self.option or f"--{self.name.replace('_', '-')}"

    def parse(self, text: str) -> Value:
        """The value that a text stands for, as the command line has it. Raises UsageError."""
        if self.type is bool:
            return text in self.choices
        try:
            value: Value = date.fromisoformat(text) if self.type is date else self.type(text)
        except ValueError as error:
            raise UsageError(f"'{text}' is not {_AS_TEXT[self.type]}.") from error
        return self.check(value)

    def check(self, value: Value) -> Value:
        """The value itself. Raises UsageError where the parameter cannot have it."""
        if value is None and self.default is None:
            return None
        if self.type is float and type(value) is int:
            value = float(value)
        if type(value) is not self.type:
            raise UsageError(f"{self.name} takes {_AS_VALUE[self.type]}, not {value!r}.")
        if self.type is str and self.choices and value not in self.choices:
            raise UsageError(f"{self.name} is {_listed(self.choices)}, not {value!r}.")
        if isinstance(value, str) and self.pattern and not re.fullmatch(self.pattern, value):
            raise UsageError(f"{self.name} cannot be {value!r}: {self.help[0].lower()}{self.help[1:]}")
        if isinstance(value, int | float) and not (isfinite(value) and self._is_within(value)):
            raise UsageError(f"{self.name} takes a number{self._bounds()}, not {value}.")
        return value

    def _is_within(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def _bounds(self) -> str:
        bounds = [
            f"{words} {bound}"
            for words, bound in (("at least", self.least), ("at most", self.most))
            if bound is not None
        ]
        return " of " + " and ".join(bounds) if bounds else ""


_AS_TEXT = {str: "text", int: "a whole number", float: "a number", date: "a date; write it like 2013-08-01"}
_AS_VALUE = {
    str: "text (str)",
    int: "a whole number (int)",
    float: "a number (float)",
    bool: "True or False",
    date: "a day (datetime.date)",
}


def checked(parameters: Iterable[Parameter], given: Mapping[str, Value]) -> dict[str, Value]:
    """The values of all `parameters`, those that are not given by default. UsageError for a name that is not known."""
    known = {one.name: one for one in parameters}
    for name in given:
        if name not in known:
            raise UsageError(f"There is no parameter '{name}'.{did_you_mean(name, list(known))}")
    return {name: one.check(given.get(name, one.default)) for name, one in known.items()}


def filled(text: str, values: Mapping[str, Value], write: Callable[[Any], str] = literal) -> str:
    """The text with every `$name` replaced by its value, written as SQL unless `write` does it otherwise.

    >>> filled("gap > $gap", {"gap": 30})
    'gap > 30'
    """
    return NAMED.sub(lambda found: write(values[found[1]]), text)


def named_in(text: str) -> set[str]:
    """The names of the parameters in a text."""
    return set(NAMED.findall(text))


def with_signature(parameters: Iterable[Parameter]) -> Callable[[Function], Function]:
    """Give a function that takes `**keywords` a signature that names these parameters."""
    named = [
        Argument(
            one.name,
            Argument.KEYWORD_ONLY,
            default=one.default,
            annotation=one.type | None if one.default is None else one.type,
        )
        for one in parameters
    ]

    def signed(function: Function) -> Function:
        shape = signature(function)
        kept = [one for one in shape.parameters.values() if one.kind != Argument.VAR_KEYWORD]
        rest = [one for one in shape.parameters.values() if one.kind == Argument.VAR_KEYWORD]
        function.__signature__ = shape.replace(parameters=[*kept, *named, *rest])  # type: ignore[attr-defined]
        return function

    return signed


def _listed(choices: tuple[str, ...]) -> str:
    return " or ".join(f"'{one}'" for one in choices)
