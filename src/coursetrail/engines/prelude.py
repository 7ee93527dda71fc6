"""The functions of our SQL that engines do not have under one name; each engine declares them when it connects.

`microseconds(t)`: a time as microseconds since 1970. `to_day(n)`: the date of a day's number since 1970-01-01.
`wilson_low(k, n)` and `wilson_high(k, n)`: the 95 % interval of the share k of n (Wilson 1927, without continuity
correction); null for n = 0, and where k is more than n. `json_text(text, path)`: the value at a JSON path as text.
"""

Z = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


def _wilson(k: str, n: str, sign: str) -> str:
    margin = f"{Z} * sqrt({k} * ({n} - {k}) / {n} + {Z * Z / 4})"
    bound = f"({k} + {Z * Z / 2} {sign} {margin}) / ({n} + {Z * Z})"
    limited = f"greatest({bound}, 0)" if sign == "-" else f"least({bound}, 1)"
    return f"case when {n} > 0 and {k} <= {n} then {limited} end"


_K, _N = "cast(k as double)", "cast(n as double)"
DUCKDB = (
    "create macro microseconds(t) as epoch_us(t)",
    "create macro to_day(n) as date '1970-01-01' + cast(n as integer)",
    "create macro json_text(text, path) as json_extract_string(text, path)",
    f"create macro wilson_low(k, n) as {_wilson(_K, _N, '-')}",
    f"create macro wilson_high(k, n) as {_wilson(_K, _N, '+')}",
)
SPARK = tuple(
    f"create or replace temporary function {function}"
    for function in (
        "microseconds(t timestamp) returns bigint return unix_micros(t)",
        "to_day(n bigint) returns date return date_add(date'1970-01-01', cast(n as int))",
        "json_text(text string, path string) returns string return get_json_object(text, path)",
        f"wilson_low(k double, n double) returns double return {_wilson('k', 'n', '-')}",
        f"wilson_high(k double, n double) returns double return {_wilson('k', 'n', '+')}",
    )
)
