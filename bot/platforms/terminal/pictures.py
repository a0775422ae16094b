"""Writes the pictures of a Result to files, since a terminal cannot show them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.errors import InputError
from engine.contract import Image, Result, to_json


def images_of(result: Result) -> tuple[Image, ...]:
    """The pictures of a Result; most have none."""
    images: tuple[Image, ...] = getattr(result, "images", ())
    return images


def write_pictures(images: Sequence[Image], *, output: Path | None) -> tuple[Path, ...]:
    """Write `images` and return their files.

    `output` names a file, which is replaced, or a folder; without it they go to the current folder. Only a name that was given is
    written over: other pictures get a name that is free.

    Raises:
        InputError: a file cannot be written.
    """
    folder, name = Path(), None
    if output is not None:
        folder, name = (output, None) if output.is_dir() else (output.parent, output.name)
    return tuple(_write(image, folder, name if i == 0 else None) for i, image in enumerate(images))


def as_json_with_files(result: Result, paths: Sequence[Path]) -> dict[str, Any]:
    """The JSON form of a Result whose pictures are named by their files instead of being in it."""
    data = to_json(result)
    for image, path in zip(data.get("images", ()), paths, strict=True):
        del image["data"]
        image["file"] = str(path)
    return data


def _write(image: Image, folder: Path, name: str | None) -> Path:
    try:
        if name is not None:
            path = folder / name
            path.write_bytes(image.data)
            return path
        return _write_new(image, folder)
    except OSError as error:
        where = folder / (name or image.name)
        raise InputError(
            ja=f"画像を {where} に書けません（{error.strerror}）。--output で書ける場所を指定してください。",
            en=f"The picture cannot be written to {where} ({error.strerror}). Name a place that can be with --output.",
        ) from error


def _write_new(image: Image, folder: Path) -> Path:
    """Write under the image's name, or that name with the first number that is free."""
    plain = Path(image.name)
    number = 1
    while True:
        path = folder / (plain.name if number == 1 else f"{plain.stem}-{number}{plain.suffix}")
        try:
            with path.open("xb") as file:
                file.write(image.data)
        except FileExistsError:
            number += 1
        else:
            return path
