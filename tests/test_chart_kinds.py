"""Lines, columns and heat maps: what is drawn, what is said about it, and that it can be read."""

import itertools
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from coursetrail.outputs.plots import cells, columns, curves, figure, lines
from coursetrail.outputs.plots.palette import HEAT, LINE_STYLES, PAPER
from coursetrail.outputs.plots.picture_formats import PICTURE_FORMATS
from coursetrail.render.charts import Chart, Columns, HeatMap, LineChart, Table
from coursetrail.render.preview import preview
from support.drawn import (
    FIRST,
    LENGTHS,
    LONG,
    RESULTS,
    daily,
    hours,
    result,
    retention,
    rows_of,
    session_lengths,
    survival,
    video_heat,
    video_seeks,
    with_values,
)
from support.pictures import assert_no_label_meets_another, written
from support.results import SCOPE

FORMATS = tuple(form.name for form in PICTURE_FORMATS)
SHAPES = {
    "lines": daily(),
    "bands": survival(),
    "steps": video_heat(),
    "matrix": retention(),
    "map": hours(),
    "columns": session_lengths(),
    "intervals": session_lengths(interval=True),
}


def curves_of(made):
    return curves.curves(made.table, made.analysis.chart)


def grid_of(made):
    return cells.grid_of(made.table, made.analysis.chart)


def line_artists(canvas):
    """The thick lines of the first axes: a label's own lines are no part of the axes."""
    return [line for line in canvas.figure.axes[0].get_lines() if line.get_linewidth() == lines.THICK]


def mesh_of(canvas):
    return canvas.figure.axes[0].collections[0]


@pytest.mark.parametrize("made", RESULTS.values(), ids=RESULTS)
def test_no_label_meets_another_or_leaves_the_canvas(made, canvases):
    figure.render(made, ())
    assert_no_label_meets_another(canvases[0])


@pytest.mark.parametrize("made", SHAPES.values(), ids=SHAPES)
def test_the_same_result_gives_the_same_bytes_in_every_format(made):
    first = figure.render(made, FORMATS)
    assert first == figure.render(made, FORMATS)
    assert first.files["pdf"].startswith(b"%PDF-")
    assert b"CreationDate" not in first.files["pdf"]
    assert b"<dc:date>" not in first.files["svg"]


@pytest.mark.parametrize("made", [daily(), retention(), session_lengths(interval=True)], ids=["lines", "map", "bars"])
def test_the_users_own_matplotlib_settings_do_not_change_a_picture(made):
    import matplotlib

    plain = figure.render(made, FORMATS).files
    loud = {
        "axes.facecolor": "red",
        "axes.grid": True,
        "axes.xmargin": 0.4,
        "axes.spines.bottom": False,
        "grid.linestyle": ":",
        "hatch.linewidth": 9,
        "lines.scale_dashes": False,
        "timezone": "Asia/Tokyo",
        "xtick.labelsize": 30,
        "ytick.right": True,
    }
    with matplotlib.rc_context(loud):
        assert figure.render(made, FORMATS).files == plain


@pytest.mark.parametrize("made", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("empty", ["no rows", "nulls"])
def test_nothing_to_draw_is_a_picture_that_says_so(made, empty, canvases):
    made = rows_of(made, []) if empty == "no rows" else with_values(made, None)
    drawing = figure.render(replace(made, scope=replace(SCOPE, filters="device tv")), ("png",))
    assert "No data: nothing to count inside the filters (device tv)." in written(canvases[0])
    assert "No data" in drawing.description


@pytest.mark.parametrize("made", SHAPES.values(), ids=SHAPES)
def test_zero_is_drawn_as_a_value_and_not_as_missing(made, canvases):
    drawing = figure.render(with_values(made, 0), ("png",))
    assert "No data" not in drawing.description
    assert any(words in written(canvases[0]) for words in ("0", "0.0", "0 %"))
    assert_no_label_meets_another(canvases[0])


def test_every_kind_of_chart_but_a_table_has_a_module_that_draws_it():
    assert {*figure.CHARTS, Table} == set(get_args(Chart))


@pytest.mark.parametrize(
    ("largest", "name", "whole", "labels"),
    [
        (13, "learners", True, ["0", "5", "10", "15"]),
        (1, "learners", True, ["0", "1"]),
        (0, "learners", True, ["0", "1"]),
        (0.29, "share", False, ["0 %", "10 %", "20 %", "30 %"]),
        (0.012, "share", False, ["0.00 %", "0.25 %", "0.50 %", "0.75 %", "1.00 %", "1.25 %"]),
        (1.0, "survival", False, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (3 * 10**7, "events", True, ["0", "10 M", "20 M", "30 M"]),
    ],
)
def test_the_axis_of_values_begins_at_0_and_has_round_numbers(largest, name, whole, labels):
    from coursetrail.outputs.plots.axes import value_ticks

    assert value_ticks(largest, name, whole).labels == labels


# Lines


def test_days_stand_under_the_lines_as_dates_in_utc(canvases):
    figure.render(daily(days=70), ())
    texts = written(canvases[0])
    assert "day, UTC" in texts
    # 70 days from Monday, 22 July 2013: every second Monday.
    assert [text for text in texts if text.startswith("2013-")] == [
        (date(2013, 7, 22) + timedelta(14 * number)).isoformat() for number in range(5)
    ]


@pytest.mark.parametrize(
    ("days", "first", "second"),
    [
        (5, "2013-07-22", "2013-07-23"),
        (30, "2013-07-22", "2013-07-29"),
        (200, "2013-08-01", "2013-09-01"),
        (1200, "2014-01-01", "2014-07-01"),
        (9000, "2016-01-01", "2020-01-01"),
    ],
)
def test_days_weeks_months_or_years_are_marked_by_how_many_days_there_are(days, first, second, canvases):
    figure.render(daily(days), ())
    marked = [text for text in written(canvases[0]) if text[:2] == "20" and text[4:5] == "-"]
    assert marked[:2] == [first, second]
    assert len(marked) <= 8


def test_each_line_has_its_label_and_no_two_look_alike(canvases):
    figure.render(daily(), ())
    assert {"dau", "wau", "mau"} <= set(written(canvases[0]))
    looks = {(style.colour, str(style.dashes)) for style in LINE_STYLES}
    assert len(looks) == len(LINE_STYLES) == lines.MOST_LINES
    assert len({style.colour for style in LINE_STYLES}) == lines.MOST_LINES


def test_neighbouring_lines_differ_in_grey_or_in_their_dashes():
    def grey(style):
        pixel = Image.new("RGB", (1, 1), style.colour).convert("L")
        return pixel.getpixel((0, 0))

    for nth, style in enumerate(LINE_STYLES):
        for other in LINE_STYLES[:nth]:
            assert abs(grey(style) - grey(other)) >= 40 or style.dashes != other.dashes


def test_a_line_is_at_its_values(canvases):
    made = daily(3)
    figure.render(made, ())
    drawn = line_artists(canvases[0])
    assert [line.get_ydata().tolist() for line in drawn] == [
        made.table.column(name).to_pylist() for name in ("dau", "wau", "mau")
    ]


def test_a_value_that_is_not_known_is_a_gap_and_a_lonely_value_a_dot(canvases):
    made = daily(6)
    values = [4, None, 7, None, 2, 3]
    made = rows_of(made, [(FIRST + timedelta(n), value, 1, 1) for n, value in enumerate(values)])
    (dau, *_) = curves_of(made)
    assert dau.lonely == [0, 2]
    figure.render(made, ())
    dots = [line for line in canvases[0].figure.axes[0].get_lines() if line.get_marker() == "o"]
    assert dots[0].get_ydata().tolist() == [4, 7]
    assert np.isnan(line_artists(canvases[0])[0].get_ydata()[1])


def test_days_before_and_after_all_known_values_take_no_room(canvases):
    values = [None, 4, 7, 6, None, None]
    made = rows_of(daily(6), [(FIRST + timedelta(n), value, None, None) for n, value in enumerate(values)])
    drawing = figure.render(made, ())
    assert [text for text in written(canvases[0]) if text.startswith("2013")] == [
        "2013-07-23",
        "2013-07-24",
        "2013-07-25",
    ]
    assert "dau from 4 at 2013-07-23 to 6 at 2013-07-25, largest 7 at 2013-07-24" in drawing.description


def test_one_day_is_a_dot_with_its_date(canvases):
    drawing = figure.render(daily(1), ())
    assert "2013-07-22" in written(canvases[0])
    assert drawing.description.endswith("dau 800 at 2013-07-22; wau 400 at 2013-07-22; mau 240 at 2013-07-22")


def test_segments_have_lines_and_bands_in_steps(canvases):
    drawing = figure.render(survival(), ())
    axes = canvases[0].figure.axes[0]
    assert {line.get_drawstyle() for line in line_artists(canvases[0])} == {"steps-post"}
    assert len(axes.collections) == 3
    assert {"desktop", "tablet", "phone", "Survival by segment"} <= set(written(canvases[0]))
    assert drawing.note == "Light bands: from low to high."


def test_the_band_lies_between_its_columns(canvases):
    kinds = {"day": int, "survival": float, "low": float, "high": float}
    rows = [(0, 1.0, 1.0, 1.0), (7, 0.5, 0.25, 0.75), (9, 0.25, None, None)]
    figure.render(
        result("s", "S", kinds, rows, LineChart("day", ("survival",), low="low", high="high", steps=True)), ()
    )
    (band,) = canvases[0].figure.axes[0].collections
    corners = {tuple(corner) for path in band.get_paths() for corner in path.vertices.tolist()}
    assert {(0, 1), (7, 1), (7, 0.25), (7, 0.75)} <= corners
    assert max(x for x, _ in corners) == 7


def test_more_lines_than_can_be_told_apart_are_left_out_with_a_note(canvases):
    made = survival(tuple("abcdefghij"))
    drawing = figure.render(made, ())
    assert len(line_artists(canvases[0])) == 8
    assert "The first 8 of 10 lines; the table has all." in drawing.note
    assert "The bands from low to high are left out, because 8 of them would overlap" in drawing.note
    assert not canvases[0].figure.axes[0].collections


def test_the_unknown_segment_is_the_last_line_and_grey():
    made = survival((None, "phone"))
    assert [one.label for one in curves_of(made)] == ["phone", "unknown"]


def test_several_columns_by_segment_name_both():
    kinds = {"video": str, "second": int, "views": int, "viewers": int}
    rows = [("a", 0, 3, 2), ("a", 5, 2, 2), ("b", 0, 1, 1)]
    made = result("heat", "Heat", kinds, rows, LineChart("second", ("views", "viewers"), by="video"))
    assert [one.label for one in curves_of(made)] == ["a, views", "a, viewers", "b, views", "b, viewers"]


def test_rows_without_a_day_are_not_drawn_and_counted():
    made = daily(3)
    made = rows_of(made, [(None, 9, 9, 9), (FIRST, 1, 1, 1), (FIRST + timedelta(1), 2, 2, 2)])
    drawing = figure.render(made, ())
    assert drawing.note == "1 row without day not drawn."
    assert curves_of(made)[0].values.tolist() == [1, 2]


def test_seconds_of_a_video_are_minutes_and_seconds(canvases):
    drawing = figure.render(video_heat(754), ())
    assert {"0:00", "2:00", "12:00", "second, minutes:seconds"} <= set(written(canvases[0]))
    assert "views from 9,200 at 0:00 to 3,711 at 12:30, largest 10,373 at 4:10" in drawing.description


def test_the_words_of_lines_say_their_ends_and_their_largest_value():
    made = daily(3)
    rows = [(FIRST + timedelta(n), dau, 5, 6) for n, dau in enumerate([2, 1234, 3])]
    assert figure.render(rows_of(made, rows), ()).description == (
        "Active learners a day. Dau, wau, mau over day: "
        "dau from 2 at 2013-07-22 to 3 at 2013-07-24, largest 1,234 at 2013-07-23; "
        "wau from 5 at 2013-07-22 to 5 at 2013-07-24; mau from 6 at 2013-07-22 to 6 at 2013-07-24"
    )


@pytest.mark.parametrize("wanted", [[10, 10, 10], [0, 1, 99, 100], [50], [30, 10, 20], list(range(8))])
def test_labels_that_would_meet_move_apart_and_stay_in_order(wanted):
    placed = lines.apart(wanted, 11, 0, 100)
    ordered = [placed[n] for n in sorted(range(len(wanted)), key=lambda n: wanted[n])]
    assert all(after - before >= 11 - 1e-9 for before, after in itertools.pairwise(ordered))
    assert min(placed) >= 0
    assert max(placed) <= 100


# Columns


def test_columns_stand_in_the_order_of_the_rows_with_their_values(canvases):
    made = session_lengths()
    figure.render(made, ())
    bars = canvases[0].figure.axes[0].patches
    values = made.table.column("sessions").to_pylist()
    assert [bar.get_height() for bar in bars] == pytest.approx(values)
    assert {*LENGTHS, "17,833", "Sessions by length"} <= set(written(canvases[0]))


def test_a_small_value_is_a_bar_that_is_seen_and_none_is_no_bar(canvases):
    made = result(
        "c", "C", {"week": int, "clicks": int}, [(1, 10**6), (2, 1), (3, 0), (4, None)], Columns("week", "clicks")
    )
    drawing = figure.render(made, ())
    heights = [bar.get_height() for bar in canvases[0].figure.axes[0].patches]
    assert heights[1] > 1000
    assert heights[2:] == [0, 0]
    assert drawing.description == "C. Clicks by week: 1 1,000,000; 2 1; 3 0; 4 not known"
    assert "\u2013" in written(canvases[0])


def test_intervals_are_thin_lines_and_stand_in_the_words(canvases):
    kinds = {"length": str, "share": float, "low": float, "high": float}
    rows = [("short", 0.25, 0.125, 0.5), ("long", 0.75, None, None)]
    drawing = figure.render(result("c", "C", kinds, rows, Columns("length", "share", "low", "high")), ())
    (thin,) = canvases[0].figure.axes[0].collections
    assert [segment.tolist() for segment in thin.get_segments()] == [[[0, 0.125], [0, 0.5]]]
    assert drawing.note == "Thin lines: from low to high."
    assert drawing.description == "C. Share by length: short 25.0 % (12.5 % to 50.0 %); long 75.0 %"


def test_columns_after_the_top_are_left_out_with_a_note():
    made = session_lengths(tuple(range(1, 71)))
    drawing = figure.render(made, ())
    assert len(columns.columns(made, made.analysis.chart)) == 60
    assert drawing.note == "The first 60 of 70 rows; the table has all."


def test_a_preview_shows_every_row_that_is_a_column():
    made = session_lengths(tuple(range(1, 41)))
    assert preview(made.table, made.analysis.chart).more == 0
    assert preview(daily(40).table, daily(40).analysis.chart).more == 20


def test_long_labels_are_shortened_or_turned_and_short_ones_are_not(canvases):
    figure.render(session_lengths(LONG * 2), ())
    figure.render(session_lengths(), ())
    hostile, plain = (canvas.figure.axes[0].get_xticklabels() for canvas in canvases)
    assert {label.get_rotation() for label in hostile} == {45}
    assert hostile[3].get_text().endswith("W…")
    assert {label.get_rotation() for label in plain} == {0}


# Heat maps


def test_cells_have_their_rows_values_and_a_cell_without_a_row_is_empty(canvases):
    kinds = {"y": str, "x": str, "n": int}
    rows = [("b", "second", 2), ("b", "first", 0), ("a", "second", 5), ("c", "first", None)]
    made = result("h", "H", kinds, rows, HeatMap("x", "y", "n"))
    grid = grid_of(made)
    assert (grid.xs, grid.ys) == (["second", "first"], ["b", "a", "c"])
    drawing = figure.render(made, ("png",))
    drawn = mesh_of(canvases[0]).get_array()
    assert drawn.filled(-1).tolist() == [[2, 0], [5, -1], [-1, -1]]
    assert drawing.note == "Hatched: no value, which is not 0."
    assert "no value" in written(canvases[0])


def test_zero_is_a_light_colour_that_is_not_that_of_an_empty_cell(canvases):
    kinds = {"y": str, "x": str, "n": int}
    figure.render(result("h", "H", kinds, [("a", "l", 0), ("a", "r", 9)], HeatMap("x", "y", "n")), ())
    mesh = mesh_of(canvases[0])
    zero, nine = (mesh.to_rgba(value)[:3] for value in (0, 10))
    assert zero == pytest.approx([int(HEAT[0][n : n + 2], 16) / 255 for n in (1, 3, 5)])
    assert sum(nine) < 0.6 < 2.5 < sum(zero) < 2.9
    assert HEAT[0] != PAPER


def test_larger_values_are_darker_in_grey(canvases):
    figure.render(retention(), ())
    mesh = mesh_of(canvases[0])
    greys = [np.dot(mesh.to_rgba(share)[:3], (0.2126, 0.7152, 0.0722)) for share in np.linspace(0, 1, 50)]
    assert all(after < before for before, after in itertools.pairwise(greys))


def test_the_colours_of_cells_survive_the_encoding_as_png(canvases):
    drawing = figure.render(retention(), ("png",))
    image = Image.open(BytesIO(drawing.files["png"])).convert("RGB")
    mesh = mesh_of(canvases[0])
    for week, share in enumerate(mesh.get_array()[0]):
        x, y = canvases[0].at(canvases[0].figure.axes[0], week - 0.4, 0)
        found = image.getpixel((round(2 * x), round(2 * y)))
        assert found == pytest.approx([255 * part for part in mesh.to_rgba(share)[:3]], abs=16)


def test_numbers_and_days_of_the_axes_ascend_and_those_between_have_empty_cells():
    made = video_seeks(3)
    made = rows_of(made, [(30, 45, 1), (0, 15, 2), (15, 0, 3), (0, 60, 1)])
    grid = grid_of(made)
    assert grid.xs == ["0:00", "0:15", "0:30"]
    assert grid.ys == ["0:00", "0:15", "0:30", "0:45", "1:00"]
    assert grid.values[3].tolist()[2] == 1
    assert np.isnan(grid.values[2]).all()
    made = rows_of(
        retention(), [(FIRST + timedelta(21), 0, 1, 1.0), (FIRST, 0, 1, 1.0), (FIRST + timedelta(7), 0, 1, 1.0)]
    )
    assert grid_of(made).ys == ["2013-07-22", "2013-07-29", "2013-08-05", "2013-08-12"]


def test_steps_that_differ_leave_the_numbers_as_they_are():
    made = rows_of(video_seeks(3), [(0, 0, 1), (10, 0, 2), (25, 0, 3)])
    assert grid_of(made).xs == ["0:00", "0:10", "0:25"]


def test_an_axis_has_at_most_as_many_cells_as_can_be_seen():
    kinds = {"y": str, "x": str, "n": int}
    rows = [(f"item {number}", "a", number) for number in range(1000)]
    made = result("h", "H", kinds, rows, HeatMap("x", "y", "n"))
    drawing = figure.render(made, ())
    assert grid_of(made).values.shape == (400, 1)
    assert "600 rows or columns after the first 400 are left out; the table has all." in drawing.note


def test_a_bin_of_its_own_for_each_value_of_a_wide_range_is_not_filled_up():
    made = rows_of(video_seeks(3), [(0, 0, 1), (1, 0, 2), (10**9, 0, 3)])
    assert len(grid_of(made).xs) == 3


def test_cells_show_their_values_where_all_fit(canvases):
    figure.render(retention(10), ())
    figure.render(retention(60), ())
    few, many = map(written, canvases)
    assert {"100.0 %", "50.8 %", "10.2 %"} <= set(few)
    assert "50.8 %" not in many


def test_the_colour_bar_has_numbers(canvases):
    figure.render(hours(), ())
    labels = [label.get_text() for label in canvases[0].figure.axes[1].get_xticklabels()]
    assert sorted(labels) == ["0", "20,000", "40,000", "60,000"]


def test_few_large_values_do_not_hide_the_rest(canvases):
    drawing = figure.render(video_seeks(), ())
    assert "Colours follow the square root of the values" in drawing.note
    mesh = mesh_of(canvases[0])
    assert mesh.norm(200) == pytest.approx(0.5)  # of 800, the end of the colour bar
    assert "square root" not in figure.render(hours(), ()).note


def test_each_row_of_sixty_has_its_label(canvases):
    figure.render(retention(60), ())
    labels = [label.get_text() for label in canvases[0].figure.axes[0].get_yticklabels()]
    assert labels == [(FIRST + timedelta(7 * n)).isoformat() for n in range(60)]


def test_the_words_of_a_heat_map_say_its_axes_its_ends_and_its_gaps():
    assert figure.render(retention(), ()).description == (
        "Who comes back. Share by cohort and week, cohort 2013-07-22 to 2013-09-23 by week 0 to 9: "
        "from 10.2 % (cohort 2013-07-22, week 9) to 100.0 % (cohort 2013-07-22, week 0); 45 of 100 cells have no value"
    )
