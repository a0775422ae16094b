"""`train`: fine-tunes a model for one task on a file of examples, and writes a folder that the catalog takes."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace

from engine.catalog import Catalog
from engine.catalog.described import Description
from engine.contract import Language, Message, Task
from engine.errors import BadInputError
from engine.evaluation.evaluation import MAIN_MEASURE
from engine.evaluation.metrics import Metrics
from engine.examples.rows import AskRow, ExampleTask, NerRow, Row, SentimentRow, SimilarRow, row_texts
from engine.models.loaded import LoadedModel
from engine.training.ask import ask_goal
from engine.training.base import Base, find_base
from engine.training.card import Card, Data, in_words
from engine.training.checking import has_entities, language_of, languages_of
from engine.training.goal import Goal
from engine.training.measuring import measure_in_memory, measure_on_disk
from engine.training.ner import ner_goal
from engine.training.out import Out
from engine.training.plan import Plan
from engine.training.sentiment import sentiment_goal
from engine.training.similar import similar_goal
from engine.training.split import split_rows
from engine.training.teaching import Taught, Teaching, write_result, write_scores
from engine.training.telling import Outcome, typed
from engine.training.watching import StopWish
from engine.training.wishes import TrainWish


def train_task(wish: TrainWish, catalog: Catalog, stop: StopWish) -> Outcome | None:
    """Train and write the folder; None where a person stopped it.

    Raises:
        EngineError: the rows, the model or the folder are not as they must be.
    """
    began = time.monotonic()
    learnt = wish.data.rows
    rows, dev = (list(learnt), list(wish.dev.rows)) if wish.dev else split_rows(learnt, seed=wish.plan.seed)
    _check_dev(rows, dev, wish)
    wish = replace(wish, plan=wish.plan.measured_by(len(dev)))

    language = wish.language or language_of(learnt)
    base = find_base(catalog, Task(wish.task), language, model=wish.model, rows=learnt, seed=wish.plan.seed)
    base.keep(wish.out)
    loaded = replace(base.loaded, window=min(base.loaded.window, wish.max_pieces)) if wish.max_pieces else base.loaded
    goal, notes = _goal(rows, loaded, wish)
    for message in (*base.notes, *notes, *_no_choice_note(wish.plan, dev_rows=len(dev))):
        wish.voice.note(message)
    main = MAIN_MEASURE[wish.task]
    out = Out(wish.out, _settings(wish, base))
    teaching = Teaching(
        title=f"{wish.task} · {base.name}",
        base=base,
        goal=goal,
        plan=wish.plan,
        out=out,
        device=wish.device,
        resume=wish.resume,
        main=main,
        voice=wish.voice,
        measure=lambda: measure_in_memory(base.loaded, wish.task, dev),
    )
    with out.alone(resume=wish.resume):
        taught = _teach(teaching, wish, rows, dev, notes=notes, stop=stop)
    if taught is None:
        return None
    return Outcome(
        task=wish.task,
        folder=out.folder,
        base=base.name,
        rows=len(rows),
        dev_rows=len(dev),
        before=taught.before,
        after=taught.after,
        main=main,
        steps=taught.course.steps,
        best_step=taught.course.best_step,
        seconds=time.monotonic() - began,
        next_steps=(f"yomite models use {typed(wish.out)}", f"yomite {wish.task} --model {typed(wish.out)} …"),
    )


def _teach(
    teaching: Teaching, wish: TrainWish, rows: Sequence[Row], dev: Sequence[Row], *, notes: Sequence[Message], stop: StopWish
) -> Taught | None:
    """Measure, train, measure again, and write the folder; None where a person stopped it."""
    base, out, main = teaching.base, teaching.out, teaching.main
    before = None if base.fresh else _measured(base, wish, dev)
    model, course = teaching.run(stop)
    if course.stopped:
        return None

    description = describe(base, languages=_languages(wish))
    with out.writing():
        folder = out.begin_writing()
        write_result(folder, model, base, description, course=course, title=base.name, main=main, japanese=wish.voice.japanese)
    entry = description.entry(folder, Task(wish.task))
    after = measure_on_disk(entry, wish.task, dev, device=wish.device, budget_bytes=wish.budget_bytes, at_once=wish.at_once)
    card = _card(wish, base, description.languages, counts=(len(rows), len(dev)), notes=notes)
    card = replace(card, steps=course.steps, best_step=course.best_step, before=before, after=after)
    with out.writing():
        write_scores(folder, card, {"before": before, "after": after, "dev_rows": len(dev), "main": main})
        out.finish()
    return Taught(course=course, before=before, after=after)


def _languages(wish: TrainWish) -> tuple[Language, ...]:
    """What its examples are in, as said or as seen."""
    return (wish.language,) if wish.language in ("ja", "en") else languages_of(wish.data.rows)


def describe(base: Base, *, languages: Collection[Language]) -> Description:
    """What the trained model says of itself; its examples were in `languages`."""
    return Description(
        task=base.task,
        tokenizer=base.tokenizer,
        window=base.loaded.window,
        licence=base.entry.licence,
        base=base.name,
        languages=base.languages(languages),
        no_answer_threshold=base.loaded.no_answer_threshold,
        labels=dict(base.loaded.labels),
    )


def _measured(base: Base, wish: TrainWish, dev: Sequence[Row]) -> Metrics:
    return measure_on_disk(base.entry, wish.task, dev, device=wish.device, budget_bytes=wish.budget_bytes, at_once=wish.at_once)


def _check_dev(rows: Sequence[Row], dev: Sequence[Row], wish: TrainWish) -> None:
    known = {text for row in rows for text in row_texts(row)}
    both = sum(any(text in known for text in row_texts(row)) for row in dev)
    if wish.dev and both:
        wish.voice.note(
            Message(
                ja=f"{wish.dev.path.name} の {both} 行は学習データと同じ文章です。点数が実際より良く出ます。",
                en=f"Rows of {wish.dev.path.name} that share a text with the training rows: {both}. The scores will look better than they are.",
            )
        )
    if len({row.gold for row in dev if isinstance(row, SimilarRow)}) == 1:
        raise BadInputError(
            "one_score",
            ja="検証用の行の点数がすべて同じなので、測れません。行を増やすか、--dev で別のファイルを指定してください。",
            en="All rows to measure by have the same score. Give more rows, or a file of others with --dev.",
        )
    if wish.task is ExampleTask.NER and not has_entities(dev):
        raise BadInputError(
            "no_entities",
            ja="検証用の行に固有名が 1 つもないので、測れません。行を増やすか、--dev で別のファイルを指定してください。",
            en="The rows to measure by mark no entity at all. Give more rows, or a file of others with --dev.",
        )


def _goal(rows: list[Row], loaded: LoadedModel, wish: TrainWish) -> tuple[Goal, list[Message]]:
    """The task's goal, and what must be said of its rows."""
    if wish.task is ExampleTask.SENTIMENT:
        judged = sentiment_goal([row for row in rows if isinstance(row, SentimentRow)], loaded, balanced=wish.balanced)
        return judged, _cut_note(judged.cut, loaded.window)
    if wish.task is ExampleTask.SIMILAR:
        paired = similar_goal([row for row in rows if isinstance(row, SimilarRow)], loaded)
        return paired, _cut_note(paired.cut, loaded.window)
    if wish.task is ExampleTask.NER:
        return ner_goal([row for row in rows if isinstance(row, NerRow)], loaded), []
    asked = ask_goal([row for row in rows if isinstance(row, AskRow)], loaded)
    unreadable = Message(
        ja=f"{asked.unreadable} 行は質問が空か長すぎるため、学習に使いません。",
        en=f"Rows that are left out, as their question is empty or too long for the model: {asked.unreadable}.",
    )
    return asked, [unreadable] if asked.unreadable else []


def _cut_note(cut: int, window: int) -> list[Message]:
    if not cut:
        return []
    return [
        Message(
            ja=f"{cut} 件の文章は {window} トークンより長いため、初めの部分だけで学習します。",
            en=f"Texts longer than {window} tokens, of which only the first part is learnt from: {cut}.",
        )
    ]


def _no_choice_note(plan: Plan, *, dev_rows: int) -> list[Message]:
    if plan.patience:
        return []
    return [
        Message(
            ja=f"検証データが {dev_rows} 行しかなく、最良の状態を選ぶには足りません。{plan.epochs} エポックすべてを学習し、最後の状態を残します。",
            en=f"Too few dev rows ({dev_rows}) to choose the best state by: all {plan.epochs} epochs are run, and the last state is kept.",
        )
    ]


def _settings(wish: TrainWish, base: Base) -> dict[str, object]:
    """All that decides what comes out."""
    plan = wish.plan
    return {
        "task": str(wish.task),
        "data": wish.data.sha256,
        "dev": wish.dev.sha256 if wish.dev else None,
        "model": base.name,
        "weights": base.digest(),
        "epochs": plan.epochs,
        "learning-rate": plan.learning_rate,
        "batch-size": plan.batch,
        "rank": plan.rank,
        "seed": plan.seed,
        "patience": plan.patience,
        "class-weights": "balanced" if wish.balanced else "none",
        "max-pieces": wish.max_pieces,
    }


def _card(wish: TrainWish, base: Base, languages: Sequence[Language], *, counts: tuple[int, int], notes: Sequence[Message]) -> Card:
    files = (wish.data, wish.dev) if wish.dev else (wish.data,)
    data = [Data(name=file.path.name, rows=len(file.rows), sha256=file.sha256) for file in files]
    learnt, measured = counts
    split = (
        f"{learnt:,} rows were learnt from, {measured:,} rows of the second file were measured by."
        if wish.dev
        else f"{learnt:,} rows were learnt from, {measured:,} were set apart to measure by (by seed, no text on both sides)."
    )
    return Card(
        title=wish.out.absolute().name,
        languages=languages,
        what=f"A model for {wish.task} in {in_words(languages)}, trained by Yomite on a team's own examples.",
        base=base.name,
        licence=base.entry.licence,
        data=data,
        split=split,
        command=wish.command,
        plan=wish.plan,
        steps=0,
        best_step=None,
        before=None,
        after={},
        measured_on=f"On {measured:,} rows {'of ' + wish.dev.path.name if wish.dev else 'that were set apart'}",
        notes=[*(message.en for message in notes), f"Class weights: {'balanced' if wish.balanced else 'none'}."]
        if wish.task is ExampleTask.SENTIMENT
        else [message.en for message in notes],
    )
