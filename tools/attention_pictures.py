"""Draws the documents' examples of /explain-attention with the bundled models: `make pictures`, or `python -m tools.attention_pictures`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.conversation import understand
from engine.catalog import Catalog
from engine.contract import ExplainAttentionRequest, ExplainAttentionResult
from engine.engine import Engine
from engine.models.cache import ModelCache
from tools.pictures.browser import small

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
COMMAND = "explain-attention"
MEMORY_BYTES = 2**31


@dataclass(frozen=True)
class Example:
    """What is typed: the text, or two with | between, and the options."""

    text: str
    options: str

    @property
    def shell(self) -> str:
        """At the terminal, as the documents show it."""
        return f'yomite {COMMAND} "{self.text}" {self.options}'

    @property
    def request(self) -> ExplainAttentionRequest:
        """What the command understands."""
        request = understand(f"/{COMMAND} {self.text} {self.options}").request
        if not isinstance(request, ExplainAttentionRequest):
            raise TypeError(f"{self.shell} asks for no attention")
        return request


_MAPLES = "京都の紅葉は本当に素晴らしかった！また行きたいです。"
_ROOM = "The room was small, but the staff were wonderful and the breakfast was great."
EXAMPLES: dict[str, Example] = {
    "map-ja": Example(_MAPLES, "--layer 3"),
    "map-en": Example("Emma told Kenji that she had lost her umbrella in Kyoto.", "--layer 7 --head 0"),
    "heads-ja": Example(_MAPLES, "--view heads --layer 2"),
    "layers-en": Example(_ROOM, "--view layers"),
    "rollout-en": Example(_ROOM, "--view rollout"),
    "tokens-ja": Example(_MAPLES, "--view tokens"),
    "tokens-en": Example(_ROOM, "--view tokens"),
    "word-ja": Example(_MAPLES, "--word 紅葉 --layer 3"),
    "pair-en": Example("When was the Transformer introduced? | The Transformer is a neural network. It was introduced in 2017.", "--task ask"),
    "compare-ja": Example("この映画は面白かった。 | この映画は面白くなかった。", "--view compare"),
    "compare-en": Example("The staff were wonderful. | The staff were not wonderful at all.", "--view compare"),
    "positions-en": Example(_ROOM, "--view positions"),
}  # fmt: skip


def picture_of(name: str) -> str:
    """The file name of an example's picture."""
    return f"attention-{name}.png"


def draw(names: Sequence[str] = tuple(EXAMPLES), *, folder: Path = FOLDER) -> list[Path]:
    """Draw the named examples into `folder`; the first picture of each. Returns the files.

    Raises:
        RuntimeError: an example cannot be answered.
    """
    engine = Engine(Catalog.load(), ModelCache(memory_budget_bytes=MEMORY_BYTES, device="cpu"))
    written = []
    for name, outcome in zip(names, engine.run([EXAMPLES[name].request for name in names]), strict=True):
        if not isinstance(outcome, ExplainAttentionResult):
            raise RuntimeError(f"the example {name} has no picture: {outcome}")
        path = folder / picture_of(name)
        path.write_bytes(small(outcome.images[0].data))
        written.append(path)
    return written


def main() -> None:
    """Draw all of them."""
    for path in draw():
        print(f"wrote docs/images/{path.name} ({path.stat().st_size / 1_000:.0f} kB)")


if __name__ == "__main__":
    main()
