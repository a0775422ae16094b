"""Measures drawn pages: where their texts are, whether these overlap, and what colour a place has."""

from __future__ import annotations

import io
from itertools import combinations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import AxesImage, imread
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from engine.contract import Image, Message
from engine.figures.sheet import Sheet

NOTHING = Message(ja="", en="")


def pixels(image: Image) -> NDArray[np.float64]:
    """The picture's colours. *Shape:* (height, width, 3)."""
    return np.asarray(imread(io.BytesIO(image.data))[..., :3], dtype=np.float64)


def texts(sheet: Sheet) -> list[tuple[Text, Bbox]]:
    """All that is written on the page, and where its ink is, in pixels from the lower left corner."""
    sheet.close()
    canvas = sheet.figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()  # only then is everything in its place
    renderer = canvas.get_renderer()
    return [(text, text.get_window_extent(renderer)) for text in sheet.axes.texts if text.get_text().strip()]


def outside(sheet: Sheet) -> list[str]:
    """The texts that are not all on the page."""
    found = texts(sheet)
    width, height = sheet.figure.get_size_inches() * sheet.figure.dpi
    return [text.get_text() for text, box in found if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height]


def overlapping(sheet: Sheet) -> list[tuple[str, str]]:
    """Pairs of texts that cover each other. A line's box is higher than its letters: a fifth of it may be shared."""
    found = [(text.get_text(), _core(text, box)) for text, box in texts(sheet)]
    return [(one, other) for (one, first), (other, second) in combinations(found, 2) if first.overlaps(second)]


def _core(text: Text, box: Bbox) -> Bbox:
    across, down = (0.2, 0.01) if text.get_rotation() else (0.01, 0.2)
    if "\n" in text.get_text():
        across, down = 0.06, 0.02
    return Bbox.from_extents(
        box.x0 + across * box.width, box.y0 + down * box.height, box.x1 - across * box.width, box.y1 - down * box.height
    )


def cell_colour(sheet: Sheet, picture: AxesImage, row: int, column: int) -> NDArray[np.float64]:
    """The colour in the middle of a cell of a painted grid, in the finished PNG."""
    found = pixels(sheet.image("x.png", NOTHING))
    x0, x1, y1, y0 = picture.get_extent()
    rows, columns = picture.get_array().shape[:2]  # type: ignore[union-attr]  # a picture has an array
    # Beside the middle, where a number may stand: a third of the way.
    x, y = x0 + (column + 0.2) * (x1 - x0) / columns, y0 + (row + 0.2) * (y1 - y0) / rows
    scale = found.shape[1] / 500
    return found[int(y * scale), int(x * scale)]
