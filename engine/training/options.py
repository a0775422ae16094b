"""The command lines of `train` and `adapt`; reading them loads no torch."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from engine.command_line import CommandLine, add_settings, learning_rate, one_of, whole_number
from engine.contract import Language, Message
from engine.examples.rows import ExampleTask
from engine.training.plan import FEW_DEV_ROWS, FULL_LEARNING_RATE, LORA_LEARNING_RATE, PATIENCE

TASKS = (ExampleTask.SENTIMENT, ExampleTask.NER, ExampleTask.ASK, ExampleTask.SIMILAR)
# Texts are packed: few rows make a long batch.
ADAPT_EPOCHS, ADAPT_RANK, ADAPT_LEARNING_RATE, ADAPT_BATCH = 4, 32, 1e-3, 8
SHORTEST_WINDOW = 16  # tokens
LARGEST_SEED = 2**32 - 1  # NumPy takes no larger one
COMMANDS = {
    "train": Message(ja="自分の例でモデルを学習させる", en="fine-tune a model for a task on a file of examples"),
    "adapt": Message(ja="自分の分野の文章にモデルを慣らす", en="let an encoder learn a team's way of writing from its texts"),
}


def parser(command: str, lang: str) -> CommandLine:
    """What may be given to one of the commands, with its help in a language."""
    return _train(lang) if command == "train" else _adapt(lang)


def overview(lang: str) -> str:
    """Both commands, a line each."""
    return "\n".join(f"yomite {name}  {meaning.in_language(lang)}" for name, meaning in COMMANDS.items())


def _train(lang: str) -> CommandLine:
    words = "yomite train sentiment --data docs/examples/team.csv --out team-model"
    found = CommandLine(
        lang=lang, prog="yomite train", description=COMMANDS["train"].in_language(lang), example=Message(ja=words, en=words)
    )
    said = found.said
    listed = ", ".join(TASKS)
    found.add_argument("task", type=one_of(*TASKS), metavar="TASK", help=said(f"学習させるタスク：{listed}", f"what it learns: {listed}"))
    found.add_argument(
        "--data", type=Path, required=True, metavar="FILE", help=said("正しい答えの付いた例", "examples with their right answers")
    )
    dev = said("成績を測る例。省くと --data の 1 割を取り分ける", "examples to measure by; default: a tenth of --data, set apart")
    found.add_argument("--dev", type=Path, metavar="FILE", help=dev)
    found.add_argument(
        "--class-weights",
        type=one_of("balanced", "none"),
        default="balanced",
        metavar="balanced|none",
        help=said(
            "sentiment：少ないラベルを重く数える（balanced、省いたとき）か、数えない（none）か",
            "sentiment: rare labels count for more (balanced, the default) or do not (none)",
        ),
    )
    found.add_argument(
        "--max-pieces",
        type=whole_number(at_least=SHORTEST_WINDOW),
        metavar="N",
        help=said("文章をこのトークン数ずつ読む。省くとモデルの長さ", "read texts in windows of so many tokens; default: the model's"),
    )
    found.add_argument(
        "--language",
        type=one_of(*get_args(Language)),
        metavar="|".join(get_args(Language)),
        help=said("例のことば。省くと、例を見て決める", "the examples' language; default: it is looked at"),
    )
    ended = said(
        f"よくならない測定がこの回数続いたら終え、最良の状態を残す。省くと {PATIENCE}、検証データが {FEW_DEV_ROWS} 行に満たないときは最後まで学習する",
        f"end after so many measurings without a better one, and keep the best state; default: {PATIENCE}, "
        f"with fewer than {FEW_DEV_ROWS} dev rows all epochs are run",
    )
    found.add_argument("--patience", type=whole_number(at_least=1), metavar="N", help=ended)
    _common(found, epochs=10, rank=16, rate=LORA_LEARNING_RATE, batch=16)
    return found


def _adapt(lang: str) -> CommandLine:
    words = "yomite adapt --text handbook/ --out adapted"
    found = CommandLine(
        lang=lang, prog="yomite adapt", description=COMMANDS["adapt"].in_language(lang), example=Message(ja=words, en=words)
    )
    said = found.said
    texts = said("ファイルかフォルダ：.txt .md .csv .tsv .jsonl", "files or folders: .txt .md .csv .tsv .jsonl")
    found.add_argument("--text", type=Path, nargs="+", required=True, metavar="PATH", help=texts)
    ended = said("よくならない測定がこの回数続いたら終える", "end after so many measurings without a better one")
    _add_whole_numbers(found, (("--patience", PATIENCE, "N", ended),))
    _common(found, epochs=ADAPT_EPOCHS, rank=ADAPT_RANK, rate=ADAPT_LEARNING_RATE, batch=ADAPT_BATCH)
    return found


def _common(found: CommandLine, *, epochs: int, rank: int, rate: float, batch: int) -> None:
    """What both take. `rate`: the learning rate of LoRA matrices."""
    said = found.said
    found.add_argument(
        "--model",
        metavar="NAME|FOLDER",
        help=said("もとにするモデル。省くとカタログのもの", "what to start from; default: the catalog's model"),
    )
    out = said("モデルを書くフォルダ。省くと", "where the model is written; default:")
    found.add_argument("--out", type=Path, metavar="FOLDER", help=f"{out} {_default_out(found)}")
    whole = said(
        "LoRA の小さな行列でなく、すべての重みを学習させる（遅く、メモリも多く使う）",
        "train all weights instead of LoRA matrices: slower, takes more memory",
    )
    found.add_argument("--full", action="store_true", help=whole)
    _add_numbers(found, epochs=epochs, rank=rank, rate=rate, batch=batch)
    found.add_argument(
        "--resume", action="store_true", help=said("--out で止めた学習の続きから始める", "go on with the run that was stopped in --out")
    )
    found.add_argument("--json", action="store_true", help=said("ひとつの JSON で出力する", "print one JSON object"))
    found.set_defaults(lora_learning_rate=rate)
    add_settings(found)
    found.add_argument("--precision", default="auto", help=said("使わない：学習では自動で決まる", "not used: training chooses by itself"))
    measured = (
        ("--memory-budget-mb", 4_096, "MIB", said("成績を測るモデルに使うメモリ", "memory for models that are measured")),
        ("--batch", 64, "N", said("成績を測るとき、一度に答える質問の数", "questions at once while it is measured")),
    )
    _add_whole_numbers(found, measured)


def _add_numbers(found: CommandLine, *, epochs: int, rank: int, rate: float, batch: int) -> None:
    said = found.said
    rates = said(f"学習率。省くと {rate:g}、--full では {FULL_LEARNING_RATE:g}", f"default: {rate:g}, with --full {FULL_LEARNING_RATE:g}")
    found.add_argument("--learning-rate", type=learning_rate, metavar="X", help=rates)
    seed = said("乱数の種：同じ種なら同じモデルになる", "the same seed gives the same model")
    found.add_argument(
        "--seed",
        type=whole_number(at_least=0, at_most=LARGEST_SEED),
        default=0,
        metavar="N",
        help=_with_default(found, seed),
    )
    counted = (
        ("--rank", rank, "N", said("LoRA の行列のランク", "of the LoRA matrices")),
        ("--epochs", epochs, "N", said("例を繰り返し読む回数の上限", "how often the examples are read, at most")),
        ("--batch-size", batch, "N", said("1 ステップで学ぶ例の数", "examples a step")),
    )
    _add_whole_numbers(found, counted)


def _add_whole_numbers(found: CommandLine, rows: tuple[tuple[str, int, str, str], ...]) -> None:
    for name, default, metavar, meaning in rows:
        help_text = _with_default(found, meaning)
        found.add_argument(name, type=whole_number(at_least=1), default=default, metavar=metavar, help=help_text)


def _with_default(found: CommandLine, meaning: str) -> str:
    return meaning + found.said("。省くと %(default)s", "; default: %(default)s")


def _default_out(found: CommandLine) -> str:
    return "./yomite-TASK" if found.prog.endswith("train") else "./yomite-adapted"
