"""The drawings as pictures: their size, colours and edges."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from engine.contract import Image, Message
from engine.figures.colours import Scale
from engine.figures.heatmap import MAX_CELLS, heatmap, heatmap_sheet
from engine.figures.similarity import similarity_heatmap, similarity_sheet
from tests.engine.figures.measuring import cell_colour, outside, overlapping, texts

JAPANESE = ["[CLS]", "この", "映画", "は", "本当", "に", "素晴らしかっ", "た", "！", "[SEP]"]


def drawn(labels: list[str], *, seed: int = 0, title: tuple[str, ...] = ("models/sentiment", "層 5")) -> Image:
    matrix = np.random.default_rng(seed).dirichlet(np.ones(len(labels)), size=len(labels))
    alt = Message(ja="図", en="picture")
    return heatmap(matrix, rows=labels, columns=labels, title=title, scale="注意の重み", name="attention.png", alt=alt)


def pixels(image: Image) -> NDArray[np.floating[Any]]:
    found: NDArray[np.floating[Any]] = imread(io.BytesIO(image.data))[..., :3]
    return found


@pytest.mark.parametrize(
    "labels",
    [JAPANESE, ["[CLS]", "play", "##ing", "$x^2$", "_{a}", "[SEP]"], ["😀", "ไทย", "猫", "\x00"], ["猫"], ["a", "猫"] * 32],
    ids=["ja", "en", "emoji", "one", "64"],
)
def test_a_picture_has_its_stated_size_colours_and_a_white_edge(labels: list[str]) -> None:
    image = drawn(labels)
    found = pixels(image)
    assert found.shape == (image.height_px, image.width_px, 3)
    assert len(set(map(tuple, found[::4, ::4].reshape(-1, 3).tolist()))) > 20
    edges = (found[:8], found[-8:], found[:, :8], found[:, -8:])
    assert all(float(edge.min()) == 1.0 for edge in edges), "something touches the edge: it may be cut"


def test_a_long_title_makes_the_picture_higher_and_never_wider() -> None:
    short = drawn(["猫", "犬"], title=("m",))
    long = drawn(["猫", "犬"], title=("organisation/a-very-long-model-name-that-goes-on-and-on-and-on-for-ever-and-a-day", "層 5"))
    assert long.width_px == short.width_px == 1_000
    assert long.height_px > short.height_px


def test_a_picture_grows_with_its_rows_up_to_a_bound_and_stays_as_wide_as_a_phone() -> None:
    images = [drawn(["猫"] * count) for count in (30, 64, MAX_CELLS)]
    assert {image.width_px for image in images} == {1_000}
    heights = [image.height_px for image in images]
    assert heights == sorted(heights)
    assert heights[-1] < 2_600


@pytest.mark.parametrize("shape", [(0, 0), (2, 3), (MAX_CELLS + 1, MAX_CELLS + 1)])
def test_a_matrix_that_cannot_be_drawn_is_refused(shape: tuple[int, int]) -> None:
    labels = ["猫"] * shape[0]
    with pytest.raises(ValueError, match="cannot draw"):
        heatmap(np.zeros(shape), rows=labels, columns=labels, title=(), scale="", name="x.png", alt=Message(ja="", en=""))


def test_pictures_drawn_in_many_threads_are_those_drawn_in_one() -> None:
    alone = [drawn(JAPANESE, seed=seed).data for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: drawn(JAPANESE, seed=seed).data, [0, 1, 2, 3] * 2))
    assert together == alone * 2


def test_each_cell_has_the_colour_that_the_scale_gives_its_number() -> None:
    matrix = np.array([[1.0, 0.5], [-0.5, 0.0]])
    sheet = heatmap_sheet(matrix, rows=["猫", "犬"], columns=["a", "b"], title=(), scale="", low=-1.0)
    scale = Scale(low=-1.0, high=1.0)
    for (row, column), value in np.ndenumerate(matrix):
        assert cell_colour(sheet, sheet.axes.images[0], row, column) == pytest.approx(scale.colour(float(value)), abs=0.01)


@pytest.mark.parametrize("count", [1, 3, 30, MAX_CELLS])
def test_no_name_is_cut_or_covers_another(count: int) -> None:
    labels = [("吾輩は猫である。" if number % 2 else "a cat, as yet without a name, ") * 3 for number in range(count)]
    matrix = np.random.default_rng(0).uniform(-1, 1, size=(count, count))
    for sheet in (
        heatmap_sheet(matrix, rows=labels, columns=labels, title=("猫",), scale="x"),
        similarity_sheet(matrix, labels, queries=None, model="m", japanese=True),
        similarity_sheet(matrix[:1], labels, queries=["猫"], model="m", japanese=False),
    ):
        assert outside(sheet) == []
        assert overlapping(sheet) == []


@pytest.mark.parametrize("japanese", [True, False])
def test_similar_texts_are_drawn_and_told(japanese: bool) -> None:
    texts = ["猫がマットの上に座っている。", "A feline rests on a rug.", "The dog plays in the park. " * 20]
    matrix = np.array([[1.0, 0.8, 0.1], [0.8, 1.0, 0.2], [0.1, 0.2, 1.0]])
    image = similarity_heatmap(matrix, texts, model="models/similar", japanese=japanese)
    assert "「猫がマットの上に座って…」と「A feline rests on a rug.」（0.80）" in image.alt.ja
    assert '"A feline rests on a rug." (0.80)' in image.alt.en
    assert pixels(image).shape == (image.height_px, image.width_px, 3)


def test_a_query_gets_a_bar_a_text_the_nearest_first() -> None:
    sheet = similarity_sheet(np.array([[0.1, -0.4, 0.9]]), ["犬", "空", "子猫"], queries=["猫"], model="m", japanese=True)
    written = [text.get_text() for text, _ in texts(sheet)]
    assert [one for one in written if one[:1].isdigit() and " " in one] == ["3 子猫", "1 犬", "2 空"]
    image = similarity_heatmap(np.array([[0.1, -0.4]]), ["犬", "空"], queries=["猫"], model="m", japanese=True)
    assert "「猫」と「犬」（0.10）" in image.alt.ja


@pytest.mark.parametrize("shape", [(2, 3), (1, 2), (0, 0)])
def test_similarities_of_another_shape_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot draw"):
        similarity_heatmap(np.zeros(shape), ["猫"] * shape[0], model="m", japanese=True)
