"""Answers as pictures: what is drawn, what is written on it, and that no label meets another."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from random import Random
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageOps

from coursetrail.errors import StorageError, UsageError
from coursetrail.outputs.plots import bars, concentration, figure, fonts, text_metrics
from coursetrail.outputs.plots.distribution import distribution_of
from coursetrail.outputs.plots.fonts import font_file
from coursetrail.outputs.plots.picture_formats import PICTURE_FORMATS, find_format
from coursetrail.render.charts import Table
from support.pictures import assert_no_label_meets_another, written
from support.results import BROWSERS, HOSTILE, SCOPE, activity, browsers

DAY = datetime(2013, 8, 1, tzinfo=UTC)
FORMATS = tuple(form.name for form in PICTURE_FORMATS)


def bars_of(result):
    return bars.bars(result, result.analysis.chart)


def distribution(counts):
    result = activity(counts)
    return distribution_of(result.table, result.analysis.chart)


RESULTS = {
    "published": browsers(),
    "hostile": browsers(HOSTILE),
    "one row": browsers({"Chrome": 1}),
    "activity": activity({1: 500, 2: 300, 10: 150, 400: 49, 58289: 1}),
    "all alike": activity({1: 5}),
    "one does everything": activity({0: 1, 1: 998, 10**9: 1}),
    "two do something": activity({0: 3, 5: 2}),
    "evenly spread": activity(dict.fromkeys(range(1, 3000), 1)),
}


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_no_label_meets_another_or_leaves_the_canvas(result, canvases):
    figure.render(result, ())
    assert_no_label_meets_another(canvases[0])


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_title_n_left_out_definition_and_source_stand_on_every_picture(result, canvases):
    figure.render(result, ())
    text = " ".join(written(canvases[0]))
    assert result.analysis.title in text
    assert "n = 21,790 learners, 3,475,223 events. Left out: 12 events without a learner id." in text
    assert result.analysis.definition in text
    assert "Source: a.gz" in text


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_the_same_result_gives_the_same_bytes_in_every_format(result):
    assert figure.render(result, FORMATS) == figure.render(result, FORMATS)


def test_every_format_is_what_its_name_says():
    files = figure.render(browsers(HOSTILE), FORMATS).files
    picture = Image.open(BytesIO(files["png"]))
    assert picture.width == 1152
    assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert files["pdf"].startswith(b"%PDF-")
    assert b"CreationDate" not in files["pdf"]
    assert ElementTree.fromstring(files["svg"]).tag == "{http://www.w3.org/2000/svg}svg"
    assert b"<dc:date>" not in files["svg"]
    assert b"<script" not in files["svg"]


def test_the_users_own_matplotlib_settings_do_not_change_a_picture():
    import matplotlib

    plain = figure.render(browsers(), FORMATS).files
    loud = {"font.size": 30, "lines.linewidth": 9, "savefig.bbox": "tight", "pdf.fonttype": 42, "figure.dpi": 30}
    with matplotlib.rc_context(loud):
        assert figure.render(browsers(), FORMATS).files == plain


def test_bars_stand_as_the_table_says_with_value_and_share(canvases):
    figure.render(browsers(), ())
    assert "Chrome" in written(canvases[0])
    assert "11,402 · 52.3 %" in written(canvases[0])


def test_the_rest_is_one_bar_that_adds_up_its_rows():
    rest = bars_of(browsers())[15]
    assert rest.label == "other (3 more)"
    assert rest.value == 28 + 23 + 22
    assert rest.share == pytest.approx((28 + 23 + 22) / 21790)


def test_the_bar_of_the_rest_says_that_a_learner_can_count_in_several(canvases):
    drawing = figure.render(browsers(), ())
    assert drawing.note == (
        '"other (3 more)" adds up the learners of the values after the first 15; '
        "anyone who is in several of them counts once in each."
    )
    assert drawing.note in " ".join(written(canvases[0]))


def test_unknown_is_the_last_bar_and_no_part_of_the_rest():
    counts = {"unknown": 9000, **BROWSERS}
    drawn = bars_of(browsers(counts))
    assert [bar.kind for bar in drawn] == ["row"] * 15 + ["rest", "unknown"]
    assert drawn[-1].value == 4


def test_a_rest_of_one_row_is_that_row():
    drawn = bars_of(browsers({"a": 3, "b": 2, "c": 1, "unknown": 1}, top=2))
    assert [bar.label for bar in drawn] == ["a", "b", "c", "unknown"]
    assert figure.render(browsers({"a": 3, "b": 2, "c": 1}, top=2), ()).note == ""


@pytest.mark.parametrize(
    "result",
    [browsers({}), browsers({"Chrome": 0, "unknown": 0}), activity({}), activity({0: 7})],
    ids=["no bars", "empty bars", "no learners", "no clicks"],
)
def test_nothing_to_count_is_a_picture_that_says_so(result, canvases):
    drawing = figure.render(replace(result, scope=replace(SCOPE, filters="device tv")), ("png",))
    assert "No data: nothing to count inside the filters (device tv)." in written(canvases[0])
    assert "No data" in drawing.description
    assert Image.open(BytesIO(drawing.files["png"])).height > 200


def test_hostile_labels_are_shortened_and_shown_as_letters(canvases):
    figure.render(browsers(HOSTILE), ())
    labels = written(canvases[0])
    assert "$\\frac{1}{0}$ $x" in labels
    assert "[U+241B][31mred" in labels
    assert "\ufffdgnp.exe" in labels
    assert "(empty)" in labels
    assert next(label for label in labels if label.startswith("WWWW")).endswith("W…")


def test_percentiles_are_the_smallest_values_that_enough_learners_do_not_exceed():
    # Ten learners: 1 1 1 1 2 2 3 4 10 75. Five have at most 2, eight at most 4, nine at most 10.
    spread = distribution({1: 4, 2: 2, 3: 1, 4: 1, 10: 1, 75: 1})
    assert [spread.percentile(share) for share in (0.4, 0.5, 0.75, 0.9, 0.99)] == [1, 2, 4, 10, 75]


def test_lorenz_curve_gini_and_top_share_are_those_worked_out_by_hand():
    # The same ten learners made 100 clicks; the least active four made 4, six 8, seven 11, eight 15, nine 25.
    spread = distribution({1: 4, 2: 2, 3: 1, 4: 1, 10: 1, 75: 1})
    learners, done = spread.lorenz
    assert learners.tolist() == pytest.approx([0, 0.4, 0.6, 0.7, 0.8, 0.9, 1])
    assert done.tolist() == pytest.approx([0, 0.04, 0.08, 0.11, 0.15, 0.25, 1])
    assert spread.share_of_most_active(0.1) == pytest.approx(0.75)
    # 1 - (0.4*0.04 + 0.2*0.12 + 0.1*(0.19 + 0.26 + 0.40 + 1.25)) = 1 - 0.25
    assert spread.marks["gini"] == pytest.approx(0.75)


def test_the_order_of_the_rows_does_not_change_the_curves():
    assert distribution({75: 1, 1: 4, 10: 1}).marks == distribution({1: 4, 10: 1, 75: 1}).marks


def test_the_marks_are_those_that_the_analysis_counts(course_of):
    """One group of learners a day, of sizes around those where a rounded share changes."""
    sizes, random = (1, 2, 3, 9, 10, 11, 99, 100, 101, 150), Random(7)
    lines = [
        {
            "key": "pageview" if clicks else "user.video.lecture.action",
            "username": f"learner {number}",
            "timestamp": int(DAY.timestamp() * 1000) + nth * 86_400_000 + click,
            "page_url": "https://class.coursera.org/psy-001/lecture/view?lecture_id=3",
            **({} if clicks else {"value": json.dumps({"type": "timeupdate", "currentTime": 12.5})}),
        }
        for nth, size in enumerate(sizes)
        for number, clicks in enumerate([int(random.paretovariate(0.9)) - 1 for _ in range(size - 1)] + [40])
        for click in range(min(max(clicks, 1), 90))
    ]
    course = course_of(lines)
    for nth, size in enumerate(sizes):
        day = {"since": DAY.date() + timedelta(nth), "until": DAY.date() + timedelta(nth + 1)}
        (row,) = course.analyze("concentration", **day).table.to_pylist()
        assert row["learners"] == size
        result = course.analyze("activity", **day)
        found = distribution_of(result.table, result.analysis.chart)
        assert found.marks == pytest.approx({name: row[name] for name in found.marks})


def test_percentiles_are_marked_with_their_values(canvases):
    figure.render(activity({1: 4, 2: 2, 3: 1, 4: 1, 10: 1, 75: 1}), ())
    marks = {"median 2", "p75 4", "p90 10", "p99 75", "max 75", "Gini 0.750", "top 10 % of learners: 75.0 % of clicks"}
    assert marks <= set(written(canvases[0]))


@pytest.mark.parametrize("counts", [{1: 2, 9: 1}, {1: 30, 5: 20, 60: 1}, dict.fromkeys(range(1, 500), 1)])
def test_the_most_active_are_marked_on_the_curve(counts):
    dots = []
    canvas = SimpleNamespace(**dict.fromkeys(("text", "line", "areas"), lambda *_, **__: None))
    canvas.dot = lambda x, y, _: dots.append((x, 1 - y))
    spread = distribution(counts)
    concentration.draw_lorenz(canvas, spread, activity(counts).analysis.chart, concentration.Panel(0, 0, 1, 1))
    assert len(dots) == 2
    assert [y for _, y in dots] == pytest.approx([np.interp(x, *spread.lorenz) for x, _ in dots])


def test_learners_without_a_click_are_counted_and_said_to_be_off_the_axis():
    drawing = figure.render(activity({0: 3, 5: 1}), ())
    assert drawing.note.endswith("3 learners with 0 clicks lie left of the logarithmic axis.")
    assert distribution({0: 3, 5: 1}).percentile(0.5) == 0


def test_a_thinned_curve_keeps_its_ends_and_one_point_a_pixel_column():
    spread = distribution(dict.fromkeys(range(1, 50001), 1))
    learners, done = spread.lorenz
    kept = concentration.thinned(learners)
    assert len(kept) <= concentration.COLUMNS + 2
    assert (kept[0], kept[-1]) == (0, len(learners) - 1)
    assert abs(done[kept][1:] - done[kept][:-1]).max() < 0.003


def test_the_words_of_a_picture_say_its_numbers():
    text = figure.render(browsers(), ()).description
    assert text.startswith("Learners by browser. Chrome 11,402, 52.3 %; Firefox 5,672, 26.0 %; ")
    assert text.endswith("other (3 more) 73, 0.3 %; unknown 4, <0.1 %")
    assert "median 2; p75 4; p90 10" in figure.render(activity({1: 4, 2: 2, 3: 1, 4: 1, 10: 1, 75: 1}), ()).description


def test_a_table_has_no_plot_and_says_what_to_try(tmp_path):
    result = browsers()
    result = replace(result, analysis=replace(result.analysis, name="learners", chart=Table()))
    assert not figure.drawable(result.analysis)
    with pytest.raises(UsageError, match=r"'learners' is a table; it has no plot\. Show it with: coursetrail analyze"):
        figure.draw(result, tmp_path / "learners.png")


def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match="Known: png, pdf, svg"):
        figure.draw(browsers(), tmp_path / "browsers.bmp")
    assert not list(tmp_path.iterdir())


def test_draw_takes_the_format_from_the_suffix(tmp_path):
    figure.draw(browsers(), tmp_path / "new" / "b.PDF")
    assert (tmp_path / "new" / "b.PDF").read_bytes().startswith(b"%PDF-")


def test_write_all_draws_what_can_be_drawn_in_every_format(tmp_path):
    table = browsers()
    table = replace(table, analysis=replace(table.analysis, name="learners", chart=Table()))
    paths = figure.write_all([browsers(), table, activity({1: 2})], tmp_path)
    assert [path.name for path in paths] == ["browsers.png", "browsers.pdf", "activity.png", "activity.pdf"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in paths)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot be written: .*Try another folder"):
        figure.draw(browsers(), tmp_path / "file" / "b.png")


def test_widths_added_up_are_those_that_matplotlib_lays_out():
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

    for words in ("Internet Explorer", "11,402 · 52.3 %", "Яндекс.Браузер"):
        letters = FontProperties(fname=font_file(words), size=9)
        laid_out = RendererAgg(10, 10, 720).get_text_width_height_descent(words, letters, False)[0] / 10
        assert text_metrics.width(words, 9) == pytest.approx(laid_out, rel=0.03)


def test_filled_outlines_look_as_the_text_that_matplotlib_draws(monkeypatch):
    from coursetrail.outputs.plots import canvas

    def ink():
        drawn = canvas.blank(200, 40)
        drawn.text(10, 25, "Internet Explorer 11,402 · 52.3 %", 9)
        return ImageOps.invert(Image.open(BytesIO(drawn.encode(find_format("png"), ""))).convert("L"))

    filled = ink()
    monkeypatch.setattr(canvas, "is_simple", lambda words: False)
    written = ink()
    assert filled.getbbox() == pytest.approx(written.getbbox(), abs=2)
    assert np.mean(filled) == pytest.approx(np.mean(written), rel=0.05)


@pytest.mark.parametrize(
    ("words", "simple"),
    [("Opera, 5 %", True), ("Яндекс “ü” …", True), ("مرحبا", False), ("e\u0301", False), ("हिन्दी", False)],
)
def test_only_letters_that_stand_side_by_side_are_filled_as_outlines(words, simple):
    from coursetrail.outputs.plots import glyphs

    assert glyphs.is_simple(words) is simple


UNASSIGNED = "\U000f0000\U000f0001"
"""Letters for private use, which no font of an operating system has."""


def test_letters_that_no_font_has_are_written_as_code_points_and_warned_of_once(canvases, caplog):
    fonts.warn_once.cache_clear()
    for _ in range(2):
        figure.render(browsers({f"{UNASSIGNED} x": 3, "unknown": 1}), ("png",))
    assert "[U+F0000 U+F0001] x" in written(canvases[0])
    assert [record.getMessage()[:40] for record in caplog.records] == ["No installed font has some letters of th"]


def test_a_search_among_many_fonts_keeps_few_of_them_open(monkeypatch, tmp_path):
    """An open font holds a file descriptor; a desktop may have thousands of fonts, and a process 256 descriptors."""
    import matplotlib

    shipped = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    files = [tmp_path / f"{number}.ttf" for number in range(60)]
    for file in files:
        file.symlink_to(shipped)
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda: list(map(str, files)))
    fonts.installed.cache_clear()
    before = len([*Path("/proc/self/fd").iterdir()])
    assert fonts.installed(frozenset("\U000f0007")) is None
    fonts.installed.cache_clear()
    assert len([*Path("/proc/self/fd").iterdir()]) - before < 20


def test_an_installed_font_draws_the_letters_that_the_shipped_one_lacks(tmp_path):
    """A font of one square for each letter, in the folder where a user's own fonts are."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    for number, corner in enumerate([(0, 0), (0, 700), (700, 700), (700, 0)]):
        (pen.lineTo if number else pen.moveTo)(corner)
    pen.closePath()
    names = [".notdef", *(f"letter{code}" for code in range(32, 127)), "one", "two"]
    codes = {code: f"letter{code}" for code in range(32, 127)} | {0xF0000: "one", 0xF0001: "two"}
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap(codes)
    font.setupGlyf(dict.fromkeys(names, pen.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys(names, (800, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Squares", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    (tmp_path / "fonts").mkdir()
    font.save(tmp_path / "fonts" / "SquaresSans.ttf")
    code = (
        "from coursetrail.outputs.plots.fonts import font_file, legible\n"
        f"print(font_file({UNASSIGNED!r} + ' x').name, legible({UNASSIGNED!r}) == {UNASSIGNED!r}, font_file('x').name)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "SquaresSans.ttf True DejaVuSans.ttf\n"


def test_the_text_of_a_pdf_can_be_searched():
    pdf = figure.render(browsers(), ("pdf",)).files["pdf"]
    assert b"/ToUnicode" in pdf


def test_what_drawing_needs_can_be_loaded_ahead():
    code = (
        "from coursetrail.outputs.plots import figure; figure.load()\n"
        "import sys; print('matplotlib.figure' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_a_wrapped_text_keeps_its_words_and_ends_in_an_ellipsis_when_cut():
    words = "one two three four five six seven eight nine ten"
    lines = text_metrics.wrap(words, 9, 60, most=99)
    assert " ".join(lines) == words
    assert all(text_metrics.width(line, 9) <= 60 for line in lines)
    cut = text_metrics.wrap(words, 9, 60, most=2)
    assert len(cut) == 2
    assert cut[1].endswith("…")


def test_matplotlib_is_not_imported_before_something_is_drawn():
    code = "import sys, coursetrail.outputs.plots, coursetrail.outputs.report; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
