"""What is said of a text that is too long to be read or shown at once."""

from __future__ import annotations

from collections.abc import Iterator

from engine.attention.explained import Explained
from engine.contract import Message, Token
from engine.tasks.explain_reading import Reading
from engine.tasks.explain_targets import Aim


def long_text_notes(reading: Reading, aimed: Aim, explained: Explained) -> Iterator[Message]:
    """Which window of the text was read, which part of that is shown, and why; characters count from 1."""
    which_ja, which_en = ("2 つ目の文章", "The second text") if len(reading.sides) > 1 else ("文章", "The text")
    if len(reading.windows) > 1:
        yield _window_note(reading, aimed, which_ja, which_en, chosen=explained.chosen and aimed.target is not None)
    if len(reading.parts) > 1:
        yield _part_note(explained, which_ja, which_en)
    if len(reading.sides) > 1 and reading.beside < len(reading.sides[0].pieces):
        yield _first_note(explained)


def _window_note(reading: Reading, aimed: Aim, which_ja: str, which_en: str, *, chosen: bool) -> Message:
    offsets, window = reading.sides[-1].pieces.offsets, reading.windows[aimed.window]
    start, end = offsets[window.start][0] + 1, offsets[window.stop - 1][1]
    if chosen:
        return Message(
            ja=f"{which_ja}は一度に読める長さを超えるので {len(reading.windows)} つに分けて読み、"
            f"そのうち判定が最もはっきりした {start}〜{end} 文字目について説明します。",
            en=f"{which_en} is longer than the model reads at once. It was read in {len(reading.windows)} parts; explained is the one"
            f" whose prediction is most decided, characters {start} to {end}.",
        )
    return Message(
        ja=f"{which_ja}は一度に読める長さを超えるので、{start}〜{end} 文字目だけについて説明します。",
        en=f"{which_en} is longer than the model reads at once: only characters {start} to {end} are explained.",
    )


def _part_note(explained: Explained, which_ja: str, which_en: str) -> Message:
    start, end = _characters(explained.tokens[explained.second_from or 0 :])
    last = explained.windows - 1
    if explained.chosen:
        return Message(
            ja=f"{which_ja}は長いので、判定に最も関わる部分を示します：区間 {explained.window}（0〜{last} のうち、{start}〜{end} 文字目）。",
            en=f"{which_en} is long: the most relevant part is shown, window {explained.window} (of 0–{last}, characters {start} to {end}).",
        )
    return Message(
        ja=f"{which_ja}は長いので、区間 {explained.window}（0〜{last} のうち、{start}〜{end} 文字目）だけを示します。",
        en=f"{which_en} is long: only window {explained.window} (of 0–{last}, characters {start} to {end}) is shown.",
    )


def _first_note(explained: Explained) -> Message:
    start, end = _characters(explained.tokens[: explained.second_from])
    if explained.word is not None:
        return Message(
            ja=f"1 つ目の文章は長いので、{start}〜{end} 文字目だけを示します。",
            en=f"The first text is long: only characters {start} to {end} are shown.",
        )
    return Message(
        ja=f"1 つ目の文章は、判定に最も関わる {start}〜{end} 文字目を示します。",
        en=f"Of the first text, what matters most is shown: characters {start} to {end}.",
    )


def _characters(tokens: tuple[Token, ...]) -> tuple[int, int]:
    return tokens[0].start + 1, tokens[-1].end
