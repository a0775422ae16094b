"""The list of messages: it is up to date, and every sentence that people see stands in both languages, saying the same."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.messages import JAPANESE, PAGE, PLACE, ROOT, Pair, page, pairs, sides

# What a sentence says beside its words: values, commands, settings, options, addresses.
_FIXED = re.compile(r"YOMITE_[A-Z_]+|\b(?:SLACK|DISCORD)_[A-Z_]+|\bREDIS_URL\b|(?<![\w-])--[a-z][a-z-]+")
# Japanese letters beside a comma, a colon or the like of half width; the end of a sentence twice.
_SLIP = re.compile(rf"(?:{JAPANESE.pattern}|[」）]),|(?:{JAPANESE.pattern}|[」）])[!?;:](?:\s|$)|。[。、,.]|、[、,。]|[,]。")
_LANGUAGE = re.compile(r"\b(?:ja|en)_|_(?:ja|en)\b|\.(?:ja|en)\b|\b(?:ja|en)\b")
_PLURAL = re.compile(r"^'\w*' if .* else '\w*'$")
# How a list is joined, counted or shortened, in the one language and in the other.
_GRAMMAR = {"join", "len", "counted", "strip", "lower", "replace", "for", "in", "if", "else", "f", "True", "False"}
# Where the one language says a value in another way, or leaves it to the sentence: file and how the English one begins, with the reason.
OTHERWISE = {
    ("bot/commands/explained_words.py", "{after} "): "English tells one token from several",
    ("bot/operating/slack.py", "Make a new one on the settings page"): "`scope` and `of` are the same in both languages",
    ("bot/platforms/terminal/table.py", "{command.summary.en}"): "the Japanese side asks for the person's language, which is Japanese",
    ("engine/figures/attention.py", "Orange frames"): "English says: the two",
    ("engine/figures/attention.py", "{there} of {one}"): "`one` and `other` are `first` and `second` in lower case",
    ("engine/models/choosing.py", "From now on {name} answers"): "`listed` is the same in Japanese",
}

# Words of several meanings, by the words around them; sentences have one translation each.
SHORT = 4

# Japanese that stands in no pair, file by file, with the reason.
ALONE = {
    "bot/commands/": "names of commands, and words of examples; titles whose parts are chosen one by one",
    "bot/feedback/correction.py": "what people may type",
    "bot/grammar.py": "dashes that people may type",
    "bot/paragraphs.py": "marks of a list",
    "bot/platforms/discord/parameters.py": "a letter of names",
    "bot/platforms/monospace.py": "marks that no line begins or ends with",
    "bot/platforms/slack/manifest.py": "Slack shows one text to everybody: it stands in both languages at once",
    "bot/platforms/terminal/thumbs.py": "what people may type",
    "bot/platforms/web/access.py": "who has no token has told no language: it stands in both at once",
    "bot/settings.py": "a place, beside its English form",
    "bot/guard/room.py": "a sentence of several parts, beside its English form",
    "bot/operating/": "words put together, beside their English form",
    "bot/platforms/discord/poster.py": "an answer's last line, beside its English form",
    "bot/platforms/discord/render.py": "as above",
    "bot/platforms/terminal/session.py": "the welcome, beside its English form",
}


@pytest.fixture(scope="module")
def found() -> list[Pair]:
    return pairs()


def test_the_list_is_up_to_date(found: list[Pair]) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(found), "run `make messages`"


def test_the_list_holds_what_is_said_everywhere(found: list[Pair]) -> None:
    files = {pair.file for pair in found}
    assert {"bot/apologies.py", "engine/language.py", "bot/platforms/web/static/words.js", "engine/figures/page/words.js"} <= files
    assert len(found) > 1_000


def test_every_message_stands_in_both_languages(found: list[Pair]) -> None:
    assert [pair for pair in found if not pair.ja.strip() or not pair.en.strip()] == []


def test_the_japanese_one_is_japanese_and_the_english_one_is_not(found: list[Pair]) -> None:
    sentences = [pair for pair in found if not pair.same and re.search(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}", PLACE.sub("", pair.en))]
    assert len(sentences) > 500
    assert [pair for pair in sentences if not JAPANESE.search(PLACE.sub("", pair.ja))] == []
    in_english = [pair for pair in sentences if JAPANESE.search(re.sub(r"「[^」]*」|\"[^\"]*\"|echo \S+", "", PLACE.sub("", pair.en)))]
    assert in_english == []


def test_japanese_has_japanese_punctuation(found: list[Pair]) -> None:
    assert [pair for pair in found if not pair.same and _SLIP.search(PLACE.sub("X", pair.ja))] == []


def test_both_name_the_same_settings_and_options(found: list[Pair]) -> None:
    differing = [pair for pair in found if set(_FIXED.findall(pair.ja)) != set(_FIXED.findall(pair.en))]
    assert differing == []


def test_both_tell_the_same_values(found: list[Pair]) -> None:
    differing = [pair for pair in found if values(pair.ja) != values(pair.en)]
    assert [pair for pair in differing if not _is_told_otherwise(pair)] == []
    assert len({known for pair in differing for known in _known(pair)}) == len(OTHERWISE), "an exception is not needed any more"


def test_a_sentence_is_translated_in_one_way(found: list[Pair]) -> None:
    translations: dict[str, set[str]] = defaultdict(set)
    for pair in found:
        if len(pair.en.split()) >= SHORT:
            translations[pair.en].add(pair.ja)
    assert {en: ja for en, ja in translations.items() if len(ja) > 1} == {}


def test_no_japanese_stands_in_the_bot_without_its_english() -> None:
    bare = {f"{file}:{line}" for file, line in _bare_japanese() if not any(file.startswith(known) for known in ALONE)}
    assert bare == set()


def test_every_exception_is_still_needed() -> None:
    files = {file for file, _ in _bare_japanese()}
    assert [known for known in ALONE if not any(file.startswith(known) for file in files)] == []


def test_the_bot_prints_no_sentence_of_its_own_in_one_language() -> None:
    printed = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sorted((ROOT / "bot").rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in {"print", "typer.echo", "sys.exit", "sys.stdout.write", "sys.stderr.write"}
        for argument in call.args
        if isinstance(argument, ast.Constant | ast.JoinedStr) and re.search(r"[A-Za-z]{2,} [a-z]{2,}", _words(argument))
    ]
    assert printed == []


def _known(pair: Pair) -> list[tuple[str, str]]:
    return [(file, start) for file, start in OTHERWISE if pair.file == file and pair.en.startswith(start)]


def _is_told_otherwise(pair: Pair) -> bool:
    return bool(_known(pair))


def values(text: str) -> set[str]:
    """The names that stand in a sentence's places, apart from which language they are in and how lists are joined."""
    names: set[str] = set()
    for place in PLACE.findall(text):
        if _PLURAL.match(place):
            continue
        without_strings = re.sub(r"f?'[^']*'", lambda match: " ".join(re.findall(r"\((\w[\w.\[\]]*)\)", match[0])), place)
        names |= set(re.findall(r"[A-Za-z]\w*", _LANGUAGE.sub(" ", without_strings))) - _GRAMMAR
    return names


def _words(node: ast.expr) -> str:
    return " ".join(str(part.value) for part in ast.walk(node) if isinstance(part, ast.Constant))


def _bare_japanese() -> Iterator[tuple[str, int]]:
    """Where in the bot a string holds Japanese and is no part of a pair, nor says what code is for."""
    for path in sorted((ROOT / "bot").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        paired: set[int] = set()
        for node in ast.walk(tree):
            paired |= {id(part) for both in sides(node) for side in both for part in ast.walk(side)}
            if isinstance(node, ast.Expr):
                paired.add(id(node.value))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and JAPANESE.search(node.value) and id(node) not in paired:
                yield str(Path(path).relative_to(ROOT)), node.lineno
