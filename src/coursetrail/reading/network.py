"""The network prefix of a client's address: it tells networks apart, but not people."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PLAIN = re.compile(rf"((?:{_BYTE}\.){{3}}){_BYTE}", re.ASCII)
"""A single IPv4 address: nearly all are, and `ipaddress` takes fifty times as long."""


def network(address: str) -> str | None:
    """The /24 (IPv4) or /48 (IPv6) of the first public address in a proxy list, else of the first address.

    >>> network("10.0.0.7, 203.0.113.9")
    '203.0.113.0/24'
    """
    if plain := _PLAIN.fullmatch(address):
        return f"{plain[1]}0/24"
    found = []
    for part in address.split(","):
        try:
            found.append(ip_address(part.strip()))
        except ValueError:
            continue
    if not found:
        return None
    client = next((one for one in found if not _is_private(one)), found[0])
    if isinstance(client, IPv4Address):
        return str(IPv4Network((client, 24), strict=False))
    return str(IPv6Network((int(client), 48), strict=False))  # without a zone (%eth0), which may be any text


def _is_private(address: object) -> bool:
    text = str(address)
    private = ("10.", "192.168.", "127.", "169.254.", "fc", "fd", "fe8", "::1")
    return text.startswith(private) or (text.startswith("172.") and 16 <= int(text.split(".")[1]) <= 31)
