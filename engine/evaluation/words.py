"""The words of the tables and of the page of an evaluation, in Japanese and in English."""

from __future__ import annotations

from engine.contract import Message

COUNTED = Message(ja="{count:,} 行", en="{count:,} rows")

WORDS: dict[str, Message] = {
    "title": Message(ja="評価の結果", en="Evaluation"),
    "measure": Message(ja="指標", en="measure"),
    "value": Message(ja="値", en="value"),
    "interval": Message(ja="95% 区間", en="95 % interval"),
    "measures": Message(ja="指標", en="Measures"),
    "measures_how": Message(
        ja="区間は、行を取り直したときに値が入る範囲です（ブートストラップ、95%）。",
        en="The interval is where the value lies when the rows are drawn anew (bootstrap, 95 %).",
    ),
    "classes": Message(ja="ラベルごとの値", en="By label"),
    "label": Message(ja="ラベル", en="label"),
    "support": Message(ja="件数", en="count"),
    "confusion": Message(ja="混同行列", en="Confusion matrix"),
    "confusion_how": Message(
        ja="行は正しいラベル、列はモデルの答えです。斜めの線の上が正解で、色は行のうちの割合です。",
        en="Rows: the right label; columns: what the model said. The diagonal is right; colours: the share of the row.",
    ),
    "confusion_entities": Message(
        ja="同じ位置の固有名どうしを数えます。「なし」の行は余分に見つけたもの、「なし」の列は見落としです。",
        en='Entities of the same span are counted. The row "none" is what was found too much, the column "none" what was missed.',
    ),
    "gold_given": Message(ja="正解 ＼ 答え", en="right \\ given"),
    "calibration": Message(ja="確率はどれくらい当てになるか", en="How far scores can be trusted"),
    "calibration_how": Message(
        ja="棒は、その確率で答えたもののうち正解だった割合です。破線に近いほど、確率をそのまま信じられます。",
        en="Each bar is the share of answers of that score that was right. The nearer to the dashed line, the more a score means what it says.",
    ),
    "ece": Message(ja="較正誤差（ECE、10 区間）", en="expected calibration error (10 bins)"),
    "score": Message(ja="モデルの確率", en="score of the model"),
    "share_right": Message(ja="正解の割合", en="share right"),
    "against": Message(ja="比較した相手", en="Compared with"),
    "this": Message(ja="このモデル", en="this model"),
    "other": Message(ja="相手", en="the other"),
    "change": Message(ja="差", en="difference"),
    "test": Message(ja="検定", en="test"),
    "chance_how": Message(
        ja="p は、実力が同じでもこれほどの差が出る確率です。0.05 より小さければ、偶然とは考えにくいと言えます。",
        en="p is how likely so large a difference is if both are equally good. Below 0.05 it is unlikely to be chance.",
    ),
    "rows": Message(ja="間違えた行", en="Rows that went wrong"),
    "rows_far": Message(ja="外れの大きい行", en="Rows that are farthest off"),
    "rows_none": Message(ja="間違えた行はありません。", en="No row went wrong."),
    "rows_shown": Message(
        ja="{total:,} 行のうち {shown:,} 行を、外れの大きい順に並べています。", en="{shown:,} of {total:,} rows, the worst first."
    ),
    "only_first": Message(ja="このモデルだけが正解した行", en="Rows that only this model has right"),
    "only_other": Message(ja="相手だけが正解した行", en="Rows that only the other has right"),
    "line": Message(ja="{number:,} 行目", en="line {number:,}"),
    "row": Message(ja="{number:,} 番目の行", en="row {number:,}"),
    "gold": Message(ja="正解", en="right"),
    "given": Message(ja="答え", en="given"),
    "nothing": Message(ja="（なし）", en="(nothing)"),
    "unanswered": Message(ja="（答えられず）", en="(could not be answered)"),
    "failures": Message(ja="読めなかった行", en="Rows that could not be read"),
    "failed": Message(
        ja="{count:,} 行には答えられませんでした（{code}）。間違いとして数えています。",
        en="rows that could not be answered ({code}), counted as wrong: {count:,}",
    ),
    "notes": Message(ja="データについて", en="On the data"),
    "data": Message(ja="データ", en="data"),
    "model": Message(ja="モデル", en="model"),
    "methods": Message(ja="測り方", en="How it is measured"),
}

METHODS: tuple[Message, ...] = (
    Message(
        ja="固有名は、位置とラベルがどちらも一致したものだけを正解とします（seqeval、IOB2 の厳密な方式）。",
        en="An entity is right with its exact span and label (seqeval, strict IOB2).",
    ),
    Message(
        ja="質問の答えは、英語では SQuAD の正規化をした単語で、日本語では文字で比べます。",
        en="Answers are compared by words after SQuAD's normalisation in English, and by characters in Japanese.",
    ),
    Message(
        ja="類似度は、正解の点数との相関で測ります。行ごとの値は、順位の近さです。",
        en="Similarity is measured by its correlation with the right scores. A row's own value is how near its ranks are.",
    ),
    Message(
        ja="較正誤差は Guo ほか（2017）、差の検定はマクネマー（1947）と対応のあるブートストラップ（Koehn 2004、Berg-Kirkpatrick ほか 2012）によります。",
        en="Calibration error: Guo et al. 2017. Tests: McNemar 1947, and the paired bootstrap of Koehn 2004 and Berg-Kirkpatrick et al. 2012.",
    ),
)
