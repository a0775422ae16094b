"""`adapt`: lets an encoder learn a team's way of writing by guessing hidden words of its texts, before tasks are trained on it."""

from __future__ import annotations

import time
from pathlib import Path

import torch

from engine.catalog import Catalog
from engine.catalog.described import Description
from engine.contract import Task
from engine.errors import ModelError
from engine.models.device import choose_device
from engine.models.loading import load_model
from engine.training.base import Base, find_base
from engine.training.card import Card, Data, in_words
from engine.training.checking import language_of, languages_of, rows_of_texts
from engine.training.out import Out
from engine.training.teaching import Taught, Teaching, write_result, write_scores
from engine.training.telling import Outcome, typed
from engine.training.texts import hold_back
from engine.training.watching import StopWish
from engine.training.wishes import AdaptWish
from engine.training.words import WordsGoal, perplexity, words_goal

MAIN = "perplexity"


def adapt_encoder(wish: AdaptWish, catalog: Catalog, stop: StopWish) -> Outcome | None:
    """Train and write the folder; None where a person stopped it.

    Raises:
        EngineError: the model or the folder are not as they must be.
    """
    began = time.monotonic()
    texts = wish.texts
    base = find_base(catalog, Task.FILL_MASK, language_of(rows_of_texts(texts.lines)), model=wish.model, rows=(), seed=wish.plan.seed)
    base.keep(wish.out)
    if base.loaded.tokenizer.backend.mask_token_id is None:
        raise _no_mask(base)
    lines, held_lines = hold_back(texts.lines, seed=wish.plan.seed)
    goal = words_goal(lines, base.loaded, seed=wish.plan.seed)
    held = words_goal(held_lines, base.loaded, seed=wish.plan.seed)
    out = Out(wish.out, _settings(wish, base))
    teaching = Teaching(
        title=f"adapt · {base.name}",
        base=base,
        goal=goal,
        plan=wish.plan,
        out=out,
        device=wish.device,
        resume=wish.resume,
        main=MAIN,
        voice=wish.voice,
        measure=lambda: {MAIN: perplexity(held, base.loaded.model)},
        head=False,
        more_is_better=False,
    )
    with out.alone(resume=wish.resume):
        taught = _teach(teaching, wish, lines, held_lines, held=held, stop=stop)
    if taught is None:
        return None
    return Outcome(
        task="adapt",
        folder=out.folder,
        base=base.name,
        rows=len(lines),
        dev_rows=len(held_lines),
        before=taught.before,
        after=taught.after,
        main=MAIN,
        steps=taught.course.steps,
        best_step=taught.course.best_step,
        seconds=time.monotonic() - began,
        next_steps=(f"yomite train sentiment --data FILE --model {typed(wish.out)}", f"yomite fill-mask --model {typed(wish.out)} …"),
        more_is_better=False,
    )


def _teach(
    teaching: Teaching, wish: AdaptWish, lines: list[str], held_lines: list[str], *, held: WordsGoal, stop: StopWish
) -> Taught | None:
    """Measure, train, measure again, and write the folder; None where a person stopped it."""
    base, out, texts = teaching.base, teaching.out, wish.texts
    before = {MAIN: perplexity(held, base.loaded.model)}
    model, course = teaching.run(stop)
    if course.stopped:
        return None

    description = Description(
        task=Task.FILL_MASK,
        tokenizer=base.tokenizer,
        window=base.loaded.window,
        licence=base.entry.licence,
        base=base.name,
        languages=base.languages(languages_of(rows_of_texts(texts.lines))),
    )
    with out.writing():
        folder = out.begin_writing()
        write_result(folder, model, base, description, course=course, title=base.name, main=MAIN, japanese=wish.voice.japanese)
    after = {MAIN: _perplexity_on_disk(description, folder, held_lines, wish)}
    card = Card(
        title=wish.out.absolute().name,
        languages=description.languages,
        what=f"An encoder for {in_words(description.languages)} that guessed hidden words of a team's texts (masked-language training, whole words).",
        base=base.name,
        licence=base.entry.licence,
        data=[Data(name=", ".join(path.name for path in wish.places), rows=len(texts.lines), sha256=texts.sha256, unit="distinct lines")],
        split=f"{len(lines):,} lines were learnt from, {len(held_lines):,} were held back to measure by (by seed).",
        command=wish.command,
        plan=wish.plan,
        steps=course.steps,
        best_step=course.best_step,
        before=before,
        after=after,
        measured_on=f"Perplexity of hidden pieces (less is better) on the {len(held_lines):,} lines that were held back, with fixed masks",
    )
    with out.writing():
        write_scores(folder, card, {"before": before, "after": after, "dev_rows": len(held_lines), "main": MAIN})
        out.finish()
    return Taught(course=course, before=before, after=after)


def _perplexity_on_disk(description: Description, folder: Path, lines: list[str], wish: AdaptWish) -> float:
    loaded = load_model(description.entry(folder, Task.FILL_MASK), device=choose_device(wish.device), dtype=torch.float32)
    held: WordsGoal = words_goal(lines, loaded, seed=wish.plan.seed)
    return perplexity(held, loaded.model)


def _settings(wish: AdaptWish, base: Base) -> dict[str, object]:
    """All that decides what comes out."""
    plan = wish.plan
    return {
        "task": "adapt",
        "text": wish.texts.sha256,
        "model": base.name,
        "weights": base.digest(),
        "epochs": plan.epochs,
        "learning-rate": plan.learning_rate,
        "batch-size": plan.batch,
        "rank": plan.rank,
        "seed": plan.seed,
        "patience": plan.patience,
    }


def _no_mask(base: Base) -> ModelError:
    return ModelError(
        "cannot_train",
        ja=f"モデル「{base.name}」には [MASK] がないため、適応できません。マスク言語モデル（BERT など）を指定してください。",
        en=f"The model {base.name} has no [MASK] and cannot be adapted. Name a masked language model, such as a BERT.",
        model=base.name,
    )
