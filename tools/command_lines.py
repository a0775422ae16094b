"""The examples of docs/en/commands.md and docs/ja/commands.md: what is typed for each command, and shown with its answer."""

from __future__ import annotations

from engine.contract import Message

LINES: dict[str, Message] = {
    "sentiment": Message(
        ja="/感情 部屋は清潔で、朝食も最高でした。ただ、フロントの対応は遅くて残念です。",
        en="/sentiment The staff were wonderful and the breakfast was great. The room was small, though.",
    ),
    "ner": Message(
        ja="/固有名 山田太郎は2019年に京都大学を卒業し、トヨタ自動車に入社した。",
        en="/ner Emma Reed met Kenji Mori of Toyota in Kyoto.",
    ),
    "ask": Message(
        ja="/質問 東京駅を設計したのはだれ？ | 東京駅は1914年に開業した。赤れんがの駅舎は辰野金吾が設計し、2012年に復原された。",
        en="/ask Who designed the station? | Tokyo Station opened in 1914. Its brick building was designed by Tatsuno Kingo.",
    ),
    "similar": Message(
        ja="/類似 猫がマットの上に座っている。 | The cat sits on the mat. | 犬が公園で遊んでいる。",
        en="/similar The cat sits on the mat. | A cat is sitting on a rug. | The dog plays in the park.",
    ),
    "explain-attention": Message(
        ja="/注意 この映画は本当に素晴らしかった！ --layer 3",
        en="/explain-attention The film was really wonderful! --layer 3",
    ),
    "tokens": Message(ja="/トークン 東京都に住む外国人が増えている。", en="/tokens Tokenization is fun."),
    "fill-mask": Message(ja="/穴埋め 東京は＿の首都です。", en="/fill-mask I drank a cup of [MASK] this morning."),
    "embed": Message(ja="/ベクトル 猫がいる。 | 犬がいる。", en="/embed There is a cat. | There is a dog."),
    "models": Message(ja="/モデル", en="/models"),
    "status": Message(ja="/状態", en="/status"),
    "cancel": Message(ja="/中止", en="/cancel"),
    "help": Message(ja="/ヘルプ 質問", en="/help ask"),
}
