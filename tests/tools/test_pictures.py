"""The documents' pictures: what the adapters send stands in them whole, and no document refers to a picture that is missing."""

from __future__ import annotations

import asyncio
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pytest
from PIL import Image
from playwright.async_api import Browser

from bot.commands import COMMANDS, explained as explanations, ner
from bot.conversation import understand
from bot.language import Speech
from bot.reply import Reply
from engine.contract import AttentionView, Entity, EntityLabel, ExplainAttentionRequest, NerRequest, NerResult
from engine.figures.explanation import pictures
from tests.bot.explaining import PAGE, explained
from tests.support.explained import made_up
from tools.attention_pictures import EXAMPLES, picture_of
from tools.command_lines import LINES
from tools.pictures.browser import chromium, drawn_page, small
from tools.pictures.commands import SPEECHES, picture_of as command_picture
from tools.pictures.discord import discord_page
from tools.pictures.markdown import html_of
from tools.pictures.scene import DISCORD, KENJI, SLACK, Said, Scene
from tools.pictures.slack import slack_page
from tools.pictures.web import VISITS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

# Elements that are wider than their place; one line of a chat is cut on purpose.
OVERFLOWING = """[...document.querySelectorAll('.column, .column *')].filter((element) =>
    element instanceof HTMLElement && !element.closest('.replied-to') && (
        getComputedStyle(element).display !== 'inline' && element.scrollWidth > element.clientWidth
        || element.getBoundingClientRect().right > document.querySelector('.column').getBoundingClientRect().right
    )).map((element) => element.outerHTML.slice(0, 200))"""
UNDRAWN = "[...document.images].filter((image) => !image.naturalWidth).length"


def names_found(speech: Speech) -> tuple[Reply, list[str]]:
    """An answer of /ner on a text full of markup, and what must be read in its picture."""
    text = "佐藤 <b>*美咲*</b> & Tim_Cook_ は `東京` で __会った__。" + "とても長い報告書の続きがここに並びます。" * 8
    names: dict[str, EntityLabel] = {"佐藤": "PER", "Tim_Cook_": "PER", "東京": "LOC"}
    starts = {name: text.index(name) for name in names}
    entities = [Entity(start=starts[name], end=starts[name] + len(name), text=name, label=names[name], score=0.9) for name in names]
    reply = ner.render(NerRequest(text=text), NerResult(language="ja", model="m/ner", entities=tuple(entities)), speech)
    read = ["佐藤PER <b>*美咲*</b> & Tim_Cook_PER は `東京LOC` で __会った__。", "0–2", "90.0%", "m/ner", reply.title]
    return reply, read


def attention_found(speech: Speech) -> tuple[Reply, list[str]]:
    """An answer of /explain-attention, with its picture and its page."""
    request = ExplainAttentionRequest(text="とても良い")
    read = made_up("とても良い")
    images = pictures(read, view="map", layer=1, head=0, other=None, japanese=speech == "ja")
    result = explained(request, images=images)
    reply = explanations.render(request, result, speech)
    attached = f"{len(PAGE.data):,} bytes"  # the page, below the answer
    return reply, ["ポジティブ 90.0%" if speech == "ja" else "positive 90.0%", result.model, attached]


class Looker:
    """A browser that is started once for all pictures."""

    def __init__(self, runner: asyncio.Runner, browser: Browser) -> None:
        self._runner = runner
        self._browser = browser

    def look(self, document: str) -> tuple[str, list[str], int]:
        """What can be read in a drawn page, what overflows in it, and how many images do not show."""

        async def look() -> tuple[str, list[str], int]:
            async with drawn_page(self._browser, document) as page:
                return await page.locator(".column").inner_text(), await page.evaluate(OVERFLOWING), await page.evaluate(UNDRAWN)

        return self._runner.run(look())


@pytest.fixture(scope="module")
def looker() -> Iterator[Looker]:
    opened = chromium()
    with asyncio.Runner() as runner:
        yield Looker(runner, runner.run(opened.__aenter__()))
        runner.run(opened.__aexit__(None, None, None))


@pytest.mark.parametrize("speech", ["ja", "en"])
@pytest.mark.parametrize("platform", ["slack", "discord"])
@pytest.mark.parametrize("found", [names_found, attention_found])
def test_a_message_stands_whole_in_its_picture(looker: Looker, found: Any, platform: Literal["slack", "discord"], speech: Speech) -> None:
    reply, expected = found(speech)
    asked = Said(by=KENJI, time="10:24", text="sentiment " + "長い質問" * 30 if speech == "ja" else "sentiment " + "a_long_question" * 12)
    scene = Scene(name="test", place="# 雑談", speech=speech, way="mention", asked=asked)
    document = asyncio.run(slack_page(scene, reply, speech=speech)) if platform == "slack" else discord_page(scene, reply, speech=speech)
    read, overflowing, undrawn = looker.look(document)
    assert [words for words in [*expected, asked.text] if words not in read] == [], read
    assert (overflowing, undrawn) == ([], 0)


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("**太字**と__下線__", "<b>太字</b>と<u>下線</u>"),
        ("**東京**`LOC`、__a *b*__", "<b>東京</b><code>LOC</code>、<u>a <i>b</i></u>"),
        (r"\*そのまま\* \_so\_ \`x\` \\", "*そのまま* _so_ `x` \\"),
        ("題\n```\n名前  **x**\n<b>   1\n```\n\n次", "題\n<pre>名前  **x**\n&lt;b&gt;   1</pre>\n次"),
        ("1 < 2 & 3", "1 &lt; 2 &amp; 3"),
    ],
)
def test_discords_markdown_is_drawn_as_discord_draws_it(markdown: str, html: str) -> None:
    assert html_of(markdown) == html


def test_a_smaller_picture_keeps_its_colours() -> None:
    gradient = Image.new("RGB", (256, 64))
    gradient.putdata([(value, 255 - value, 128) for _ in range(64) for value in range(256)])
    out = io.BytesIO()
    gradient.save(out, format="PNG")
    with Image.open(io.BytesIO(small(out.getvalue()))) as reduced:
        difference = np.abs(np.asarray(reduced.convert("RGB"), dtype=int) - np.asarray(gradient, dtype=int))
    assert difference.max() <= 4


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_picture_of_a_document_exists(document: Path) -> None:
    assert [str(path) for path in shown_in(document) if not path.is_file() or not path.is_relative_to(ROOT / "docs")] == []


def test_every_picture_is_shown_in_a_document() -> None:
    shown = {path for document in DOCUMENTS for path in shown_in(document)}
    assert [path.name for path in (ROOT / "docs" / "images").iterdir() if path not in shown] == []


def test_the_pictures_are_those_that_are_drawn() -> None:
    answers = {f"{command_picture(command, speech)}.png" for command in LINES for speech in SPEECHES}
    drawn = {f"{picture.name}.png" for picture in (*SLACK, *DISCORD, *VISITS)} | set(map(picture_of, EXAMPLES)) | answers
    measured = set(re.findall(r"images/(benchmarks-[^)]+)", (ROOT / "docs" / "en" / "benchmarks.md").read_text(encoding="utf-8")))
    assert {path.name for path in (ROOT / "docs" / "images").iterdir()} == drawn | measured


def test_every_command_has_a_line_that_shows_it_in_both_languages() -> None:
    assert list(LINES) == [command.name for command in COMMANDS]
    understood = {(name, line) for name, said in LINES.items() for line in (said.ja, said.en) if understand(line).command.name == name}
    assert len(understood) == 2 * len(COMMANDS)


def test_the_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").iterdir()}
    assert sum(sizes.values()) < 5_000_000
    assert [
        name for name, size in sizes.items() if name.startswith("command-") and size > (65_000 if "attention" not in name else 160_000)
    ] == []


@pytest.mark.parametrize("document", [ROOT / "docs" / "en" / "explain.md", ROOT / "docs" / "ja" / "explain.md"], ids=["en", "ja"])
def test_above_a_picture_of_attention_stands_the_command_that_it_answers(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    shown = [name for name in EXAMPLES if picture_of(name) in text]
    assert [name for name in shown if EXAMPLES[name].shell + "\n" not in text[: text.index(picture_of(name))]] == []
    assert {EXAMPLES[name].request.view for name in shown} == set(get_args(AttentionView))


def test_the_documents_commands_of_attention_can_be_read() -> None:
    lines = [
        line for name in ("en/explain.md", "ja/explain.md") for line in (ROOT / "docs" / name).read_text(encoding="utf-8").splitlines()
    ]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("yomite ")]
    requests = [understand(f"/{name} {' '.join(words)}").request for name, *words in commands]
    assert len(requests) >= 2 * len(get_args(AttentionView))
    assert [request for request in requests if not isinstance(request, ExplainAttentionRequest)] == []


def shown_in(document: Path) -> list[Path]:
    """The pictures of this project that a document shows."""
    links = re.findall(r"!\[[^\]]*\]\(([^)\s]+)", document.read_text(encoding="utf-8"))
    return [(document.parent / link).resolve() for link in links if "://" not in link]
