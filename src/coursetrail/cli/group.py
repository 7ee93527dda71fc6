"""The group of all commands: their order, a hint for a misspelt name, and a closed pipe."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from coursetrail.errors import UsageError, did_you_mean


@contextmanager
def _until_the_pipe_closes() -> Iterator[None]:
    """Exit with 0 when the reader of our output closes the pipe, which click reports as an error.

    Python must not flush into that pipe again.
    """
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None


class Commands(click.Group):
    """All commands, with a hint for a misspelt name."""

    def make_context(self, *words: Any, **settings: Any) -> click.Context:
        """As in click, which prints --help here."""
        with _until_the_pipe_closes():
            return super().make_context(*words, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        """As in click."""
        with _until_the_pipe_closes():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order of COMMANDS, not of the alphabet."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As in click, with a suggestion."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise UsageError(f"No command is called '{args[0]}'.{did_you_mean(args[0], list(self.commands))}")
        return super().resolve_command(ctx, args)
