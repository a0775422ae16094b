"""`python -m benchmarks.peers.backends`: one encoder by several backends, in one thread; a job as JSON on stdin, what came out on stdout.

The job: {"model", "backends", "texts", "shapes": [[texts, tokens]…], "rounds", "repeats"}. The last line written is
{"vectors": {backend: …}, "milliseconds": {backend: [[of each round]… by shape]}, "versions": {package: …}}.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel, AutoTokenizer

from benchmarks.turns import in_turns, seconds

WINDOW = 256  # pieces
NAMES = ("input_ids", "attention_mask", "token_type_ids")

# Takes three tensors of the shape (texts, tokens), named as in NAMES; gives the last hidden state, (texts, tokens, width).
Backend = Callable[..., Any]


class Hidden(torch.nn.Module):
    """An encoder with one output, as exporters want it."""

    def __init__(self, folder: Path, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder, local_files_only=True, dtype=dtype).eval().requires_grad_(False)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor) -> torch.Tensor:
        """*Shape:* (texts, tokens, width)."""
        hidden: torch.Tensor = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        return hidden


class Builder:
    """Makes backends of the model in a folder; what is exported lies in another."""

    def __init__(self, model: Path, folder: Path) -> None:
        self._model, self._folder = model, folder
        self.onnx = cache(self._onnx)

    def make(self, name: str) -> Backend:
        """One by its name: torch, openvino or onnxruntime, and what it computes in."""
        package, precision = name.split()
        makers: dict[str, Callable[[str], Backend]] = {
            "torch": self._torch,
            "openvino": self._openvino,
            "onnxruntime": self._onnxruntime,
        }
        return makers[package](precision)

    def _torch(self, precision: str) -> Backend:
        return Hidden(self._model, {"fp32": torch.float32, "bf16": torch.bfloat16}[precision])

    def _openvino(self, precision: str) -> Backend:
        openvino: Any = import_module("openvino")
        converted = openvino.convert_model(Hidden(self._model), example_input=_example())
        hints = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision]}
        compiled = openvino.Core().compile_model(converted, "CPU", hints)
        return lambda *tensors: compiled([tensor.numpy() for tensor in tensors])[0]

    def _onnxruntime(self, precision: str) -> Backend:
        onnxruntime: Any = import_module("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        path = self._int8() if precision == "int8" else self.onnx()
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda *tensors: session.run(None, {name: tensor.numpy() for name, tensor in zip(NAMES, tensors, strict=True)})[0]

    def _onnx(self) -> Path:
        path = self._folder / "model.onnx"
        axes = {0: torch.export.Dim("texts", min=1, max=4_096), 1: torch.export.Dim("tokens", min=1, max=WINDOW)}
        torch.onnx.export(
            *(Hidden(self._model), _example(), path),
            input_names=NAMES,
            output_names=["hidden"],
            dynamic_shapes=(axes, axes, axes),
            dynamo=True,
            verbose=False,
            external_data=False,
        )
        return path

    def _int8(self) -> Path:
        """Weights in int8 by output channel; activations are rounded as they come."""
        quantization: Any = import_module("onnxruntime.quantization")
        path = self._folder / "model.int8.onnx"
        quantization.quantize_dynamic(self.onnx(), path, per_channel=True, weight_type=quantization.QuantType.QInt8)
        return path


def _example() -> tuple[torch.Tensor, ...]:
    """What exporters look at; no axis has the length 1, which they would take for a constant. The mask has padding."""
    ids = torch.arange(2 * 8).reshape(2, 8)
    mask = torch.ones_like(ids)
    mask[0, 5:] = 0
    return ids, mask, torch.zeros_like(ids)


def batch_of(tokenizer: Any, texts: Sequence[str]) -> tuple[torch.Tensor, ...]:
    """All texts, padded to the longest."""
    batch = tokenizer(list(texts), padding=True, truncation=True, max_length=WINDOW, return_tensors="pt")
    return batch["input_ids"], batch["attention_mask"], torch.zeros_like(batch["input_ids"])


def full_batch(tokenizer: Any, texts: Sequence[str], count: int, tokens: int) -> tuple[torch.Tensor, ...]:
    """`count` rows of `tokens` pieces of the texts, without padding."""
    pieces = [piece for row in tokenizer(list(texts), add_special_tokens=False)["input_ids"] for piece in row]
    wanted = count * (tokens - 2)
    inner = torch.tensor((pieces * (wanted // len(pieces) + 1))[:wanted]).reshape(count, tokens - 2)
    first, last = (torch.full((count, 1), piece) for piece in (tokenizer.cls_token_id, tokenizer.sep_token_id))
    ids = torch.cat([first, inner, last], dim=1)
    return ids, torch.ones_like(ids), torch.zeros_like(ids)


def vectors(backend: Backend, batch: tuple[torch.Tensor, ...]) -> list[list[float]]:
    """The mean over each text's pieces. *Shape:* (texts, width)."""
    hidden, mask = torch.as_tensor(backend(*batch)).float(), batch[1].unsqueeze(-1)
    found: list[list[float]] = ((hidden * mask).sum(1) / mask.sum(1)).tolist()
    return found


def milliseconds(backend: Backend, batch: tuple[torch.Tensor, ...], *, repeats: int) -> float:
    """The least of some forward passes; the first one, in which a backend may prepare itself for the shape, is not counted."""
    backend(*batch)
    return 1_000 * min(seconds(partial(backend, *batch)) for _ in range(repeats))


def run(job: Mapping[str, Any]) -> dict[str, Any]:
    """Make the backends, let each read the texts, then time them in turns."""
    model, names = Path(job["model"]), list(job["backends"])
    tokenizer: Any = AutoTokenizer.from_pretrained(model, local_files_only=True)
    with tempfile.TemporaryDirectory(prefix="yomite-bench-") as folder:
        builder = Builder(model, Path(folder))
        backends = {name: builder.make(name) for name in names}
        texts = batch_of(tokenizer, job["texts"])
        found = {name: vectors(backend, texts) for name, backend in backends.items()}
        timed: dict[str, list[list[float]]] = {name: [] for name in names}
        for count, tokens in job["shapes"]:
            batch = full_batch(tokenizer, job["texts"], count, tokens)
            ways = {name: partial(milliseconds, one, batch, repeats=job["repeats"]) for name, one in backends.items()}
            rounds = in_turns(ways, rounds=job["rounds"])
            for name in names:
                timed[name].append([one[name] for one in rounds])
    packages = dict.fromkeys(name.split()[0] for name in names)
    return {"vectors": found, "milliseconds": timed, "versions": {package: version(package) for package in packages}}


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.inference_mode():
        said = run(json.load(sys.stdin))
    print(json.dumps(said))
