"""Writes the pictures and pages of a Result to files, since a terminal cannot show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.errors import InputError
from engine.contract import Failure, File, Image, Result, SimilarResult, reason_of, to_json

Outcome = Result | Failure
PAGES = (".html", ".htm")


def belongings_of(result: Result) -> tuple[Image | File, ...]:
    """What belongs to a Result: its pictures, then its files; most have none."""
    images: tuple[Image, ...] = getattr(result, "images", ())
    files: tuple[File, ...] = getattr(result, "files", ())
    return (*images, *files)


def as_asked(outcome: Outcome, *, output: Path | None) -> Outcome:
    """The outcome without a picture that nobody asked for: a matrix stands in the text as well, and no file is to lie about for it."""
    if isinstance(outcome, SimilarResult) and output is None:
        return replace(outcome, images=())
    return outcome


def write_belongings(belongings: Sequence[Image | File], *, output: Path | None) -> tuple[Path, ...]:
    """Write pictures and pages and return where they are.

    `output` names a file, which is replaced, or a folder; without it they go to the current folder. A name that ends in .html is for
    the first page, any other for the first picture. Only a name that was given is written over: all others get one that is free.

    Raises:
        InputError: a file cannot be written.
    """
    folder, name = Path(), None
    if output is not None:
        folder, name = (output, None) if output.is_dir() else (output.parent, output.name)
    wanted = File if name is not None and Path(name).suffix.lower() in PAGES else Image
    named = next((i for i, belonging in enumerate(belongings) if isinstance(belonging, wanted)), None)
    return tuple(_write(belonging, folder, name if i == named else None) for i, belonging in enumerate(belongings))


def as_json_with_files(result: Result, paths: Sequence[Path]) -> dict[str, Any]:
    """The JSON form of a Result whose pictures and pages are named by their files instead of being in it."""
    data = to_json(result)
    for belonging, path in zip((*data.get("images", ()), *data.get("files", ())), paths, strict=True):
        del belonging["data"]
        belonging["file"] = str(path)
    return data


def _write(belonging: Image | File, folder: Path, name: str | None) -> Path:
    try:
        if name is not None:
            path = folder / name
            path.write_bytes(belonging.data)
            return path
        return _write_new(belonging, folder)
    except OSError as error:
        where, why = folder / (name or belonging.name), reason_of(error)
        raise InputError(
            ja=f"{where} に書けません（{why.ja}）。--output で書ける場所を指定してください。",
            en=f"{where} cannot be written ({why.en}). Name a place that can be with --output.",
        ) from error


def _write_new(belonging: Image | File, folder: Path) -> Path:
    """Write under its own name, or that name with the first number that is free."""
    plain = Path(belonging.name)
    number = 1
    while True:
        path = folder / (plain.name if number == 1 else f"{plain.stem}-{number}{plain.suffix}")
        try:
            with path.open("xb") as file:
                file.write(belonging.data)
        except FileExistsError:
            number += 1
        else:
            return path
