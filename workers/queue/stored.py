"""How an outcome lies in Redis: its JSON without large arrays, and their bytes under keys of their own."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from engine.contract import Failure, File, Image, Result, Tensor, to_json

Outcome = Result | Failure


def taken_apart(outcome: Outcome, *, tensors: bool) -> tuple[dict[str, Any], list[bytes]]:
    """The outcome's JSON form with empty arrays, and the bytes of its images, files, and (with `tensors`) its tensor."""
    images, files = _images(outcome), _files(outcome)
    blobs = [image.data for image in images] + [file.data for file in files]
    changes: dict[str, Any] = {"images": tuple(replace(image, data=b"") for image in images)} if images else {}
    changes |= {"files": tuple(replace(file, data=b"") for file in files)} if files else {}
    for name, tensor in _tensors(outcome):
        changes[name] = replace(tensor, data=b"")
        blobs += [tensor.data] if tensors else []
    return to_json(replace(outcome, **changes) if changes else outcome), blobs


def blobs_of(outcome: Outcome) -> int:
    """How many arrays lie beside an outcome that was taken apart; one fewer where its tensor was left out."""
    return len(_images(outcome)) + len(_files(outcome)) + len(_tensors(outcome))


def put_together(outcome: Outcome, blobs: list[bytes]) -> Outcome:
    """The outcome with its arrays again, as many of them as there are; a tensor that was left out stays empty."""
    if not blobs:
        return outcome
    images, files = _images(outcome), _files(outcome)
    changes: dict[str, Any] = {}
    if images:
        changes["images"] = tuple(replace(image, data=data) for image, data in zip(images, blobs, strict=False))
    if files:
        changes["files"] = tuple(replace(file, data=data) for file, data in zip(files, blobs[len(images) :], strict=False))
    for (name, tensor), data in zip(_tensors(outcome), blobs[len(images) + len(files) :], strict=False):
        changes[name] = replace(tensor, data=data)
    return replace(outcome, **changes)


def _images(outcome: Outcome) -> tuple[Image, ...]:
    images: tuple[Image, ...] = getattr(outcome, "images", ())
    return images


def _files(outcome: Outcome) -> tuple[File, ...]:
    files: tuple[File, ...] = getattr(outcome, "files", ())
    return files


def _tensors(outcome: Outcome) -> list[tuple[str, Tensor]]:
    values = [(field.name, getattr(outcome, field.name)) for field in fields(outcome)]
    return [(name, value) for name, value in values if isinstance(value, Tensor)]
