"""Writes docs/en/messages.md, the list of every sentence that people see, in Japanese and English: `make messages`.

Each sentence stands in the code where it is said, in both languages at once. The list is read from there, for translators and reviewers.
"""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "en" / "messages.md"
PACKAGES = ("bot", "engine", "workers")
WORDS = ("bot/platforms/web/static/words.js", "engine/figures/page/words.js")
# Functions that take the Japanese sentence and right after it the English one: as their first arguments, or somewhere.
FIRST, SOMEWHERE = {"both", "_both", "said"}, {"ok", "skipped"}
JAPANESE = re.compile(r"[\u3005-\u3007\u3041-\u30ff\u4e00-\u9fff]")
PLACE = re.compile(r"\{([^{}]*)\}")
HEAD = """# Messages

Every sentence that Yomite says to people, in Japanese and English. Each stands in the code where it is said, in both languages at once; `make messages`
writes this list from there, and a test holds that it is up to date. What stands in braces is filled in.
人に見せることばの一覧です。ことばは、使うその場所に日英を並べて書いてあり、`make messages` がこの表を書き出します。{ } の中には値が入ります。
"""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One sentence in both languages; `file` is named from the project's folder, values stand in it as `{expression}`."""

    file: str
    line: int
    ja: str
    en: str

    @property
    def same(self) -> bool:
        """Whether there is nothing to translate: names, numbers, examples."""
        return self.ja == self.en


def pairs() -> list[Pair]:
    """Every pair of the code and of the pages' words, by file and line."""
    found = {pair for package in PACKAGES for path in (ROOT / package).rglob("*.py") for pair in pairs_of(path)}
    return sorted(found, key=lambda pair: (pair.file, pair.line, pair.ja)) + [pair for words in WORDS for pair in _page_words(words)]


def pairs_of(path: Path) -> Iterator[Pair]:
    """The pairs of one Python file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for ja, en in sides(node):
            texts = written(ja), written(en)
            if None not in texts and any(texts):
                yield Pair(file=str(path.relative_to(ROOT)), line=ja.lineno, ja=str(texts[0]), en=str(texts[1]))


def sides(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The Japanese and the English expression of a node that has both."""
    if isinstance(node, ast.Call):
        yield from _arguments(node)
    elif isinstance(node, ast.Tuple) and len(node.elts) == 2:
        yield from filter(_are_a_pair, [(node.elts[0], node.elts[1])])
    elif isinstance(node, ast.IfExp) and _asks_for_japanese(node.test):
        yield from _matched(node.body, node.orelse)
    elif isinstance(node, ast.If) and _asks_for_japanese(node.test):
        yield from _branches(node)


def _arguments(call: ast.Call) -> Iterator[tuple[ast.expr, ast.expr]]:
    """`ja=` and `en=`, or one after the other: a Japanese sentence and its English one."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    if "ja" in named and "en" in named:
        yield named["ja"], named["en"]
    elif isinstance(call.func, ast.Name) and call.func.id in FIRST and len(call.args) >= 2:
        yield call.args[0], call.args[1]
    elif isinstance(call.func, ast.Name) and call.func.id in SOMEWHERE:
        yield from filter(_are_a_pair, itertools.pairwise(call.args))


def _are_a_pair(found: tuple[ast.expr, ast.expr]) -> bool:
    """Whether the first says something in Japanese, and the second says something, not in Japanese."""
    ja, en = written(found[0]), written(found[1])
    return bool(ja and en and JAPANESE.search(PLACE.sub("", ja)) and not JAPANESE.search(PLACE.sub("", en)))


def _branches(node: ast.If) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What both branches assign, or return, where each does so once."""
    english = node.orelse
    ja = [found.value for found in node.body if isinstance(found, ast.Assign | ast.Return) and found.value]
    en = [found.value for found in english if isinstance(found, ast.Assign | ast.Return) and found.value]
    for one, other in zip(ja, en, strict=False):
        yield from _matched(one, other)


def _matched(ja: ast.expr, en: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Tuples and lists are matched part by part."""
    if isinstance(ja, ast.Tuple | ast.List) and isinstance(en, ast.Tuple | ast.List) and len(ja.elts) == len(en.elts):
        for one, other in zip(ja.elts, en.elts, strict=True):
            yield from _matched(one, other)
    elif isinstance(ja, ast.Constant | ast.JoinedStr | ast.BinOp) and isinstance(en, ast.Constant | ast.JoinedStr | ast.BinOp):
        yield ja, en


def _asks_for_japanese(test: ast.expr) -> bool:
    return (isinstance(test, ast.Compare) and ast.unparse(test).endswith("== 'ja'")) or ast.unparse(test) in {"japanese", "self.japanese"}


def written(node: ast.expr) -> str | None:
    """What an expression says, with its values in braces; None where it says nothing by itself."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr():
            return "".join(_part(part) for part in node.values)
        case ast.BinOp(op=ast.Add()):
            left, right = written(node.left), written(node.right)
            return (
                None
                if left is None and right is None
                else "".join(text if text is not None else _braced(side) for text, side in ((left, node.left), (right, node.right)))
            )
    return None


def _part(part: ast.expr) -> str:
    if isinstance(part, ast.FormattedValue):
        return _braced(part.value)
    return str(part.value) if isinstance(part, ast.Constant) else _braced(part)


def _braced(value: ast.expr) -> str:
    return "{" + ast.unparse(value).replace("{", "(").replace("}", ")") + "}"


def _page_words(file: str) -> Iterator[Pair]:
    """The pairs of a page's words.js."""
    source = (ROOT / file).read_text(encoding="utf-8")
    words = _table(source[source.index("const WORDS = ") :])
    english = dict(_flat(words["en"]))
    for key, ja in _flat(words["ja"]):
        line = source[: source.index(json.dumps(ja, ensure_ascii=False))].count("\n") + 1
        yield Pair(file=file, line=line, ja=ja, en=english.get(key, ""))


def _table(source: str) -> dict[str, dict[str, object]]:
    """The first object of a JavaScript source, which holds only names, strings in double quotes, lists and objects."""
    parts: list[str] = []
    depth = 0
    for part in re.findall(r'"(?:\\.|[^"\\])*"|//[^\n]*|[{}\[\]:,]|\w+', source[source.index("{") :]):
        if part.startswith("//"):
            continue
        depth += {"{": 1, "}": -1}.get(part, 0)
        if part in "}]" and parts[-1] == ",":
            parts.pop()  # JSON has no comma after the last
        parts.append(f'"{part}"' if part[0].isalnum() or part[0] == "_" else part)
        if depth == 0:
            break
    found: dict[str, dict[str, object]] = json.loads("".join(parts))
    return found


def _flat(words: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in words.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield from _flat(dict(zip(map(str, range(len(value))), value, strict=True)), f"{prefix}{key}.")
        elif isinstance(value, str):
            yield prefix + key, value


def page(found: Iterable[Pair]) -> str:
    """The list as a Markdown page, a table a file."""
    parts, file = [HEAD], ""
    for pair in found:
        if pair.same:
            continue
        if pair.file != file:
            file = pair.file
            parts.append(f"\n## `{file}`\n\n| 日本語 | English |\n|---|---|\n")
        parts.append(f"| {_cell(pair.ja)} | {_cell(pair.en)} |\n")
    return "".join(parts)


def _cell(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("\\", "\\\\")
    return re.sub(r"([|*_`\[\]#])", r"\\\1", escaped).replace("\n", "<br>").strip()


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(pairs()), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
