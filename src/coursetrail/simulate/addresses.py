"""Network addresses of no real host: from ranges reserved for documentation, tests and private networks."""

import numpy as np


def address(random: np.random.Generator) -> str:
    """An address as the server logged it: IPv4, sometimes IPv6, private, or a list that names the proxies."""
    kind = random.random()
    a, b, c = (int(n) for n in random.integers(1, 255, 3))
    tested = f"198.{18 + a % 2}.{b}.{c}"
    if kind < 0.03:
        return f"2001:db8:{a:x}{b:02x}:{c:x}::{a * 7:x}"
    if kind < 0.05:
        return f"10.{a}.{b}.{c}, {tested}"
    if kind < 0.06:
        return f"{tested}, 203.0.113.{c}"
    if kind < 0.07:
        return f"192.168.{a}.{b}"
    if kind < 0.15:
        return f"{('192.0.2', '198.51.100', '203.0.113')[a % 3]}.{b}"
    return tested
