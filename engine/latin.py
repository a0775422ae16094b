"""Tells English words from names in Latin letters, and English from its neighbours, by common words."""

from __future__ import annotations

import re
import unicodedata

_LETTER = r"A-Za-z\u00c0-\u024f\u1e00-\u1eff"
# Not the unit after a number, as in 60kg.
_WORD = re.compile(rf"(?<![{_LETTER}0-9])[{_LETTER}]+(?:['’][{_LETTER}]+)*")
# Words that stand together with nothing but blanks, digits and light marks between them.
_RUN = re.compile(rf"[{_LETTER}](?:[{_LETTER}0-9 '’&.+\-/]*[{_LETTER}0-9])?")
_CONNECTORS = frozenset(["of", "the", "and", "a", "an", "in", "on", "for", "to", "at", "with", "by", "or"])
_ENGLISH_WORDS = (
    "a about after again all also am an and any are as at be because been before being but by can can't cannot could did didn't do"
    " does doesn't doing don't down each even every few for from get go good got had has have he her here him his how i i'm i've if"
    " in into is isn't it it's its just like made make many me more most much my never no not now of off on once one only or other"
    " our out over really same she should so some still such than that that's the their them then there these they this those"
    " through to too under until up us very was wasn't we were what when where which while who why will with won't would wouldn't"
    " you you're your"
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
# Frequent words of each language that English lacks. Words that are English too (die, me, pour, son, as) are left out.
_FOREIGN = {
    ("fr", "フランス語", "French"): (
        "le la les des du une est dans que qui pour avec sur pas ce cette il elle nous vous ils sont était très mais je ne au aux ou"
        " où plus été c'est j'ai j'aime n'est ces ses mon bien aussi comme tout être avez ai suis merci bonjour ça et"
    ),
    ("es", "スペイン語", "Spanish"): (
        "el la los las una es en que por con para muy pero está este esta del se lo como más yo su al fue son era ha hay porque"
        " gracias hola qué cómo y película me gusta mi estoy todo nada nunca también bien"
    ),
    ("de", "ドイツ語", "German"): (
        "der das und ist nicht ich ein eine einen einem mit für auf sich dem den des von zu sie wir ihr auch aber sehr wie noch nur"
        " nach bei aus wird sind haben habe hat kann dieser dieses diese mich mir danke guten über können gut es"
    ),
    ("it", "イタリア語", "Italian"): (
        "il lo la gli di che è un una per con non sono questo questa molto ma anche come più della del nel alla mi piace ho hai grazie"
        " ciao bene perché e"
    ),
    ("pt", "ポルトガル語", "Portuguese"): (
        "o os as um uma é não em que por com para muito mas eu você está este esta do da dos das no na se como mais foi são obrigado"
        " obrigada filme e"
    ),
    ("nl", "オランダ語", "Dutch"): (
        "de het een en niet ik je dat van ik met voor zijn maar ook deze heel erg wel naar wij hebben heb heeft wordt bij ze dit"
    ),
    ("romaji", "ローマ字の日本語", "Japanese in Latin letters"): (
        "wa ga wo ni desu masu deshita mashita kono sono ano watashi boku totemo sugoku kara made nai janai suki kirai dayo desuka"
        " kudasai arigatou arigato gozaimasu konnichiwa ohayou omoshirokatta yokatta eiga kyou kyo ashita kinou ii tanoshikatta oishii"
        " oishikatta hontou hontouni"
    ),
}
_FOREIGN_WORDS = {language: frozenset(words.split()) for language, words in _FOREIGN.items()}
# A phrase or name of another language in English text has few words; this many, and this share, make a text of it.
_LEAST_WORDS = 3
_LEAST_COMMON = 2
_LEAST_SHARE = 0.3


def word_count(text: str, *, names: bool = True) -> tuple[int, int]:
    """(words, of those the grammatical ones of English); with `names=False` only words outside of names.

    A run of words is a name where all but small connecting words are capitalised or hold capitals: iPhone, The
    Lord of the Rings.
    """
    words = grammar = 0
    for run in _RUN.finditer(text):
        found = [match.group() for match in _WORD.finditer(text, *run.span())]
        if not names and _is_name(found):
            continue
        words += len(found)
        grammar += sum(word.lower().replace("’", "'") in _ENGLISH for word in found)
    return words, grammar


def _is_name(words: list[str]) -> bool:
    capitals = [any(char.isupper() for char in word) for word in words]
    others = [word for word, capital in zip(words, capitals, strict=True) if not capital]
    if any(word not in _CONNECTORS for word in others) or sum(capitals) < len(others):
        return False
    grammar = sum(word.lower() in _ENGLISH - _CONNECTORS for word in words)
    return grammar < 2 and any(word.lower() not in _ENGLISH for word in words)


def foreign_language(text: str) -> tuple[str, str, str] | None:
    """(code, Japanese name, English name) of the language that `text` is surely written in instead of English, or None."""
    words = [word.lower().replace("’", "'") for word in _WORD.findall(unicodedata.normalize("NFC", text))]
    if len(words) < _LEAST_WORDS:
        return None
    english = sum(word in _ENGLISH for word in words)
    found = {key: [word for word in words if word in known] for key, known in _FOREIGN_WORDS.items()}
    language, common = max(found.items(), key=lambda pair: len(pair[1]))
    enough = len(set(common)) >= _LEAST_COMMON and len(common) >= _LEAST_SHARE * len(words)
    return language if enough and len(common) > 2 * english else None
