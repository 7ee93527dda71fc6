"""Lookup tables: distinct strings of the events, each parsed once, on any machine.

`ALL` lists them; each is one module with a `Lookup`. device-detector is loaded when the first user agent is parsed.
May import `coursetrail.errors` and no other package of ours.
"""

from coursetrail.lookups.agents import AGENTS
from coursetrail.lookups.languages import LANGUAGES
from coursetrail.lookups.lookup import Lookup

ALL: tuple[Lookup, ...] = (AGENTS, LANGUAGES)
