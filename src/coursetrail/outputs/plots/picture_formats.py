"""The formats that a picture can be written in. Nothing in their bytes depends on the time or the machine.

Listing the formats must not import matplotlib, so the functions here do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from coursetrail.errors import UsageError, did_you_mean
from coursetrail.outputs.plots.palette import DOTS_PER_INCH

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class PictureFormat:
    """A format: its name, which is also the ending of its files, the module that it needs, and how it is written."""

    name: str
    needs: str
    encode: Callable[["Figure", str], bytes]
    """Takes a figure and its title."""


def find_format(name: str) -> PictureFormat:
    """The format of that name; UsageError for any other."""
    for known in PICTURE_FORMATS:
        if known.name == name:
            return known
    raise UsageError(f"No format {name!r} for a plot.{did_you_mean(name, [known.name for known in PICTURE_FORMATS])}")


def _png(figure: "Figure", title: str) -> bytes:  # noqa: ARG001 - every format takes the title
    """The pixels with 256 colours: half the bytes, encoded twice as fast, no visible change, also in a heat map."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    few = pixels.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.putpalette([255 if level == 254 else level for level in few.getpalette() or ()])  # its white is 254
    sink = BytesIO()
    few.save(sink, "png", dpi=(DOTS_PER_INCH, DOTS_PER_INCH), compress_level=3)
    return sink.getvalue()


def _vector(figure: "Figure", title: str, *, name: str, date: str) -> bytes:
    """A format that matplotlib writes; `date` is its metadata for the time, which is left out."""
    sink = BytesIO()
    figure.savefig(sink, format=name, metadata={"Title": title, "Creator": "coursetrail", date: None})
    return sink.getvalue()


PICTURE_FORMATS = (
    PictureFormat("png", "matplotlib.backends.backend_agg", _png),
    PictureFormat("pdf", "matplotlib.backends.backend_pdf", partial(_vector, name="pdf", date="CreationDate")),
    PictureFormat("svg", "matplotlib.backends.backend_svg", partial(_vector, name="svg", date="Date")),
)
"""Every format of a picture, in the order of the help text."""

REPORTED = ("png", "pdf")
"""The files of each picture in a report; its page shows the first."""
