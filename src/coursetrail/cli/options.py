"""Options that several commands share: the filters of an analysis, and how exports are read."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

import click

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.filters import FILTERS, Filters
from coursetrail.analyses.parameters import Parameter, Value
from coursetrail.engines.config import ENGINES, chosen
from coursetrail.errors import UsageError, did_you_mean
from coursetrail.render.tables import WRITERS

FORMATS = tuple(writer.name for writer in WRITERS)
"""Ways to print a table."""

F = TypeVar("F", bound=Callable[..., Any])


class Given(click.ParamType[Value]):
    """The value of a parameter of analyses."""

    def __init__(self, parameter: Parameter) -> None:
        self.name = parameter.type.__name__
        self._parameter = parameter

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Value:
        """The value, or an error that says what it can be."""
        try:
            return self._parameter.parse(value) if isinstance(value, str) else value
        except UsageError as error:
            self.fail(str(error), param, ctx)


class Version(click.ParamType[int | datetime]):
    """A version's number, or a time (UTC where it names no zone)."""

    name = "version"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | datetime:
        """The number or the time, or a clear word."""
        if isinstance(value, int | datetime):
            return value
        if value.isascii() and value.isdecimal() and len(value) < 10:
            return int(value)
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is neither a version nor a time; write 7 or 2026-11-25T06:00.", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


@contextmanager
def _until_nobody_reads() -> Iterator[None]:
    """Whoever read our output may close it: no error, though click takes it for one. Python must not try to
    flush into that pipe again.
    """
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None


class Commands(click.Group):
    """The commands in the order they are written; a near miss is told its name."""

    def make_context(self, *words: Any, **settings: Any) -> click.Context:
        """Click's own; here --help is printed."""
        with _until_nobody_reads():
            return super().make_context(*words, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        """Click's own."""
        with _until_nobody_reads():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order of this file."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Click's own, with a suggestion."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise UsageError(f"No command is called '{args[0]}'.{did_you_mean(args[0], list(self.commands))}")
        return super().resolve_command(ctx, args)


def filtered(command: F) -> F:
    """Give a command the filters of an analysis; it gets them as `filters`."""

    @wraps(command)
    def with_filters(**given: Any) -> Any:
        values = {one.name: given.pop(one.name) for one in FILTERS}
        return command(filters=Filters(**values), **given)

    for one in reversed(FILTERS):
        with_filters = _option(one, default=one.default, show_default=one.type is str and one.default is not None)(
            with_filters
        )
    return with_filters  # type: ignore[return-value]


def parameterized(known: Sequence[Analysis]) -> Callable[[F], F]:
    """Give a command the parameters of these analyses; it gets those that were given as `parameters`."""
    owners: dict[Parameter, list[str]] = {}
    for analysis in known:
        for one in analysis.parameters:
            owners.setdefault(one, []).append(analysis.name)

    def with_options(command: F) -> F:
        @wraps(command)
        def with_parameters(**given: Any) -> Any:
            values = {one.name: given.pop(one.name) for one in owners}
            parameters = {name: value for name, value in values.items() if value is not None}
            return command(parameters=parameters, **given)

        for one in reversed(owners):
            default = f"default: {one.default}" if one.default is not None else "no default"
            note = f"{one.help} Only {', '.join(owners[one])}; {default}."
            with_parameters = _option(one, help_=note)(with_parameters)
        return with_parameters  # type: ignore[return-value]

    return with_options


def _option(one: Parameter, help_: str = "", **settings: Any) -> Callable[[F], F]:
    """The option of a parameter. A closed list is shown as such."""
    if one.choices and one.type is str:
        kind: dict[str, Any] = {"type": click.Choice(one.choices)}
    else:
        kind = {"type": Given(one), "metavar": one.metavar or (f"[{'|'.join(one.choices)}]" if one.choices else None)}
    return click.option(one.flag, one.name, help=help_ or one.help, **{**kind, **settings})


def versioned(command: F) -> F:
    """Give a command the version of the dataset that is asked for, as `as_of`."""
    return click.option(
        "--as-of", type=Version(), metavar="VERSION|TIME", help="The version to read (see status); default: the newest."
    )(command)


def engined(command: F) -> F:
    """Give a command the options of an engine; it gets them as `choice`.

    What is not said there comes from the environment, then from a `coursetrail.toml` in the folder at hand.
    """

    @click.option(
        "--engine",
        type=click.Choice(ENGINES),
        help="What runs the SQL: duckdb (default) or spark; the numbers are the same.",
    )
    @click.option("--master", metavar="URL", help="The address of Spark: local[2], spark://host:7077, yarn.")
    @click.option("--remote", metavar="URL", help="A Spark Connect server: sc://host:15002.")
    @click.option("--conf", multiple=True, metavar="K=V", help="A setting of Spark; can be repeated.")
    @wraps(command)
    def with_choice(
        engine: str | None, master: str | None, remote: str | None, conf: tuple[str, ...], **rest: Any
    ) -> Any:
        settings = dict(part for text in conf if len(part := text.split("=", 1)) == 2 and part[0])
        if len(settings) < len(conf):
            raise UsageError("--conf takes NAME=VALUE, each name once; such as --conf spark.executor.memory=4g.")
        return command(choice=chosen(engine, master, remote, settings), **rest)

    return with_choice  # type: ignore[return-value]


def reading(command: F) -> F:
    """Give a command the options of reading exports."""
    for option in (
        click.option(
            "--max-rejects",
            default="1%",
            show_default=True,
            metavar="N|P%",
            help="Stop when more lines (or this share of them) cannot be read.",
        ),
        click.option("--mapping", metavar="TOML", help="A file that describes any other format; sniff writes a draft."),
        click.option("--format", "form", metavar="NAME", help="The export's format, if its content misleads."),
    ):
        command = option(command)
    return command
