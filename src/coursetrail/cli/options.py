"""Options that several commands share: the filters of an analysis, and how exports are read."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

import click

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.filters import FILTERS, Filters
from coursetrail.analyses.parameters import Parameter, Value
from coursetrail.cli.printing import say
from coursetrail.engines import config_file
from coursetrail.engines.config import ENGINES, chosen
from coursetrail.errors import UsageError
from coursetrail.ingestion.reject_limit import DEFAULT_TEXT
from coursetrail.render.csv import EXCEL
from coursetrail.render.tables import WRITERS

OUTPUT_FORMATS = tuple(writer.name for writer in WRITERS)
"""Ways to print a table."""

COURSE = Parameter("course", str, None, "The course of events whose page does not name one.", metavar="NAME")
READ_OPTIONS = (
    Parameter("format", str, None, "The export's format, if its content misleads.", metavar="NAME"),
    Parameter("mapping", str, None, "A file that describes any other format; sniff writes a draft.", metavar="TOML"),
    Parameter("encoding", str, None, "The encoding of text that is not UTF-8; sniff says which.", metavar="NAME"),
    Parameter(
        "max_rejects", str, DEFAULT_TEXT, "Stop when more lines (or this share of them) cannot be read.", metavar="N|P%"
    ),
)
"""How exports are read, in the order of the help text."""

F = TypeVar("F", bound=Callable[..., Any])


class ParameterType(click.ParamType[Value]):
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


def filtered(command: F) -> F:
    """Give a command the filters of an analysis; it gets them as `filters`."""

    def collect(values: dict[str, Any]) -> dict[str, Any]:
        return {"filters": Filters(**{name: value for name, value in values.items() if value is not None})}

    return _with_options(FILTERS, collect)(command)


def parameterized(known: Sequence[Analysis]) -> Callable[[F], F]:
    """Give a command the parameters of these analyses; it gets those that were given as `parameters`.

    Analyses may share the name of a parameter: there is one option, and each checks the value by its own definition.
    """
    owners: dict[str, list[tuple[str, Parameter]]] = {}
    for analysis in known:
        for one in analysis.parameters:
            owners.setdefault(one.name, []).append((analysis.name, one))
    shown = [_shared(named) for named in owners.values()]
    return _with_options(
        shown, lambda values: {"parameters": {name: value for name, value in values.items() if value is not None}}
    )


def _shared(named: list[tuple[str, Parameter]]) -> Parameter:
    """One definition for parameters of the same name, each with the name of its analysis."""
    first = named[0][1]
    if len({(one.type, one.flag) for _, one in named}) > 1:
        raise UsageError(
            f"The parameter '{first.name}' has several types or options: {', '.join(name for name, _ in named)}."
        )
    notes = [f"{name}: {'no default' if one.default is None else one.default}" for name, one in named]
    alike = all(replace(one, default=first.default, help=first.help) == first for _, one in named)
    bounds: dict[str, Any] = {} if alike else {"choices": (), "least": None, "most": None}
    return replace(first, default=None, help=f"{first.help} Defaults: {', '.join(notes)}.", **bounds)


def reads_exports(command: F) -> F:
    """Give a command the options of reading exports; it gets them as `read_options`, keywords of the library."""
    return _with_options(READ_OPTIONS, lambda values: {"read_options": values})(command)


def ingests_exports(command: F) -> F:
    """Give a command the options of reading exports into a dataset; it gets them as `read_options`, as above."""
    return _with_options((COURSE, *READ_OPTIONS), lambda values: {"read_options": values})(command)


def _with_options(
    parameters: Sequence[Parameter], collect: Callable[[dict[str, Any]], dict[str, Any]]
) -> Callable[[F], F]:
    """Give a command an option for each parameter; it gets what `collect` makes of their values."""

    def with_options(command: F) -> F:
        @wraps(command)
        def collected(**given: Any) -> Any:
            words = {flag: given.pop(_keyword(flag)) for flag in listed}
            values = {
                one.name: one.choices[0] in words[one.flag] if one.flag in words else given.pop(one.name)
                for one in parameters
            }
            return command(**collect(values), **given)

        for one in reversed(parameters):
            if one.flag not in listed:
                collected = _option(one)(collected)
            elif one is listed[one.flag][0]:
                collected = _list(listed[one.flag])(collected)
        return collected  # type: ignore[return-value]

    listed: dict[str, list[Parameter]] = {}
    for one in parameters:
        if one.type is bool and one.choices:
            listed.setdefault(one.flag, []).append(one)

    return with_options


def _option(one: Parameter) -> Callable[[F], F]:
    """The option of a parameter. A closed list is shown as such, and so is a default that is text."""
    settings: dict[str, Any] = {"default": one.default, "help": one.help}
    if one.type is bool and not one.choices:
        settings |= {"is_flag": True}
    elif one.choices:
        settings |= {"type": click.Choice(one.choices)}
    else:
        settings |= {"type": ParameterType(one), "metavar": one.metavar}
    if one.type is str:
        settings |= {"show_default": one.default is not None}
    return click.option(one.flag, one.name, **settings)


def _list(words: Sequence[Parameter]) -> Callable[[F], F]:
    """One option for parameters that a word turns on each; it can be repeated."""
    known = click.Choice([one.choices[0] for one in words])
    help_ = " ".join(f"{one.choices[0]}: {one.help}" for one in words)
    return click.option(words[0].flag, _keyword(words[0].flag), multiple=True, type=known, help=help_)


def _keyword(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_") + "_words"


for_excel = click.option(
    "--excel", "form", flag_value=EXCEL.name, help="CSV for Excel: with a byte order mark, long texts cut to a cell."
)


def output_format(command: F) -> F:
    """Give a command the name of an output format, as `form`."""
    given = click.option(
        "--format", "form", type=click.Choice(OUTPUT_FORMATS), default="table", show_default=True, help="How to print."
    )
    return given(for_excel(command))


into_folder = click.option("-o", "--out", required=True, metavar="DIR", help="The folder to write into.")


def versioned(command: F) -> F:
    """Give a command the version of the dataset that is asked for, as `as_of`."""
    return click.option(
        "--as-of", type=Version(), metavar="VERSION|TIME", help="The version to read (see status); default: the newest."
    )(command)


def engined(command: F) -> F:
    """Give a command the options of an engine; it gets them as `engine`.

    What is not said there comes from the environment, then from a file (`config_file.find`). A run that takes anything
    from these says so.
    """

    @click.option(
        "--engine",
        type=click.Choice(ENGINES),
        help="What runs the SQL: duckdb (default) or spark; the numbers are the same.",
    )
    @click.option("--master", metavar="URL", help="The address of Spark: local[2], spark://host:7077, yarn.")
    @click.option("--remote", metavar="URL", help="A Spark Connect server: sc://host:15002.")
    @click.option("--conf", multiple=True, metavar="K=V", help="A setting of Spark; can be repeated.")
    @click.option(
        "--config", metavar="FILE", help="A file that says all this; default: ~/.config/coursetrail/config.toml."
    )
    @wraps(command)
    def with_engine(
        engine: str | None,
        master: str | None,
        remote: str | None,
        conf: tuple[str, ...],
        config: str | None,
        **rest: Any,
    ) -> Any:
        settings = dict(part for text in conf if len(part := text.split("=", 1)) == 2 and part[0])
        if len(settings) < len(conf):
            raise UsageError("--conf takes NAME=VALUE, each name once; such as --conf spark.executor.memory=4g.")
        found = chosen(engine, master, remote, settings, config_file.find(config, say))
        if found.said_by:
            address = found.master or found.remote
            say(f"Engine: {found.name}{f' at {address}' if address else ''}, from {found.said_by}.")
        return command(engine=found, **rest)

    return with_engine  # type: ignore[return-value]
