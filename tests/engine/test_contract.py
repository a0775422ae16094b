"""What was no Request or Result of ours is refused with a ContractError, whatever it is."""

from __future__ import annotations

import pytest

from engine.contract import ContractError, SentimentRequest, outcome_from_json, request_from_json, to_json

IMAGE = {"name": "a.png", "media_type": "image/png", "width_px": 1, "height_px": 1, "alt": {"ja": "図", "en": "map"}}
SIMILAR = {"version": 1, "task": "similar", "language": "ja", "model": "m", "matrix": [], "ranking": [], "pooling": "mean"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "expected a JSON object, got list"),
        ({"version": 2}, "this engine speaks 1"),
        ({"version": 1, "task": ["ner"]}, "allowed are sentiment"),
        ({"version": 1, "task": "ner"}, "missing required field `text`"),
        ({"version": 1, "task": "ner", "text": 3}, "Expected `str`, got `int`"),
        ({"version": 1, "task": "ner", "text": "猫", "tone": 1}, "unknown key 'tone'"),
        ({"version": 1, "task": "ner", "text": "猫", 1: 2, "tone": 3}, "unknown key 1"),
    ],
)
def test_what_is_no_request_is_refused_with_the_reason(data: object, said: str) -> None:
    with pytest.raises(ContractError, match=said):
        request_from_json(data)


@pytest.mark.parametrize("data", ["\ud800", "not base64!", 3])
def test_a_picture_that_is_no_base64_is_refused(data: object) -> None:
    with pytest.raises(ContractError, match="SimilarResult"):
        outcome_from_json(SIMILAR | {"images": [IMAGE | {"data": data}]})


@pytest.mark.parametrize("text", ["猫です。", "a cat", "\ud800\x00\u202e"])
def test_a_request_is_read_as_it_was_written(text: str) -> None:
    assert request_from_json(to_json(SentimentRequest(text=text))) == SentimentRequest(text=text)
