"""A page to draw on: as wide as a phone's screen, growing downwards, and turned into a PNG at the end."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from engine.contract import Image, Message
from engine.figures.colours import FAINT, INK, Array, Rgb
from engine.figures.font import drawable, japanese_font
from engine.figures.wrapping import wrapped

# Two pixels a point: a phone or a chat column shows 500 points without shrinking them.
DPI = 144
WIDTH_PT = 500.0
MARGIN_PT = 14.0
INNER_PT = WIDTH_PT - 2 * MARGIN_PT
TITLE_PT = 14.0
TEXT_PT = 10.0
LABEL_PT = 9.5
COLUMN_SPACING = 1.0

Side = Literal["left", "center", "right"]


class Sheet:
    """A white page, 500 points wide. Places and sizes are points, counted from its upper left corner.

    `y` is where the next thing goes. Only matplotlib's objects are used, nothing global: each thread may draw its own.
    """

    def __init__(self, *, japanese: bool) -> None:
        self.japanese = japanese
        self.figure = Figure(figsize=(WIDTH_PT / 72, 1.0), dpi=DPI, facecolor="white")
        FigureCanvasAgg(self.figure)
        # One pair of axes covers the page, so that its data are the page's points.
        self.axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.axes.set_axis_off()
        self.axes.set_autoscale_on(False)
        self.y = MARGIN_PT

    def text(
        self,
        x: float,
        y: float,
        text: str | Message,
        *,
        size: float = LABEL_PT,
        colour: Rgb = INK,
        align: Side = "left",
        upright: bool = True,
    ) -> None:
        """Write one line: its baseline is at `y`, or, where it is not `upright`, it goes up and its baseline is at `x`."""
        self.axes.text(
            x,
            y,
            drawable(self.say(text)),
            ha=align,
            va="baseline",
            rotation=0 if upright else 90,
            rotation_mode="anchor",
            fontproperties=japanese_font(size),
            color=colour,
            parse_math=False,
        )

    def say(self, text: str | Message) -> str:
        """The text in the page's language."""
        return text if isinstance(text, str) else text.in_language("ja" if self.japanese else "en")

    def column(self, x: float, y: float, lines: Sequence[str], *, down: bool, size: float = LABEL_PT, colour: Rgb = INK) -> None:
        """Write lines of a character or two, one below the other (as Japanese is written), ending at `y`, or going down from it."""
        self.axes.text(
            x,
            y,
            "\n".join(map(drawable, lines)),
            ha="center",
            va="top" if down else "bottom",
            linespacing=COLUMN_SPACING,
            fontproperties=japanese_font(size),
            color=colour,
            parse_math=False,
        )

    def middle(self, x: float, y: float, text: str | Message, *, size: float = LABEL_PT, colour: Rgb = INK, align: Side = "left") -> None:
        """Write one line whose middle is at the height `y`."""
        self.text(x, y + 0.36 * size, text, size=size, colour=colour, align=align)

    def paragraph(self, text: str | Message, *, size: float = TEXT_PT, colour: Rgb = INK) -> None:
        """Write lines of running text below what is there."""
        for line in wrapped(drawable(self.say(text)), size, INNER_PT):
            self.text(MARGIN_PT, self.y + size, line, size=size, colour=colour)
            self.y += 1.4 * size

    def cells(self, values: Array, x: float, y: float, width: float, height: float) -> AxesImage:
        """Paint a grid of colours into a rectangle. *Shape:* values (rows, columns, 3)."""
        return self.axes.imshow(values, extent=(x, x + width, y + height, y), aspect="auto", interpolation="nearest", zorder=1)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: Rgb | None = None,
        edge: Rgb | None = None,
        thickness: float = 0.8,
        order: float = 2,
    ) -> None:
        """Draw a rectangle, filled, framed or both."""
        self.axes.add_patch(
            Rectangle(
                (x, y),
                width,
                height,
                facecolor="none" if fill is None else fill,
                edgecolor="none" if edge is None else edge,
                linewidth=0.0 if edge is None else thickness,
                zorder=order,
            )
        )

    def line(self, xs: Sequence[float], ys: Sequence[float], *, colour: Rgb = FAINT, thickness: float = 0.8, dashed: bool = False) -> None:
        """Draw a line through the places."""
        self.axes.add_line(Line2D(xs, ys, color=colour, linewidth=thickness, linestyle=(0, (4, 2)) if dashed else "-", zorder=3))

    def space(self, height: float) -> None:
        """Leave some room."""
        self.y += height

    def close(self) -> None:
        """Give the page the height of what is on it; needed before its parts are measured."""
        height = float(np.ceil(self.y + MARGIN_PT))
        self.figure.set_size_inches(WIDTH_PT / 72, height / 72)
        self.axes.set_xlim(0.0, WIDTH_PT)
        self.axes.set_ylim(height, 0.0)

    def image(self, name: str, alt: Message) -> Image:
        """The page as a PNG named `name`, with `alt` for those who cannot see it."""
        self.close()
        out = io.BytesIO()
        self.figure.savefig(out, format="png", metadata={"Software": None})
        data = out.getvalue()
        width, height = struct.unpack(">II", data[16:24])
        return Image(name=name, media_type="image/png", width_px=width, height_px=height, alt=alt, data=data)
