"""Tells Chinese from Japanese in text that has few kana or none."""

from __future__ import annotations

import functools
import re

HAN = r"\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
KANA = r"\u3041-\u3096\u3099-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile(f"[{KANA}]")

# Characters that carry Chinese grammar or everyday words and stand in no everyday Japanese word.
_CHINESE_CHARACTERS = frozenset("們们你妳您她它牠嗎吗呢吧麼么嘛很哪说让啊啦喔哦跟怎咱啥谁气个价爱讲给")
# What Japanese writes as well counts in Chinese company only.
_CHINESE_WORDS = re.compile(
    r"這(?![入奴々般廻上出口])"
    r"|[我你他她这這那不就也都]是|是(?=[一我你他她個个很真這这那在不最]|[\u4e00-\u9fff]{1,6}的|[學学]生|老[師师]|中[國国]人)"
    r"|(?<![終完修魅満投校読議診未])了(?=[吗嗎。，！!？?]|$)|[看到吃買买去来來壞坏喝睡走]了"
    r"|(?<![自無忘主彼])我(?=[在有要想也就不愛去會会能都和說國看覺喜的])|[給给對对]我|(?<![排利])他(?=[們也就說很不會]|的(?![割支制]))"
    r"|今天|明天(?!皇)|昨天|每天|非常好|[好真]看|好[吃聽玩多久]|[吃喝][飯饭的完過过什]|真[好是]|早安|晚安|午安|謝謝|對不"
    r"|(?<![沈出水])[沒没](?=[有来來去想看错])|不[會想](?=[我你他到了去再。，！]|$)"
    r"|喜歡|電影|的時候|知道|可以|因為|因为|但是|還是|如果|已經|已经|是一個|一個(?=[的美很好])|一些"
    r"|什[麼么]|為[什何]|多少[錢钱]|中文|電腦|手機|火車站"
    r"|天氣|無聊|再見|高興|小姐|歡迎|[快愉][樂乐]|[早晚]上好|下午好|大家好|人工智慧|機器[學学人]|非常感[謝谢激]|公司(?!債)|改變|特別行政區"
)
# Character forms of before 1946, still standard in traditional Chinese; modern Japanese keeps them in names only.
_OLD_FORMS = frozenset(
    "亞惡壓圍醫爲壹稻飮隱營榮衞驛圓艷鹽奧應歐毆黃溫穩假價畫會壞懷繪擴覺學嶽樂勸寬關歡觀氣歸犧舊據擧舉虛峽狹鄕鄉區驅勳徑經繼莖螢輕"
    "鷄雞藝擊儉劍圈檢權獻縣硏險顯驗嚴廣恆鑛礦號國濟齋劑櫻册雜產慘棧蠶殘絲齒兒辭濕實寫釋壽收從澁澀獸縱肅處敍將燒燈稱證壤孃條淨狀疊"
    "讓釀囑觸寢晉眞盡圖隨髓數樞聲靜齊攝竊專戰淺潛纖踐錢禪雙壯搜插爭總聰莊裝騷臟藏屬續墮體對帶滯臺瀧擇澤單擔膽團彈斷癡遲晝蟲鑄徵聽"
    "敕鎭遞鐵轉點傳黨盜當鬭鬥讀屆貳惱腦霸廢賣麥發髮蠻祕濱甁佛竝變邊辯瓣舖寶萠襃豐沒萬滿藥譯與譽搖樣謠來賴亂覽兩獵綠鄰壘勵隸靈齡戀"
    "爐勞樓灣裡啟說閱歲歷稅銳戶"
)
# Japanese names that keep old forms.
_OLD_NAMES = re.compile(
    "國學院(?:大學)?|慶應(?:義塾)?(?:大學)?|[會会]津|龍谷大學|櫻井|澤田|廣[田島瀬瀨川]|齋藤|濱田|渡邊|"
    "國[分村府]|學習院|小澤|黑澤|學士會|[東京]大學|瀧[川澤]|豐田|榮太樓"
)
# Rare Japanese characters outside the old character set of Windows that stand in names and words all the same.
_RARE_JAPANESE = frozenset("剝頰塡鷗蔣蠟𠮟𠮷俠")
# Words that say Japanese by themselves.
_JAPANESE_WORDS = re.compile("株式会社|有限会社|御中|々|〆|円|都道府県|営業|時頃|不要|弊社|御社|貴社|[東西南北中]口|様$|殿$")
_FULL_WIDTH_COMMA = "，"
# Chinese decorates with の and the like; Japanese prose has at least one kana to about six kanji.
_FEW_KANA = 0.15


def is_chinese(text: str) -> bool:
    """Whether the Han characters of `text` are read as Chinese, simplified or traditional, rather than Japanese.

    `text` is taken as typed. With the usual share of kana it is Japanese, whatever else stands in it. Without, each
    Han character and word is weighed as evidence, and a tie is Japanese: 大学, 世界平和 and 東京都渋谷区 are.
    """
    han, kana = len(_HAN.findall(text)), len(_KANA.findall(text))
    if not han or kana / (han + kana) > _FEW_KANA:
        return False
    plain = _OLD_NAMES.sub("", text)
    chinese = _chinese_evidence(plain)
    return chinese >= 1 and chinese > _japanese_evidence(plain) + kana


def _chinese_evidence(text: str) -> float:
    characters = _HAN.findall(text)
    certain = sum(_is_chinese_character(char) for char in characters)
    old = sum(char in _OLD_FORMS for char in characters)
    words = len(_CHINESE_WORDS.findall(text))
    commas = text.count(_FULL_WIDTH_COMMA)
    return certain + words + 0.5 * old + 0.5 * commas


def _japanese_evidence(text: str) -> float:
    return sum(_is_japanese_form(char) for char in _HAN.findall(text)) + len(_JAPANESE_WORDS.findall(text))


@functools.lru_cache(maxsize=8_192)
def _is_chinese_character(char: str) -> bool:
    """Certain by itself: Chinese grammar, or in a Chinese character set and in no Japanese one."""
    if char in _CHINESE_CHARACTERS:
        return True
    if char in _RARE_JAPANESE or _in_charset(char, "cp932"):
        return False
    return _in_charset(char, "gb2312") or _in_charset(char, "cp950")


@functools.lru_cache(maxsize=8_192)
def _is_japanese_form(char: str) -> bool:
    """A form that only Japanese writes, such as 渋, 営, 発 or 込."""
    return _in_charset(char, "cp932") and not _in_charset(char, "gb2312") and not _in_charset(char, "cp950")


def _in_charset(char: str, charset: str) -> bool:
    try:
        char.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
