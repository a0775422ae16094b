"""Pictures are drawn apart from the computation, in any thread, and leave nothing behind."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.contract import Failure, Image, Message, Result, SimilarResult
from engine.drawing import Undrawn, drawn
from engine.errors import BadInputError
from engine.figures.similarity import similarity_heatmap

ROOT = Path(__file__).parents[2]
RESULT = SimilarResult(language="ja", model="m", matrix=((1.0,),), ranking=(), pooling="mean")
MOST_GROWTH_BYTES = 64 * 2**20  # a picture of these holds less than 2 MiB while it is drawn; 200 of them that stay are far more


def picture(number: int) -> Image:
    text = f"京都 {number % 4}" if number % 2 else f"Kyoto {number % 4}"
    return similarity_heatmap(np.eye(2), [text, "b"], model="m", japanese=bool(number % 2))


def test_what_needs_no_drawing_is_given_as_it_is() -> None:
    failure = Failure(code="empty_text", message=Message(ja="空です", en="empty"))
    assert drawn(RESULT) is RESULT
    assert drawn(failure) is failure


def test_an_undrawn_result_is_drawn() -> None:
    result = drawn(Undrawn(result=RESULT, draw=lambda: replace(RESULT, images=(picture(0),))))
    assert isinstance(result, SimilarResult)
    assert result.images == (picture(0),)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_cannot_be_drawn_is_a_failure_in_both_languages(language: str) -> None:
    def refuse() -> Result:
        raise BadInputError("too_wide", ja="図が大きすぎます。", en="The picture is too large.", value="512")

    outcome = drawn(Undrawn(result=RESULT, draw=refuse))
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.details) == ("too_wide", {"value": "512"})
    assert outcome.message.in_language(language) == {"ja": "図が大きすぎます。", "en": "The picture is too large."}[language]


def test_pictures_are_the_same_in_many_threads_as_in_one() -> None:
    alone = [picture(number) for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(picture, range(16))) == alone * 4


def test_all_that_drawing_loads_is_loaded_before_the_first_picture() -> None:
    code = (
        "import sys, threading\nimport numpy as np\nfrom engine.drawing import prepare\nprepare()\n"
        "from engine.figures.font import glyphs\nfrom engine.figures.similarity import similarity_heatmap\n"
        "before, misses = set(sys.modules), glyphs.cache_info().misses\n"
        "draw = lambda: similarity_heatmap(np.eye(2), ['京都', 'b'], model='m', japanese=True)\n"
        "thread = threading.Thread(target=draw)\nthread.start()\nthread.join()\n"
        "print(sorted(set(sys.modules) - before), glyphs.cache_info().misses - misses)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] 0"
    assert done.stderr == ""


# In a process of its own: in that of all tests, memory that others gave back would come and go meanwhile.
GROWTH = """
import gc, os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
from matplotlib.figure import Figure
from engine.figures.similarity import similarity_heatmap

def picture(number):
    text = f"京都 {number % 4}" if number % 2 else f"Kyoto {number % 4}"
    return similarity_heatmap(np.eye(2), [text, "b"], model="m", japanese=bool(number % 2))

def resident_bytes():
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")

with ThreadPoolExecutor(2) as threads:
    list(threads.map(picture, range(30)))  # fills the caches of fonts and of the allocator
    before = resident_bytes()
    list(threads.map(picture, range(200)))
    print(resident_bytes() - before, sum(type(each) is Figure for each in gc.get_objects()))
"""


def test_two_hundred_pictures_leave_nothing_in_memory() -> None:
    done = subprocess.run([sys.executable, "-c", GROWTH], cwd=ROOT, capture_output=True, text=True, check=True)
    growth, figures = map(int, done.stdout.split())
    assert growth < MOST_GROWTH_BYTES
    assert figures == 0
