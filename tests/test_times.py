"""Moments of texts: what Python's own reading of ISO 8601 says, and null for anything else."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursetrail.reading.times import moments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-06-20 14:03:25.118", datetime(2016, 6, 20, 14, 3, 25, 118_000, UTC)),
        ("2016-06-20 14:03:25", datetime(2016, 6, 20, 14, 3, 25, tzinfo=UTC)),
        ("2017-09-19T23:20:00.553635+00:00", datetime(2017, 9, 19, 23, 20, 0, 553_635, UTC)),
        ("2017-09-19T23:20:00Z", datetime(2017, 9, 19, 23, 20, tzinfo=UTC)),
        ("2017-09-20T07:08:07+02:00", datetime(2017, 9, 20, 5, 8, 7, tzinfo=UTC)),
        ("2017-09-20T07:08:07-0530", datetime(2017, 9, 20, 12, 38, 7, tzinfo=UTC)),
        ("2017-09-20 07:08:07 UTC", datetime(2017, 9, 20, 7, 8, 7, tzinfo=UTC)),
        ("2017-09-20 07:08:07.5 UTC", datetime(2017, 9, 20, 7, 8, 7, 500_000, UTC)),
        ("2017-09-20 07:08:07.123456789 UTC", datetime(2017, 9, 20, 7, 8, 7, 123_456, UTC)),
        ("2017-09-20 07:08:07 +0000 UTC", datetime(2017, 9, 20, 7, 8, 7, tzinfo=UTC)),
        ("2017-09-20 07:08:07 GMT", datetime(2017, 9, 20, 7, 8, 7, tzinfo=UTC)),
        ("2017-09-20 07:08:07 -0530", datetime(2017, 9, 20, 12, 38, 7, tzinfo=UTC)),
        ("2017-09-20 07:08:07 EST", None),
        ("2017-09-20 07:08:07 +0200 UTC", None),
        ("UTC", None),
        ("2014-06-31T00:00:00", None),
        ("2014-13-01T00:00:00", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_what_a_text_says_alone_and_among_others(text, expected):
    assert moments(pa.array([text], pa.string())).to_pylist() == [expected]
    among = moments(pa.array(["2016-06-20 14:03:25", text, "2017-09-20T07:08:07+02:00"], pa.string()))
    assert among.to_pylist()[1] == expected
    assert among.null_count == (expected is None)


def test_texts_without_a_zone_are_of_the_one_that_is_named():
    texts = pa.array(["2014-06-14T09:38:29", "2014-06-14T09:38:29Z"])
    at = datetime(2014, 6, 14, 9, 38, 29, tzinfo=UTC)
    assert moments(texts, ZoneInfo("Asia/Shanghai")).to_pylist() == [at - timedelta(hours=8), at]


@given(
    st.lists(
        st.datetimes(
            datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
            datetime(2100, 1, 1),  # noqa: DTZ001
            timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
        ),
        min_size=1,
    )
)
def test_any_moment_comes_back(times):
    assert moments(pa.array([time.isoformat() for time in times])).to_pylist() == [
        time.astimezone(UTC) for time in times
    ]


@given(st.lists(st.text(max_size=30)))
def test_any_text_is_a_moment_or_null(texts):
    assert len(moments(pa.array(texts, pa.string()))) == len(texts)
