"""Pictures are drawn apart from the computation, in any thread, and leave nothing behind."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

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


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


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


def test_two_hundred_pictures_leave_nothing_in_memory() -> None:
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(picture, range(30)))  # fills the caches of fonts and of the allocator
        gc.collect()
        before = resident_bytes()
        list(threads.map(picture, range(200)))
        gc.collect()
        assert resident_bytes() - before < MOST_GROWTH_BYTES
    # By its type: asking what else lies in memory for its class would wake lazy objects.
    assert [each for each in gc.get_objects() if type(each) is Figure] == []
