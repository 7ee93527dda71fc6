"""Options that several commands share: the filters of an analysis, and how exports are read."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any, TypeVar

import click

from coursetrail.analyses.analysis import Filters
from coursetrail.engines.config import ENGINES, chosen
from coursetrail.errors import UsageError, did_you_mean

FORMATS = ("table", "csv", "json", "parquet")
"""Ways to print a table."""

F = TypeVar("F", bound=Callable[..., Any])


class Day(click.ParamType[date]):
    """A UTC date as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date, or a clear word."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is no date; write it like 2013-08-01.", param, ctx)


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

    @click.option("--course", metavar="NAME", help="Only events of this course.")
    @click.option("--from", "since", type=Day(), metavar="DATE", help="Only events of this UTC day and later.")
    @click.option("--to", "until", type=Day(), metavar="DATE", help="Only events before this UTC day.")
    @click.option("--device", metavar="CLASS", help="Only events from this device class, such as tablet.")
    @click.option("--language", metavar="CODE", help="Only events in this preferred language, such as es.")
    @click.option("--without", type=click.Choice(["bots"]), help="Leave out events of known bots.")
    @click.option(
        "--clicks",
        type=click.Choice(["deliberate", "all"]),
        default="deliberate",
        show_default=True,
        help="What counts as a click: deliberate actions, or every event.",
    )
    @wraps(command)
    def with_filters(
        course: str | None,
        since: date | None,
        until: date | None,
        device: str | None,
        language: str | None,
        without: str | None,
        clicks: Any,
        **rest: Any,
    ) -> Any:
        filters = Filters(course, since, until, device, language, without == "bots", clicks)
        return command(filters=filters, **rest)

    return with_filters  # type: ignore[return-value]


def versioned(command: F) -> F:
    """Give a command the version of the dataset that is asked for, as `as_of`."""
    return click.option(
        "--as-of", type=Version(), metavar="VERSION|TIME", help="The version to read (see status); default: the newest."
    )(command)


def engined(command: F) -> F:
    """Give a command the options of an engine; it gets them as `choice`.

    What is not said there comes from the environment, then from a `coursetrail.toml` in the current folder.
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
