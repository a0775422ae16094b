"""A model that is ready to answer: weights on a device, its tokenizer, and what the catalog says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import PreTrainedModel

from engine import preemption, progress
from engine.models.batching import batches_by_length, pass_cost_tokens
from engine.models.dense import Dense
from engine.tokenization.pieces import ModelInput, TextTokenizer

# Padded tokens in one forward pass: enough to fill two cores, little enough to stay in their caches.
TOKENS_PER_BATCH = 4_096
# The same, where short work wants to be let in between its steps: one full window, which a CPU computes as fast a token as eight.
TOKENS_PER_PREEMPTIBLE_BATCH = 512


@dataclass(frozen=True)
class LoadedModel:
    """What a task needs of a model. `window` counts pieces, special tokens included."""

    name: str
    model: PreTrainedModel
    tokenizer: TextTokenizer
    window: int
    pooling: str = "mean"
    normalize: bool = True
    dense: Dense | None = None  # over the pooled vector
    # How far (in summed logits) "no answer" must beat the best span to be the answer; None: the model never learnt to say it.
    no_answer_threshold: float | None = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)  # the model's own label → the contract's
    case_types: bool = False  # token type 1 marks words that begin in upper case

    @property
    def vector_width(self) -> int:
        """Numbers in the vector of a text."""
        return self.dense.width if self.dense else int(self.model.config.hidden_size)

    def finish(self, pooled: torch.Tensor) -> torch.Tensor:
        """The vectors of texts from their pooled ones: through the dense layer, where there is one. *Shape:* (texts, width) each."""
        return self.dense(pooled) if self.dense else pooled

    @property
    def device(self) -> torch.device:
        return self.model.device

    def forward_batches(
        self,
        inputs: Sequence[ModelInput],
        *,
        tokens_per_batch: int = TOKENS_PER_BATCH,
        forward: Callable[..., Any] | None = None,
        **options: Any,
    ) -> Iterator[tuple[list[int], Any]]:
        """Run all inputs, texts of like length together, and yield (indices into `inputs`, model output).

        `forward` is called in the model's place, with the same tensors.

        The outputs' first axis runs over the indices; their sequence axis is padded to the longest of the batch.
        After each batch, `engine.progress` is told how many of the tokens have been read.
        """
        if preemption.preemptible() and self.device.type == "cpu":
            tokens_per_batch = min(tokens_per_batch, TOKENS_PER_PREEMPTIBLE_BATCH)
        tokens, tokens_read = sum(map(len, inputs)), 0
        cost = pass_cost_tokens(self.device.type)
        for rows in batches_by_length([len(row) for row in inputs], most_tokens=tokens_per_batch, pass_cost=cost):
            with torch.inference_mode():
                yield rows, (forward or self.model)(**self.tensors([inputs[i] for i in rows]), **options)
            tokens_read += sum(len(inputs[i]) for i in rows)
            progress.tell(tokens_read / tokens)

    def tensors(self, inputs: Sequence[ModelInput]) -> dict[str, torch.Tensor]:
        """Right-padded input tensors, each of shape (batch, longest)."""
        longest = max(map(len, inputs))
        pad = self.tokenizer.pad_id
        ids = torch.tensor([[*row.ids, *([pad] * (longest - len(row)))] for row in inputs])
        types = torch.tensor([[*row.type_ids, *([0] * (longest - len(row)))] for row in inputs])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in inputs])
        tensors = {"input_ids": ids, "attention_mask": mask}
        if getattr(self.model.config, "type_vocab_size", 0) > 1:
            tensors["token_type_ids"] = types
        return {name: tensor.to(self.device) for name, tensor in tensors.items()}
