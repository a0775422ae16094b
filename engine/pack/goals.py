"""The pack's encoder while it is trained, and the goals that it is trained on together.

Sentence meaning is distilled as in Reimers & Gurevych 2020 ("Making Monolingual Sentence Embeddings Multilingual"): both sides of a
translation are drawn to the English teacher's vector, and to each other among the batch (Henderson et al. 2017); a linear map of
every vector is drawn to the bilingual teacher's. Beside it, words are guessed and sentences found to follow each other (Devlin et
al. 2019), and the tasks of the pack are learnt with heads of their own (Liu et al. 2019, MT-DNN), which are thrown away.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertForMaskedLM, BertModel

from engine.reference.masking import NOT_ASKED

TEACHER_WIDTH = 128  # of the bilingual teacher's vectors, reduced
ENTITY_LABELS, FEELINGS = 9, 3
RANKING_SCALE = 50.0  # cosines of this family lie close together
WEIGHTS = {
    "translations": 10.0,
    "ranking": 0.3,
    "meaning": 3.0,
    "words": 1.0,
    "order": 0.3,
    "answers": 0.5,
    "entities": 0.5,
    "feelings": 0.5,
}

Part = Mapping[str, Tensor]


class BilingualEncoder(BertForMaskedLM):
    """A BERT with its masked-word head, and heads that only training needs.

    The English teacher is set by `taught_by`; it is no part of what is saved.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__(config)
        width = config.hidden_size
        self.teacher_map = nn.Linear(width, TEACHER_WIDTH)
        self.order_head, self.span_head = nn.Linear(width, 2), nn.Linear(width, 2)
        self.entity_head, self.feeling_head = nn.Linear(width, ENTITY_LABELS), nn.Linear(width, FEELINGS)
        self._teacher: list[BertModel] = []  # in a list: modules are saved and trained
        self.post_init()  # type: ignore[no-untyped-call]  # transformers leaves it untyped

    def taught_by(self, teacher: BertModel) -> None:
        """Draw English vectors to those of `teacher`, which has the same vocabulary and width."""
        self._teacher = [teacher.eval().requires_grad_(False)]

    def forward(
        self,
        translations: Part | None = None,
        meaning: Part | None = None,
        words: Part | None = None,
        order: Part | None = None,
        answers: Part | None = None,
        entities: Part | None = None,
        feelings: Part | None = None,
    ) -> dict[str, Tensor]:
        """The weighted sum of the goals' losses, each the mean over what it asks. *Shape:* loss ()."""
        given = {"translations": translations, "meaning": meaning, "words": words, "order": order}
        given |= {"answers": answers, "entities": entities, "feelings": feelings}
        losses = {name: getattr(self, f"_{name}_loss")(part) for name, part in given.items() if part is not None}
        weighted = [WEIGHTS[name] * loss for name, loss in losses.items()]
        return {"loss": torch.stack(weighted).sum(), **{name: loss.detach() for name, loss in losses.items()}}

    def sentence_vectors(self, ids: Tensor) -> Tensor:
        """Mean-pooled, normalised vectors. *Shape:* (batch, seq) → (batch, width)."""
        return _pooled(self._hidden(ids), ids)

    def _hidden(self, ids: Tensor, types: Tensor | None = None) -> Tensor:
        """*Shape:* (batch, seq) → (batch, seq, width)."""
        hidden: Tensor = self.bert(input_ids=ids, attention_mask=(ids != 0).long(), token_type_ids=types).last_hidden_state
        return hidden

    def _translations_loss(self, part: Part) -> Tensor:
        """*Shape:* ids (2 · pairs, seq): the English sides, then the Japanese ones."""
        ids = part["ids"]
        english, japanese = self.sentence_vectors(ids).chunk(2)
        [teacher] = self._teacher
        with torch.no_grad():
            asked = ids[: len(english)]
            wanted = _pooled(teacher.to(ids.device)(input_ids=asked, attention_mask=(asked != 0).long()).last_hidden_state, asked)  # type: ignore[arg-type]  # transformers' wrapper hides it
        anchored = (1 - (english * wanted).sum(-1)).mean() + (1 - (japanese * wanted).sum(-1)).mean()
        scores = RANKING_SCALE * english @ japanese.T  # (pairs, pairs)
        target = torch.arange(len(scores), device=scores.device)
        ranking = functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)
        return anchored + WEIGHTS["ranking"] / WEIGHTS["translations"] * ranking

    def _meaning_loss(self, part: Part) -> Tensor:
        mapped = functional.normalize(self.teacher_map(self.sentence_vectors(part["ids"])).float(), dim=-1)
        return (1 - (mapped * part["teacher"]).sum(-1)).mean()

    def _words_loss(self, part: Part) -> Tensor:
        """*Shape:* ids (batch, seq) without padding; places and labels (asked,), places counted through all rows."""
        hidden = self.bert(input_ids=part["ids"]).last_hidden_state
        asked = hidden.flatten(0, 1).index_select(0, part["places"])
        return functional.cross_entropy(self.cls(asked).float(), part["labels"], ignore_index=NOT_ASKED)

    def _order_loss(self, part: Part) -> Tensor:
        first = self._hidden(part["ids"], part["types"])[:, 0]
        return functional.cross_entropy(self.order_head(first).float(), part["labels"])

    def _answers_loss(self, part: Part) -> Tensor:
        scores = self.span_head(self._hidden(part["ids"], part["types"])).float()  # (batch, seq, 2)
        scores = scores.masked_fill((part["ids"] == 0).unsqueeze(-1), -1e4)
        starts, ends = functional.cross_entropy(scores[..., 0], part["starts"]), functional.cross_entropy(scores[..., 1], part["ends"])
        return (starts + ends) / 2

    def _entities_loss(self, part: Part) -> Tensor:
        scores = self.entity_head(self._hidden(part["ids"])).float()
        return functional.cross_entropy(scores.flatten(0, 1), part["labels"].flatten())

    def _feelings_loss(self, part: Part) -> Tensor:
        hidden = self._hidden(part["ids"])
        return functional.cross_entropy(self.feeling_head(_mean(hidden, part["ids"])).float(), part["labels"])


def _mean(hidden: Tensor, ids: Tensor) -> Tensor:
    """The mean over what is no padding. *Shape:* (batch, seq, width) → (batch, width), float32."""
    mask = (ids != 0).unsqueeze(-1)
    return (hidden.float() * mask).sum(1) / mask.sum(1)


def _pooled(hidden: Tensor, ids: Tensor) -> Tensor:
    return functional.normalize(_mean(hidden, ids), dim=-1)
