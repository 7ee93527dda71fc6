"""The functions of our SQL that engines do not have under one name; each engine declares them when it connects.

`microseconds(t)`: a time as microseconds since 1970. `to_day(n)`: the date of a day's number since 1970-01-01.
`wilson_low(k, n)` and `wilson_high(k, n)`: the 95 % interval of the share k of n (Wilson 1927, without continuity
correction); null for n = 0, and where k is null or more than n. `chi_square_p(x)`: how probable a chi-square of at
least x with one degree of freedom is by chance; its relative error is below 2e-7 (the approximation of erfc in
Numerical Recipes, §6.2). `wall_microseconds(t, zone)`: what a clock in an IANA time zone shows at a time, as
microseconds since 1970 on that clock; null where the name is not that of a zone. Engines have their own tables of
zones: for the future they may differ. `json_text(text, path)`: the value at a JSON path as text.
"""

from coursetrail.engines.sql import literal
from coursetrail.engines.zones import ZONES

Z = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


def _wilson(k: str, n: str, sign: str) -> str:
    margin = f"{Z} * sqrt({k} * ({n} - {k}) / {n} + {Z * Z / 4})"
    bound = f"({k} + {Z * Z / 2} {sign} {margin}) / ({n} + {Z * Z})"
    limited = f"greatest({bound}, 0)" if sign == "-" else f"least({bound}, 1)"
    return f"case when {n} > 0 and {k} <= {n} then {limited} end"


def _chi_square_p(x: str) -> str:
    t = f"(1 / (1 + 0.5 * sqrt({x} / 2)))"
    series = f"{_ERFC[-1]!r}"
    for factor in reversed(_ERFC[:-1]):
        series = f"{factor!r} + {t} * ({series})"
    return f"case when {x} is not null then least({t} * exp({series} - {x} / 2), 1) end"


_ERFC = (
    *(-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806),
    *(0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277),
)
_ZONE = f"case when zone in ({', '.join(map(literal, ZONES))}) then zone end"
_K, _N = "cast(k as double)", "cast(n as double)"
DUCKDB = (
    "create macro microseconds(t) as epoch_us(t)",
    "create macro to_day(n) as date '1970-01-01' + cast(n as integer)",
    "create macro json_text(text, path) as json_extract_string(text, path)",
    f"create macro wilson_low(k, n) as {_wilson(_K, _N, '-')}",
    f"create macro wilson_high(k, n) as {_wilson(_K, _N, '+')}",
    f"create macro wall_microseconds(t, zone) as epoch_us(timezone({_ZONE}, cast(t as timestamptz)))",
    f"create macro chi_square_p(x) as {_chi_square_p('cast(x as double)')}",
)
SPARK = tuple(
    f"create or replace temporary function {function}"
    for function in (
        "microseconds(t timestamp) returns bigint return unix_micros(t)",
        "to_day(n bigint) returns date return date_add(date'1970-01-01', cast(n as int))",
        "json_text(text string, path string) returns string return get_json_object(text, path)",
        f"wilson_low(k double, n double) returns double return {_wilson('k', 'n', '-')}",
        f"wilson_high(k double, n double) returns double return {_wilson('k', 'n', '+')}",
        (
            "wall_microseconds(t timestamp, zone string) returns bigint "
            f"return unix_micros(from_utc_timestamp(t, {_ZONE}))"
        ),
        f"chi_square_p(x double) returns double return {_chi_square_p('x')}",
    )
)
