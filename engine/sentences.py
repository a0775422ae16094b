"""Finds the sentences of Japanese and English text, as spans of the text exactly as given."""

from __future__ import annotations

import re

from engine.clusters import trimmed_span, widen_to_clusters

# Everything that str.splitlines takes for the end of a line, CRLF as one.
_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_OPENING, _CLOSING = "「『（【〈《〔［｛(“[{｢", "」』）】〉》〕］｝)”]}｣"
_PAIR = dict(zip(_CLOSING, _OPENING, strict=True))
# Longer than this, what stands in brackets is cut into sentences too.
_LONGEST_BRACKET = 200

_ALWAYS = "。｡！？‼⁇⁈⁉"  # these end a sentence wherever they stand
_MAYBE = ".．!?…"  # these where something shows that it ends
_END = re.compile(
    rf"(?P<marks>[{_ALWAYS}{_MAYBE}]+)"
    rf"(?P<closers>[{re.escape(_CLOSING)}\"'’»]*)"
    r"(?P<tail>(?:[♪♡♥☆★❤\U0001f300-\U0001faff\u2600-\u27bf\ufe0f\u200d]|（笑）|\(笑\))*)"
)
# After a closing bracket these carry the sentence on: 「行こう。」と言った。
_CONTINUES = re.compile(r"(?:と|って|っていう|なんて|など|なら|は|が|を|に|で|も|の|や|へ|か|より|から|まで|だ|です|とか|、|，|,|。|・)")
_JAPANESE = re.compile(r"[\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]")
_JAPANESE_NAMES = ("Yahoo!", "Yahoo！", "モーニング娘。")
# What stands behind the mark in the name of a file or place: 資料.pdf, 東京.jp; or in an address: 東京?q=1.
_NAME_ENDING = re.compile(r"[a-z0-9]")
_QUERY = re.compile(r"[\w.%\[\]-]{1,30}=")

# A name or number follows these, never a new sentence.
_TITLE_WORDS = "mr mrs ms mx dr prof st gen sen rep gov capt lt col sgt rev hon messrs mt"
_TITLES = frozenset(_TITLE_WORDS.split())
_LEAD_IN = frozenset(["e.g", "i.e", "cf", "vs", "viz", "approx", "ca", "incl", "esp"])
_BEFORE_NUMBERS = frozenset(["no", "nos", "p", "pp", "fig", "figs", "eq", "vol", "sec", "ch", "art", "ver", "tel"])
# These may end a sentence: what follows decides.
_EITHER_WORDS = (
    "inc corp co ltd llc plc bros jr sr etc al est dept univ assn ave blvd rd jan feb mar apr jun jul aug sep sept oct nov"
    " dec mon tue tues wed thu thurs fri a.m p.m ph.d m.d b.a m.a b.c a.d"
)
_EITHER = frozenset(_EITHER_WORDS.split())
_STARTER_WORDS = (
    "the a an he she it they we i you in on at but and so this that these those there if when while however my our his her"
    " its their your as for after before then since although what who how why where no yes not with by from to meanwhile also"
    " please some many all i'm"
)
_STARTERS = frozenset(_STARTER_WORDS.split())
_LAST_WORD = re.compile(r"(?:[^\W\d_]+\.)*[^\W\d_]+$")
_NEXT_WORD = re.compile(r"\s*[\"'“‘(\[「『]*([^\W_]+(?:'\w+)?)?")
_LOOK_BEHIND = 30  # characters, and as many ahead: the longest abbreviation or word that matters


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The sentences of `text` in order, in Japanese, English or both; white space at their ends left out.

    A line break always ends a sentence. So do 。！？ (with the brackets, quotation marks and emoji that follow), but
    not within brackets that close on the same line; and . ! ? … before a space, unless an abbreviation, an initial or a
    continuation in lower case speaks against it. Together the spans hold every character that is not white space exactly once.
    """
    spans = []
    for line in _LINE.finditer(text):
        start = line.start()
        for end in [*_ends(line.group()), len(line.group())]:
            _, wide_end = widen_to_clusters(text, start, max(line.start() + end, start))
            spans.append(trimmed_span(text, start, wide_end))
            start = wide_end
    return [(start, end) for start, end in spans if start < end]


def _ends(line: str) -> list[int]:
    """Where sentences end within a line, in order."""
    closed_at = _bracket_ends(line)
    ends: list[int] = []
    position = 0
    inside_until = 0  # the last place within a bracket that was opened so far
    checked = 0
    while match := _END.search(line, position):
        for place in range(checked, match.start()):
            inside_until = max(inside_until, closed_at.get(place, 0))
        checked = match.start()
        position = match.end()
        if inside_until < match.end() and _ends_here(line, match, start=ends[-1] if ends else 0):
            ends.append(match.end())
    return ends


def _bracket_ends(line: str) -> dict[int, int]:
    """Place of each opening bracket → place of its closing one, for brackets of a usual length."""
    open_places: dict[str, list[int]] = {}
    pairs = {}
    for place, char in enumerate(line):
        if char in _OPENING:
            open_places.setdefault(char, []).append(place)
        elif (opening := _PAIR.get(char)) and open_places.get(opening):
            start = open_places[opening].pop()
            if place - start <= _LONGEST_BRACKET:
                pairs[start] = place
    return pairs


def _ends_here(line: str, match: re.Match[str], *, start: int) -> bool:
    """Whether the marks of `match` end the sentence that begins at `start`."""
    before = line[max(start, match.start() - _LOOK_BEHIND) : match.start()]
    after = line[match.end() : match.end() + _LOOK_BEHIND]
    marks, closers = match["marks"], match["closers"]
    if (before + marks).endswith(_JAPANESE_NAMES) and _name_goes_on(marks, after):
        return False
    if closers and _CONTINUES.match(after):
        return False
    if any(mark in _ALWAYS for mark in marks):
        return not (closers and _goes_on_in_lower_case(after))
    if after and not after[0].isspace() and not match["tail"]:
        return _ends_without_space(before, marks, after)
    return _ends_before_space(before, marks, closers, after)


def _name_goes_on(marks: str, after: str) -> bool:
    """Whether the sentence goes on behind a name that ends with a mark: Yahoo! in 2005, Yahoo! Japan, but not Yahoo! It is."""
    following = _NEXT_WORD.match(after)
    word = (following and following[1]) or ""
    if after[:1].isalnum() or marks == "。":
        return after[:1].isalnum()
    return bool(word) and not (word[0].isupper() and word.lower() in _STARTERS)


def _ends_without_space(before: str, marks: str, after: str) -> bool:
    """Marks of a keyboard without a space behind them end a sentence after Japanese only: すごい!次は, not a.m.に or 資料.pdf."""
    if marks.strip("…") == "":
        return False
    if (marks in ".．" and _NAME_ENDING.match(after)) or (marks == "?" and _QUERY.match(after)):
        return False
    return bool(before and _JAPANESE.match(before[-1]))


def _ends_before_space(before: str, marks: str, closers: str, after: str) -> bool:
    if not after.strip():
        return True
    if closers and _goes_on_in_lower_case(after):
        return False
    if marks.startswith(("…", "..")):
        return not _goes_on_in_lower_case(after)
    if marks != ".":
        return True
    return not _is_abbreviation(before, after) and not before.strip().isdecimal()


def _goes_on_in_lower_case(after: str) -> bool:
    return after.lstrip()[:1].islower()


def _is_abbreviation(before: str, after: str) -> bool:
    """Whether the full stop between the two belongs to the word before it and ends nothing."""
    found = _LAST_WORD.search(before)
    if not found:
        return False
    word = found.group()
    lower = word.lower()
    following = _NEXT_WORD.match(after)
    next_word = (following and following[1]) or ""
    if lower in _TITLES or lower in _LEAD_IN:
        return True
    if lower in _BEFORE_NUMBERS:
        return next_word[:1].isdigit()
    initial = len(word) == 1 and word.isupper() and word != "I"
    if lower in _EITHER or initial or re.fullmatch(r"(?:\w\.)+\w", word):
        return next_word.lower() not in _STARTERS or next_word[:1].islower()
    return False
