"""What an output format of a table is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from coursetrail.render.caption import Caption


@dataclass(frozen=True)
class Writer:
    """One output format: its name on the command line, the ending of its files, and how it is written and read.

    `encode` gives the same bytes for the same table. `join` puts several encoded tables into one stream; without it
    every table needs a file of its own. `decode` reads a table of the given schema back; without it the format is only
    written. A binary format is not printed to a terminal.
    """

    name: str
    ending: str
    encode: Callable[[pa.Table, Caption | None], bytes]
    join: Callable[[Sequence[bytes]], bytes] | None = None
    decode: Callable[[bytes, pa.Schema], pa.Table] | None = None
    is_binary: bool = False
