"""The course of a training as a picture."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract import Message
from engine.figures.curve import LINE_COLOURS, Line, draw_lines, learning_curve
from engine.figures.sheet import Sheet
from tests.engine.figures.measuring import NOTHING, outside, overlapping, pixels, texts

NAME = Message(ja="線", en="line")


def test_a_training_is_drawn_and_told() -> None:
    image = learning_curve(
        [10, 20, 30], [2.0, 1.0, 0.5], validation=[(10, 1.5), (20, 0.9), (30, 1.1)], scores=[(10, 0.5), (30, 0.82)],
        score_name=Message(ja="正解率", en="accuracy"), model="models/sentiment", japanese=True,
    )  # fmt: skip
    assert pixels(image).shape == (image.height_px, 1_000, 3)
    assert "検証データの損失は20ステップで最小の0.90" in image.alt.ja
    assert "The accuracy was best, 0.82, at step 30" in image.alt.en


@pytest.mark.parametrize(("steps", "losses"), [([], []), ([1, 2], [0.5])])
def test_a_training_without_a_loss_for_each_step_is_refused(steps: list[float], losses: list[float]) -> None:
    with pytest.raises(ValueError, match="one a step"):
        learning_curve(steps, losses, model="m", japanese=True)


def test_a_line_goes_through_its_numbers() -> None:
    sheet = Sheet(japanese=True)
    draw_lines(
        sheet,
        [Line(name=NAME, at=[0, 1], values=[0.0, 0.0]), Line(name=NAME, at=[0, 1], values=[1.0, 1.0])],
        x_name=NAME,
        high=1.0,
        low=0.0,
    )
    found = pixels(sheet.image("x.png", NOTHING))
    rows = [np.argwhere(np.abs(found[:, 500] - colour).max(axis=-1) < 0.05)[-1][0] for colour in LINE_COLOURS[:1]]
    tops = np.argwhere(np.abs(found[:, 400:600] - LINE_COLOURS[1]).max(axis=-1) < 0.05)[:, 0]
    assert rows[0] - tops.min() == pytest.approx(2 * 170, abs=4)


@pytest.mark.parametrize(
    ("steps", "numbers"),
    [
        ([1], ["1"]),
        ([1, 2], ["1", "2"]),
        ([1, 2, 3], ["1", "2", "3"]),
        ([1, 2, 3, 4, 5], ["1", "2", "3", "4", "5"]),
        (list(range(1, 1_301)), ["300", "600", "900", "1,200"]),
    ],
    ids=len,
)
@pytest.mark.parametrize("japanese", [True, False])
def test_steps_are_whole_however_few_there_are(steps: list[float], numbers: list[str], japanese: bool) -> None:
    sheet = Sheet(japanese=japanese)
    draw_lines(sheet, [Line(name=NAME, at=steps, values=[0.5] * len(steps))], x_name=NAME, low=0.0, high=1.0)
    found = texts(sheet)
    heights = [box.y0 for text, box in found if text.get_text() == numbers[0]]
    beside = [text.get_text() for text, box in found if abs(box.y0 - min(heights)) < 2]  # all in the line below the edge
    assert beside == numbers
    assert overlapping(sheet) == []


@pytest.mark.parametrize("values", [[0.0, 0.0], [np.nan, 1.0], [np.nan, np.nan], [-3.0, -1.0], [5.0, 5.0]])
@pytest.mark.parametrize("japanese", [True, False])
def test_any_numbers_are_drawn_on_the_page(values: list[float], japanese: bool) -> None:
    sheet = Sheet(japanese=japanese)
    lines = [Line(name=Message(ja=f"次元{number}", en=f"dimension {number}"), at=[1, 1], values=values) for number in range(9)]
    draw_lines(sheet, lines, x_name=NAME)
    assert outside(sheet) == []
    assert overlapping(sheet) == []
