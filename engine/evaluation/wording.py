"""What measures, labels and tests are called, in Japanese and in English."""

from __future__ import annotations

from engine.contract import Message
from engine.examples.rows import ExampleTask

TASKS: dict[ExampleTask, Message] = {
    ExampleTask.SENTIMENT: Message(ja="感情", en="sentiment"),
    ExampleTask.NER: Message(ja="固有名", en="named entities"),
    ExampleTask.ASK: Message(ja="質問応答", en="answers to questions"),
    ExampleTask.SIMILAR: Message(ja="類似度", en="similarity"),
    ExampleTask.RETRIEVAL: Message(ja="対訳の検索", en="finding translations"),
}
MEASURES: dict[str, Message] = {
    "accuracy": Message(ja="正解率", en="accuracy"),
    "macro_f1": Message(ja="マクロ F1", en="macro F1"),
    "f1": Message(ja="F1", en="F1"),
    "precision": Message(ja="適合率", en="precision"),
    "recall": Message(ja="再現率", en="recall"),
    "exact_match": Message(ja="完全一致", en="exact match"),
    "answered": Message(ja="回答した割合", en="share of questions answered"),
    "spearman": Message(ja="順位相関（スピアマン）", en="Spearman's correlation"),
    "pearson": Message(ja="相関（ピアソン）", en="Pearson's correlation"),
    "roc_auc": Message(ja="ROC 曲線下面積", en="area under the ROC curve"),
    "ja_to_en": Message(ja="日本語→英語の的中率", en="Japanese → English found"),
    "en_to_ja": Message(ja="英語→日本語の的中率", en="English → Japanese found"),
}
LABELS: dict[str, Message] = {
    "positive": Message(ja="ポジティブ", en="positive"),
    "neutral": Message(ja="中立", en="neutral"),
    "negative": Message(ja="ネガティブ", en="negative"),
    "PER": Message(ja="PER 人名", en="PER"),
    "ORG": Message(ja="ORG 組織", en="ORG"),
    "LOC": Message(ja="LOC 地名", en="LOC"),
    "MISC": Message(ja="MISC その他", en="MISC"),
    "answer": Message(ja="答えあり", en="answer"),
    "none": Message(ja="なし", en="none"),
    "macro": Message(ja="マクロ平均", en="macro average"),
    "micro": Message(ja="マイクロ平均", en="micro average"),
    "weighted": Message(ja="件数で加重した平均", en="weighted average"),
}
TESTS: dict[str, Message] = {
    "mcnemar": Message(ja="マクネマー検定（正確）", en="McNemar's exact test"),
    "bootstrap": Message(ja="対応のあるブートストラップ", en="paired bootstrap"),
}


def said_label(label: str) -> Message:
    """A label as people read it; one that is not known stands for itself."""
    return LABELS.get(label, Message(ja=label, en=label))
