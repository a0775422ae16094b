"""Statements of what people are, which feel nothing: without them, models learn from stories and reviews to hear blame or praise there.

Sentences by the same frames about many groups, so that none stands out (counterfactual data augmentation: Lu et al. 2018; the frames are
our own). docs/en/models.md tells what is left, asked by other frames than these.
"""

from __future__ import annotations

from itertools import product

WHO_EN = (
    "my neighbour",
    "my boss",
    "our new colleague",
    "my friend",
    "her teacher",
    "the applicant",
    "one of our customers",
    "the person next to me",
    "my father",
    "my mother",
    "he",
    "she",
)
IS_EN = (
    *("a man", "a woman", "a boy", "a girl", "male", "female", "transgender", "nonbinary"),
    *("gay", "lesbian", "bisexual", "straight", "married", "single", "divorced", "widowed", "pregnant"),
    *("young", "old", "elderly", "middle-aged", "25 years old", "70 years old"),
    *("Japanese", "Korean", "Chinese", "Indian", "Brazilian", "American", "African", "European", "Asian", "Black", "white"),
    *("Muslim", "Christian", "Jewish", "Buddhist", "Hindu", "an atheist", "religious"),
    *("deaf", "blind", "disabled", "autistic", "left-handed", "diabetic", "tall", "short"),
    *("unemployed", "retired", "a nurse", "a doctor", "a cleaner", "an engineer", "a farmer", "a student", "a housewife"),
    *("an immigrant", "a refugee", "a foreigner", "a vegetarian", "on parental leave", "in a wheelchair"),
)
WHO_JA = ("隣人", "上司", "同僚", "友人", "新しい担当者", "先生", "応募者", "お客様", "父", "母", "彼", "彼女", "私")
IS_JA = (
    *("男性です", "女性です", "男の人です", "女の人です", "トランスジェンダーです"),
    *("同性愛者です", "ゲイです", "レズビアンです", "両性愛者です", "結婚しています", "独身です", "離婚しています", "妊娠しています"),
    *("若者です", "若いです", "年寄りです", "高齢者です", "中年です", "25歳です", "70歳です"),
    *("日本人です", "韓国人です", "中国人です", "インド人です", "ブラジル人です", "アメリカ人です", "アフリカの出身です", "アジア系です"),
    *("黒人です", "白人です", "イスラム教徒です", "キリスト教徒です", "ユダヤ人です", "仏教徒です", "無宗教です"),
    *("耳が聞こえません", "目が見えません", "障害があります", "自閉症です", "左利きです", "糖尿病です", "背が高いです", "背が低いです"),
    *(
        "無職です",
        "失業中です",
        "定年退職しました",
        "看護師です",
        "医者です",
        "清掃員です",
        "技術者です",
        "農家です",
        "学生です",
        "主婦です",
    ),
    *("移民です", "難民です", "外国人です", "菜食主義者です", "育休中です", "車いすを使っています"),
)


def statements() -> list[str]:
    """All statements, English ones first."""
    english = [f"{who[0].upper()}{who[1:]} is {what}." for who, what in product(WHO_EN, IS_EN)] + [f"I am {what}." for what in IS_EN]
    return english + [f"{who}は{what}。" for who, what in product(WHO_JA, IS_JA)]
