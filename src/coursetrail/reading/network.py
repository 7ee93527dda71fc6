"""The network prefix of a client's address: it tells networks apart, but not people."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PLAIN = re.compile(rf"((?:{_BYTE}\.){{3}}){_BYTE}", re.ASCII)
"""A single IPv4 address: nearly all are, and `ipaddress` takes fifty times as long."""
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]*)\](?::\w*)?|(?P<v4>[0-9.]+):\w*", re.ASCII)
_FOR = re.compile(r"(?:^|;)\s*for\s*=\s*([^;]*)", re.IGNORECASE)
"""The client in an element of the header `Forwarded` (RFC 7239)."""

_NOT_PUBLIC = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
            "100.64.0.0/10",  # shared by the customers of a provider (RFC 6598)
            *("192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),
            *("::/128", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
        ),
    )
)
_HOLD_IPV4 = tuple(
    (IPv6Network(prefix), shift, mask)
    for prefix, shift, mask in (
        ("::ffff:0:0/96", 0, 0),  # IPv4-mapped: how a socket for both protocols writes IPv4
        ("::ffff:0:0:0/96", 0, 0),  # IPv4-translated (RFC 7915)
        ("64:ff9b::/96", 0, 0),  # NAT64
        ("2002::/16", 80, 0),  # 6to4: its /48 would be one IPv4 address
        ("2001::/32", 0, 0xFFFFFFFF),  # Teredo writes the client's address inverted
    )
)
"""IPv6 networks whose addresses hold an IPv4 address: how far it is shifted, and which bits are inverted."""


def network(address: str) -> str | None:
    """The /24 (IPv4) or /48 (IPv6) of the first public address in a proxy list, else of the first address.

    Ports, brackets, quotes and zones are ignored. Of the header `Forwarded`, only `for` counts. An IPv4 address
    inside an IPv6 address is read as IPv4.

    >>> network("10.0.0.7, 203.0.113.9")
    '203.0.113.0/24'
    >>> network("[::ffff:203.0.113.9]:443")
    '203.0.113.0/24'
    """
    if plain := _PLAIN.fullmatch(address):
        return f"{plain[1]}0/24"
    found = [one for part in address.split(",") if (one := _address(part))]
    if not found:
        return None
    client = next((one for one in found if _is_public(one)), found[0])
    if isinstance(client, IPv4Address):
        return str(IPv4Network((client, 24), strict=False))
    return str(IPv6Network((int(client), 48), strict=False))


def _address(part: str) -> IPv4Address | IPv6Address | None:
    """The address in one element of a proxy list; None if it has none."""
    if "=" in part:
        client = _FOR.search(part)
        part = client[1] if client else ""
    text = part.strip(" \t\"'")
    if written := _WITH_PORT.fullmatch(text):
        text = written["v6"] or written["v4"] or ""
    try:
        found = ip_address(text.partition("%")[0])  # a zone (%eth0) may be any text
    except ValueError:
        return None
    for holder, shift, mask in _HOLD_IPV4:
        if found in holder:
            return IPv4Address(int(found) >> shift & 0xFFFFFFFF ^ mask)
    return found


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return not any(address in private for private in _NOT_PUBLIC)
