"""Where the texts of a drawn picture stand, measured by matplotlib."""

import itertools
from math import radians, sin

from coursetrail.outputs.plots.fonts import font_file
from coursetrail.outputs.plots.palette import SMALL


def written(canvas):
    """Every text of a picture: those beside the data, and those of matplotlib's axes."""
    return [line.text for line in canvas.texts.lines] + [label.get_text() for label in _labels(canvas)]


def boxes(canvas):
    """Where each text stands: left, top, right, bottom in points. Turned texts are not among them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
    from matplotlib.font_manager import FontProperties

    renderer = RendererAgg(10, 10, 720)
    for line in canvas.texts.lines:
        letters = FontProperties(fname=font_file(line.text, line.bold), size=line.size)
        wide = renderer.get_text_width_height_descent(line.text, letters, False)[0] / 10
        yield line.text, (line.x, line.y - 0.72 * line.size, line.x + wide, line.y + 0.2 * line.size)
    for label in _labels(canvas):
        if not label.get_rotation():
            extent = label.get_window_extent(FigureCanvasAgg(canvas.figure).get_renderer())
            left, top, right, bottom = (
                part * 72 / canvas.figure.dpi for part in (extent.x0, extent.y1, extent.x1, extent.y0)
            )
            lines = 1 + label.get_text().count("\n")
            spare = ((top - bottom) - 0.92 * SMALL) / 2 if lines == 1 else 0  # the space between two lines
            yield label.get_text(), (left, canvas.height - top + spare, right, canvas.height - bottom - spare)


def assert_no_label_meets_another(canvas):
    """Every text lies on the canvas, and no two of them overlap."""
    placed = list(boxes(canvas))
    for number, (words, (left, top, right, bottom)) in enumerate(placed):
        assert left >= 0, words
        assert right <= canvas.width, words
        assert 0 <= top < bottom <= canvas.height, words
        for other, (its_left, its_top, its_right, its_bottom) in placed[:number]:
            apart = right <= its_left or its_right <= left or bottom <= its_top or its_bottom <= top
            assert apart, (words, other)
    _assert_turned_labels_are_apart(canvas)


def _labels(canvas):
    canvas.figure.draw_without_rendering()
    return [
        label
        for axes in canvas.figure.axes
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels())
        if label.get_text()
    ]


def _assert_turned_labels_are_apart(canvas):
    turned = [label for label in _labels(canvas) if label.get_rotation()]
    for label in turned:
        extent = label.get_window_extent()
        assert extent.x0 >= 0, label.get_text()
        assert extent.y0 >= 0, label.get_text()
    for label, following in itertools.pairwise(turned):
        (x, _), (next_x, _) = (one.get_transform().transform(one.get_position()) for one in (label, following))
        apart = (next_x - x) * 72 / canvas.figure.dpi * sin(radians(label.get_rotation()))
        assert apart >= 0.95 * SMALL, (label.get_text(), following.get_text())
