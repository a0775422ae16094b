"""`python -m benchmarks.backends`: what a backend other than torch would give for the same encoder, and at what loss.

all-MiniLM-L6-v2 by torch, OpenVINO and ONNX Runtime, one thread each, turn by turn in one process of an environment of their own.
The short form has torch's rows alone and needs no such environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks import minilm
from benchmarks.agreement import LEAST_COSINE, check_vectors
from benchmarks.command import parser, run_and_print
from benchmarks.contestants import environments
from benchmarks.contestants.contestant import ONE_THREAD
from benchmarks.errors import BenchmarkError
from benchmarks.machine import ROOT
from benchmarks.report import RATIO, Report, Row, ratio
from benchmarks.texts import made_sentences
from engine.contract import Message
from engine.models.device import choose_device
from engine.models.precision import computes_bf16

ROUNDS = 5
REPEATS = 5  # forward passes a round, of which the fastest counts
SENTENCES = 64  # whose vectors are compared
SHAPES, SHORT_SHAPES = ((1, 16), (8, 24), (32, 24), (1, 256)), ((1, 16), (2, 24))  # texts × tokens
TORCH = "torch fp32"
BACKENDS = (TORCH, "torch bf16", "openvino fp32", "openvino bf16", "onnxruntime fp32", "onnxruntime int8")
LEAST_COSINES = {"onnxruntime int8": 0.95}  # rounding weights and activations loses that much; all others: LEAST_COSINE
ENVIRONMENT = "backends"
TIMEOUT_S = 1_800.0
LAST_LINES = 5


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What `benchmarks.peers.backends` says, by backend; milliseconds by shape and round."""

    vectors: dict[str, list[list[float]]]
    milliseconds: dict[str, list[list[float]]]
    versions: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is measured, and in which environment."""

    python: Path
    backends: tuple[str, ...]
    left_out: dict[str, str]  # backend → why
    shapes: tuple[tuple[int, int], ...]
    rounds: int


def run(
    *, short: bool = False, rounds: int | None = None, models_dir: Path | None = None, device: str = "cpu", model: Path | None = None
) -> Report:
    """Measure every backend; `models_dir` and `device` are for the other benchmarks.

    Raises:
        BenchmarkError: the environment or the model cannot be had, a backend fails, or one computes something else.
    """
    plan = _plan(short=short, rounds=rounds)
    found = measured(plan, model or minilm.fetch())
    rows = (*rows_of(found, plan), *(Row(name=name, unit="ms", values=(), note=why) for name, why in plan.left_out.items()))
    return Report(benchmark="backends", title="What other backends would give", short=short, rows=rows, notes=tuple(_notes(found, plan)))


def _plan(*, short: bool, rounds: int | None) -> Plan:
    left_out = _left_out(short=short)
    if not short:
        instead = Message(ja="--short なら torch だけを測れます。", en="With --short, torch alone runs.")
        environments.make(ENVIRONMENT, peer="openvino, onnxruntime", instead=instead)
    return Plan(
        python=Path(sys.executable) if short else environments.programs(ENVIRONMENT) / "python",
        backends=tuple(name for name in BACKENDS if name not in left_out),
        left_out=left_out,
        shapes=SHORT_SHAPES if short else SHAPES,
        rounds=rounds or (1 if short else ROUNDS),
    )


def _left_out(*, short: bool) -> dict[str, str]:
    units = computes_bf16(choose_device("cpu"))
    found = {} if units else {name: "this machine has no units for bf16" for name in BACKENDS if name.endswith("bf16")}
    if short:
        why = "left out of the short form: it is in an environment of its own"
        found |= {name: why for name in BACKENDS if not name.startswith("torch")}
    return found


def measured(plan: Plan, model: Path) -> Found:
    """What the backends' own process found.

    Raises:
        BenchmarkError: `backend_failed`.
    """
    texts = made_sentences(SENTENCES, languages=("en",))  # the model reads no Japanese
    job = {"model": str(model.absolute()), "backends": plan.backends, "texts": texts, "shapes": plan.shapes}
    command = [str(plan.python), "-P", "-m", "benchmarks.peers.backends"]
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
    try:
        done = subprocess.run(
            command,
            input=json.dumps(job | {"rounds": plan.rounds, "repeats": REPEATS}),
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=TIMEOUT_S,
        )
        return msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Found)
    except subprocess.CalledProcessError as error:
        raise _failed("\n".join(error.stderr.strip().splitlines()[-LAST_LINES:])) from error
    except (OSError, subprocess.TimeoutExpired, msgspec.DecodeError, IndexError) as error:
        raise _failed(str(error)) from error


def _failed(why: str) -> BenchmarkError:
    return BenchmarkError(
        "backend_failed",
        ja=f"バックエンドの計測に失敗しました。build/peers/{ENVIRONMENT} を消すと入れ直します。\n{why}",
        en=f"The backends could not be measured. Delete build/peers/{ENVIRONMENT} to have them installed again.\n{why}",
    )


def rows_of(found: Found, plan: Plan) -> Iterator[Row]:
    """Each backend's loss, then for each shape all times and what torch's are of them.

    Raises:
        BenchmarkError: a backend computes something else.
    """
    for name in plan.backends[1:]:
        cosine = check_vectors(name, found.vectors[name], found.vectors[TORCH], least=LEAST_COSINES.get(name, LEAST_COSINE))
        yield Row(name=f"{name}: loss", unit="1 − cosine", values=(max(0.0, 1.0 - cosine),), group="worst sentence")
    for place, (texts, tokens) in enumerate(plan.shapes):
        group = f"{texts} × {tokens} tokens"
        times = {name: tuple(found.milliseconds[name][place]) for name in plan.backends}
        for name, values in times.items():
            yield Row(name=name, unit="ms", values=values, group=group)
            if name != TORCH:
                yield Row(name=f"{TORCH} ÷ {name}", unit=RATIO, values=ratio(times[TORCH], values), group=group)


def _notes(found: Found, plan: Plan) -> Iterator[str]:
    versions = ", ".join(f"{name} {number}" for name, number in found.versions.items())
    yield f"all-MiniLM-L6-v2 (6 layers of width 384) in one thread; {versions}. int8: dynamic, per channel."
    yield f"× is {TORCH}'s time by the other's: above 1, the other is faster. A batch of texts × tokens has no padding."
    yield f"loss: of the vectors (mean over the pieces) of {SENTENCES} padded English sentences, the one furthest from {TORCH}'s."
    if plan.left_out:
        yield f"Not measured: {', '.join(plan.left_out)}."


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what each backend gives; 1 where they cannot be measured."""
    parsing = parser("backends", __doc__, rounds=ROUNDS)
    parsing.add_argument("--model", type=Path, help="the folder of another encoder; default: all-MiniLM-L6-v2")
    return run_and_print(run, parsing, arguments)


if __name__ == "__main__":
    sys.exit(main())
