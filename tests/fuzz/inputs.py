"""What the fuzz tests feed: hostile texts, bytes and JSON, how many of them, and the count of those that were tried."""

from __future__ import annotations

import copy
import functools
import os
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings, strategies as st

# `make fuzz INPUTS=…` sets it; then the inputs are others in each run, with the seed that it tells.
VARIABLE = "FUZZ_INPUTS"
FEW = 60  # of each target, where nobody asks for more: all of them together take well under a minute
TRIED: Counter[str] = Counter()  # inputs by the name of their test

STEERING = (
    "\x00",
    "\x07",
    "\x08",
    "\x1b[2J",
    "\x1b]0;x\x07",
    "\x7f",
    "\x9b31m",
    "\u202e",
    "\u2066",
    "\u2069",
    "\u200f",
    "\u200b",
    "\ufeff",
)
ODD = ("\ud800", "\udfff", "\ud83d", "\ufffe", "\U0010ffff", "\U000e0041", "\u2028", "\x85", "\x0b", "\x1c", "\r", "\r\n")
LETTERS = (
    "猫",
    "山田太郎は",
    "ｶﾞ",
    "か\u3099",
    "㈱",
    "２０２４",
    "葛\U000e0100",
    "İ",
    "ß",
    "ﬁ",
    "e\u0301\u0316",
    "\ufdfa",
    "👨\u200d👩",
    "שלום",
    "a cat",
)
SYNTAX = (
    *(
        "/",
        "／",
        "/ner ",
        "/ask ",
        "/explain-attention ",
        "感情 ",
        "--",
        "－－",
        "——",
        "--lang ",
        "--layer=",
        "--query ",
        "|",
        "｜",
        ":",
        "＝",
    ),
    *('"', "'", "“", "”", "「", "」", "<", ">", "<@U1|", "<!here>", "@everyone", "&lt;", "```", "*", "_", "~", "[x](http://y)", "\\"),
    *("{", "}", "[", "]", "](PER)", ",", ";", "\t", "\n", " ", "\u3000", "[MASK]", "＿", "##", "%s", "{0}", "../", "-1", "1e999", "NaN"),
)
CHARACTERS = st.characters(codec=None)  # with half characters
TEXTS = st.lists(st.sampled_from((*STEERING, *ODD, *LETTERS, *SYNTAX)) | CHARACTERS, max_size=30).map("".join)
ENCODED = TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))
BYTES = st.binary(max_size=400) | ENCODED | st.lists(ENCODED | st.binary(max_size=20), max_size=5).map(b"".join)

NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(2**63), 2**64, -0.0])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXTS | st.sampled_from(["id", "text", "task", "version"]), inner, max_size=4)
    ),
    max_leaves=12,
)
LONG = 200_000  # what is looked at once for each sign takes an hour in this, or the memory of the machine
DEEP = 100_000


def asked_for() -> int:
    """How many inputs each target gets.

    Raises:
        ValueError: the environment says no whole number of at least 1.
    """
    said = os.environ.get(VARIABLE)
    if said is None:
        return FEW
    if not said.isdecimal() or int(said) < 1:
        raise ValueError(f"{VARIABLE} must be a whole number from 1, got {said!r}")
    return int(said)


def fuzzed(*, of: float = 1.0, shrinks: bool = True) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Below `@given`: counts the inputs and says how many there are, `of` so many. `shrinks`: a small one that fails is looked for."""

    def decorated(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def counted(*args: Any, **kwargs: Any) -> None:
            TRIED[test.__name__] += 1
            test(*args, **kwargs)

        return settings(
            max_examples=max(1, round(asked_for() * of)),
            derandomize=VARIABLE not in os.environ,
            database=None,
            deadline=None,
            phases=[phase for phase in Phase if shrinks or phase not in (Phase.shrink, Phase.explain)],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
        )(counted)

    return decorated


def mutated(value: Any, *, times: int = 3) -> st.SearchStrategy[Any]:
    """The JSON value with up to `times` of its parts gone, of another type, or huge."""
    changes = st.lists(st.tuples(st.integers(0, 10**6), st.just(_GONE) | JSON | _HUGE), max_size=times)
    return changes.map(functools.partial(_changed, value))


_GONE = object()
_HUGE = st.sampled_from(["x" * LONG, "猫" * LONG, "\u202e" * LONG, [[]] * 1_000, {str(i): i for i in range(1_000)}])


def _changed(value: Any, changes: list[tuple[int, Any]]) -> Any:
    root = [copy.deepcopy(value)]
    for which, new in changes:
        places = list(_places(root))
        if not places:
            break
        holder, key = places[which % len(places)]
        if new is not _GONE:
            holder[key] = copy.deepcopy(new)  # the same one may be put in twice
        elif holder is not root:
            del holder[key]
    return root[0]


def _places(holder: Any) -> Any:
    """Every part of a JSON value as (what it is in, its key or index); the value itself is in a list of one."""
    for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
        yield holder, key
        if isinstance(holder[key], dict | list):
            yield from _places(holder[key])
