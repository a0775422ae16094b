"""`python -m engine.checking`: whether this machine can compute and draw: torch, GPU, models, fonts, dictionary; one JSON list for `yomite doctor`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from engine.contract import Failure, Message, SentimentRequest, SentimentResult, reason_of
from engine.errors import EngineError

State = Literal["ok", "warning", "error", "skipped"]
MIB = 1024**2
SMI_TIMEOUT_S = 10.0
WANTED_GLYPHS = "日本語、㈱①髙"
SENTENCES = {"ja": "この映画は本当に最高でした。", "en": "This film was truly wonderful."}
CUT, CUT_INTO = "東京都に行く", ["東京", "都", "に", "行く"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one check found, and what to do about it where it is not in order."""

    name: str
    state: State
    found: Message
    advice: Message | None = None


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(prog="python -m engine.checking", description=__doc__)
    found.add_argument("--profile", default="bundled")
    found.add_argument("--catalog", type=Path)
    found.add_argument("--chosen", type=Path)
    found.add_argument("--models-dir", type=Path)
    found.add_argument("--lock", type=Path)
    found.add_argument("--cache", dest="models_cache", type=Path, help="where models of the hub lie; else where huggingface_hub keeps them")
    found.add_argument("--device", default="auto")
    found.add_argument("--precision", default="auto")
    found.add_argument("--deep", action="store_true", help="also answer a sentence in each language")
    found.add_argument("--lang", help="not used: every row is in both languages")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the rows; returns 0 whatever they say."""
    options, _ = parser().parse_known_args(arguments)
    rows = examine(options) if find_spec("torch") else [_BOT_ALONE]
    print(json.dumps([asdict(row) for row in rows], ensure_ascii=False))
    return 0


def examine(options: argparse.Namespace) -> list[Row]:
    """All checks, in turn."""
    checks: list[tuple[str, Callable[[], list[Row]]]] = [
        ("torch", lambda: check_torch(options.device, options.precision)),
        ("models", lambda: check_models(options)),
        ("fonts", check_fonts),
        ("dictionary", check_dictionary),
    ]
    if options.deep:
        checks.append(("answers", lambda: check_answers(options)))
    return [row for name, check in checks for row in guarded(name, check)]


def guarded(name: str, check: Callable[[], list[Row]]) -> list[Row]:
    """What a check found; one that breaks says so, and stops no other."""
    try:
        return check()
    except EngineError as error:
        return [Row(name=name, state="error", found=error.message, advice=_LOOK)]
    except ImportError as error:
        return [
            Row(
                name=name,
                state="error",
                found=_both(f"{error.name} を読み込めません。", f"{error.name} cannot be imported."),
                advice=_INSTALL,
            )
        ]
    except Exception as error:  # noqa: BLE001  # the edge of the process: whatever it is, the other rows are told
        kind, why = type(error).__name__, reason_of(error, with_file=True)
        found = _both(f"調べられません（{kind}：{why.ja}）。", f"It cannot be checked ({kind}: {why.en}).")
        return [Row(name=name, state="error", found=found, advice=_INSTALL)]


def check_torch(wanted: str, precision: str) -> list[Row]:
    """The versions, the device that would compute, and a computation on it whose result is known.

    Of transformers only what it begins with is loaded, which finds packages that do not fit it: all of it takes seconds.
    """
    import torch
    import transformers

    from engine.models.device import choose_device
    from engine.models.precision import choose_dtype

    try:
        device = choose_device(wanted)
    except EngineError as error:
        return [Row(name="torch", state="error", found=error.message, advice=_DEVICE)]
    dtype = choose_dtype(device, precision=precision)
    computes = str(dtype).removeprefix("torch.")
    one = torch.ones(64, 64, device=device, dtype=dtype)
    if float((one @ one).sum()) != 64.0**3:
        found = _both(f"{device} の計算結果が正しくありません。", f"{device} computes wrong numbers.")
        return [Row(name="torch", state="error", found=found, advice=_DEVICE)]
    threads = torch.get_num_threads()
    found = _both(
        f"torch {torch.__version__}、transformers {transformers.__version__}、装置 {device}、精度 {computes}、CPU スレッド {threads}",
        f"torch {torch.__version__}, transformers {transformers.__version__}, device {device}, computes in {computes}, {threads} CPU thread{'' if threads == 1 else 's'}",
    )
    return [Row(name="torch", state="ok", found=found), _gpu(device)]


def _gpu(device: object) -> Row:
    import torch

    if not torch.cuda.is_available():
        return _no_gpu()
    index = getattr(device, "index", None) or 0
    about = torch.cuda.get_device_properties(index)
    free, total = torch.cuda.mem_get_info(index)
    driver = _driver()
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    found = _both(
        f"{about.name}、メモリ {free // MIB:,} / {total // MIB:,} MiB 空き、ドライバー {driver}、CUDA {torch.version.cuda}、"
        f"bf16 {'あり' if bf16 else 'なし'}",
        f"{about.name}, {free // MIB:,} of {total // MIB:,} MiB free, driver {driver}, CUDA {torch.version.cuda}, "
        f"{'with' if bf16 else 'without'} bf16",
    )
    return Row(name="gpu", state="ok", found=found)


def _no_gpu() -> Row:
    """No GPU is nothing wrong, unless there is one that torch cannot use."""
    driver = _driver()
    if driver == "?":
        return Row(name="gpu", state="ok", found=_both("GPU はありません（CPU で計算します）。", "There is no GPU (the CPU computes)."))
    return Row(
        name="gpu",
        state="warning",
        found=_both(
            f"GPU（ドライバー {driver}）がありますが、この torch では使えません。",
            f"There is a GPU (driver {driver}) that this torch cannot use.",
        ),
        advice=_both(
            "CUDA 対応の torch を入れるか、ドライバーを新しくしてください。CPU では動きます。",
            "Install a torch for CUDA, or a newer driver. Until then the CPU computes.",
        ),
    )


def _driver() -> str:
    """The version of NVIDIA's driver; "?" where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return "?"
    words = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        said = subprocess.run(words, capture_output=True, text=True, timeout=SMI_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    lines = said.stdout.split() if said.returncode == 0 else []
    return lines[0] if lines else "?"


def check_models(options: argparse.Namespace) -> list[Row]:
    """Each model of the profile and of the team's own catalog: is it here, and are its files what they must be?"""
    from engine.models.inventory import Places
    from engine.models.verifying import verify

    rows = []
    for verified in verify(Places.of(options)):
        files = ", ".join(f"{wrong.name} ({wrong.trouble})" for wrong in verified.wrong)
        name = f"models.{verified.name}"
        if verified.right:
            rows.append(Row(name=name, state="ok", found=_both("ファイルはそろっています。", "All files are there and right.")))
        elif verified.state == "missing":
            rows.append(_missing(name, verified.name, hub=verified.hub))
        elif verified.state == "not_locked":
            found = _both("ありますが、版が固定されていません。", "It is here, but its revision is not locked.")
            rows.append(Row(name=name, state="warning", found=found, advice=_pull(verified.name)))
        else:
            found = _both(f"はじめのものと違うファイルがあります：{files}", f"Files are not what they were: {files}")
            advice = _pull(verified.name) if verified.hub else _RESTORE
            rows.append(Row(name=name, state="error", found=found, advice=advice))
    return rows


def _missing(name: str, model: str, *, hub: bool) -> Row:
    """A model of the hub is fetched at its first question, where the hub can be reached; a folder that is missing is never."""
    found = _both("このマシンにありません。", "It is not on this machine.")
    return Row(name=name, state="warning" if hub else "error", found=found, advice=_pull(model) if hub else _RESTORE)


def check_fonts() -> list[Row]:
    """Whether Japanese labels can be drawn."""
    from engine.figures.font import glyphs

    missing = [sign for sign in WANTED_GLYPHS if ord(sign) not in glyphs()]
    if missing:
        listed = "".join(missing)
        found = _both(f"図のフォントに文字がありません：{listed}", f"The font of the drawings lacks: {listed}")
        return [Row(name="fonts", state="error", found=found, advice=_INSTALL)]
    return [Row(name="fonts", state="ok", found=_both(f"図に {WANTED_GLYPHS} を描けます。", f"Drawings can show {WANTED_GLYPHS}"))]


def check_dictionary() -> list[Row]:
    """Whether MeCab's dictionary cuts Japanese into words."""
    from engine.tokenization.mecab import mecab_words

    words = mecab_words(CUT)
    shown = "|".join(words)
    if words != CUT_INTO:
        expected = "|".join(CUT_INTO)
        found = _both(f"「{CUT}」が {shown} に切れます（正しくは {expected}）。", f"{CUT} is cut into {shown} and not into {expected}.")
        return [Row(name="dictionary", state="error", found=found, advice=_INSTALL)]
    return [Row(name="dictionary", state="ok", found=_both(f"MeCab：{shown}", f"MeCab: {shown}"))]


def check_answers(options: argparse.Namespace) -> list[Row]:
    """Whether a sentence in each language is read as what it is."""
    from engine.catalog import Catalog
    from engine.engine import Engine
    from engine.models.cache import ModelCache

    catalog = Catalog.load(
        profile=options.profile,
        user_file=options.catalog,
        models_dir=options.models_dir,
        chosen=options.chosen,
        lock=options.lock,
    )
    cache = ModelCache(memory_budget_bytes=2**40, device=options.device, precision=options.precision)
    outcomes = Engine(catalog, cache).read([SentimentRequest(text=text) for text in SENTENCES.values()])
    return [_answer(code, outcome) for code, outcome in zip(SENTENCES, outcomes, strict=True)]


def _answer(code: str, outcome: object) -> Row:
    name, text = f"answers.{code}", SENTENCES[code]
    if isinstance(outcome, SentimentResult):
        right = outcome.label == "positive"
        found = _both(f"「{text}」→ {outcome.label}（{outcome.model}）", f"{text!r} → {outcome.label} ({outcome.model})")
        return Row(name=name, state="ok" if right else "warning", found=found, advice=None if right else _ODD)
    message = outcome.message if isinstance(outcome, Failure) else _both("答えがありません。", "There is no answer.")
    return Row(name=name, state="error", found=message, advice=_LOOK)


def _pull(model: str) -> Message:
    return _both(
        f"`yomite models pull {model}` で取得し、版を固定します。", f"`yomite models pull {model}` fetches it and locks its revision."
    )


def _both(ja: str, en: str) -> Message:
    return Message(ja=ja, en=en)


_BOT_ALONE = Row(
    name="computing",
    state="skipped",
    found=_both(
        "torch が入っていないので、モデルは調べません（ボット専用の環境）。",
        "Models are not looked at: torch is not installed, so this is for a bot alone.",
    ),
)
_INSTALL = _both(
    "requirements.lock のとおりにパッケージを入れなおしてください。", "Install the packages anew, as requirements.lock states them."
)
_LOOK = _both("設定とモデルのフォルダを確かめてください。", "Check the settings and the folders of the models.")
_DEVICE = _both("YOMITE_DEVICE を cpu か auto にしてください。", "Set YOMITE_DEVICE to cpu or auto.")
_RESTORE = _both(
    "同梱モデルならリポジトリかパッケージから戻し、自分のモデルならもう一度学習させるか `yomite models reset` で戻してください。",
    "Put a bundled model back from the repository or the package; train one of your own again, or go back by `yomite models reset`.",
)
_ODD = _both(
    "別のモデルを選んでいるなら、その出来を `yomite evaluate` で確かめてください。",
    "Where you chose another model, see how good it is with `yomite evaluate`.",
)

if __name__ == "__main__":
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    sys.exit(main())
