"""An outcome is taken apart for Redis and put together again, with its pictures, its files and its tensor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.contract import ExplainAttentionRequest, ExplainAttentionResult, Failure, File, Image, Message, Tensor, outcome_from_json
from tests.bot.explaining import explained
from workers.queue.stored import blobs_of, put_together, taken_apart

PICTURE = Image(name="m.png", media_type="image/png", width_px=1, height_px=1, alt=Message(ja="図", en="map"), data=b"\x89PNG\x00\xff")
PAGE = File(name="m.html", media_type="text/html", title=Message(ja="頁", en="page"), data="<p>頁</p>".encode())
TENSOR = Tensor(shape=(1, 1, 1, 1), dtype="float16", data=b"\x00\x3c")


def found(**fields: Any) -> ExplainAttentionResult:
    return explained(ExplainAttentionRequest(text="猫"), attention=TENSOR, **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"images": (PICTURE, replace(PICTURE, data=b"2")), "files": (PAGE, replace(PAGE, data=b"4"))},
        {"images": (PICTURE,), "files": ()},
        {"images": (), "files": (PAGE,)},
        {"images": (), "files": ()},
    ],
    ids=["both", "pictures", "files", "neither"],
)
def test_an_outcome_comes_back_as_it_was(fields: dict[str, Any]) -> None:
    outcome = found(**fields)
    body, blobs = taken_apart(outcome, tensors=True)
    assert blobs_of(outcome_from_json(body)) == len(blobs)
    assert put_together(outcome_from_json(body), blobs) == outcome


def test_pictures_come_first_then_files_then_the_tensor_and_none_stands_in_the_json() -> None:
    body, blobs = taken_apart(found(images=(PICTURE,), files=(PAGE,)), tensors=True)
    assert blobs == [PICTURE.data, PAGE.data, TENSOR.data]
    assert [held["data"] for held in (*body["images"], *body["files"], body["attention"])] == [""] * 3


def test_a_tensor_that_is_not_wanted_is_left_out() -> None:
    outcome = found(images=(PICTURE,), files=(PAGE,))
    body, blobs = taken_apart(outcome, tensors=False)
    assert blobs == [PICTURE.data, PAGE.data]
    assert put_together(outcome_from_json(body), blobs) == replace(outcome, attention=replace(TENSOR, data=b""))


def test_a_failure_has_nothing_to_take_apart() -> None:
    failure = Failure(code="empty_text", message=Message(ja="空です", en="empty"))
    body, blobs = taken_apart(failure, tensors=True)
    assert blobs == []
    assert put_together(outcome_from_json(body), blobs) == failure
