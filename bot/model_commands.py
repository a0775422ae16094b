"""`yomite models list|pull|verify|use|reset|warm|licences`: what is said of them, and where each is done: most in a process of its own."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from bot.conversation import no_command
from bot.errors import CommandError
from bot.grammar import start_of
from bot.language import both
from bot.settings import Settings

NAMES = ("list", "pull", "verify", "use", "reset", "warm", "licences")
MORE_HELP = both(
    """モデルを扱う（それぞれの使い方：yomite models list --help など）：

\b
yomite models list              手元のモデル、版、ライセンス
yomite models pull [名前…]       Hugging Face、ミラー、フォルダから取得する
yomite models verify            すべてのファイルをハッシュと比べる
yomite models use フォルダ        学習させたモデルに答えさせる
yomite models reset タスク|--all  元に戻す
yomite models warm [タスク…]     動いているワーカーに読み込ませる
yomite models licences          ライセンスと、学習に使われたデータ""",
    """For models (how to use each: e.g. yomite models list --help):

\b
yomite models list              the models here, revisions, licences
yomite models pull [NAME…]      fetch from the hub, a mirror or a folder
yomite models verify            compare every file with its hash
yomite models use FOLDER        let a model that you trained answer
yomite models reset TASK|--all  go back
yomite models warm [TASK…]      let running workers load them
yomite models licences          licences, and what they learnt from""",
)


def run_models(words: Sequence[str], settings: Settings) -> int:
    """Do `yomite models WORDS…`; returns its exit code.

    Raises:
        CommandError: the first word is none of NAMES.
    """
    if words[0] not in NAMES:
        raise _unknown(words[0])
    # Imported here, as below, because --help needs none of it.
    from bot.children import run_in_child

    if words[0] == "warm" and not any(word.startswith("-") for word in words[1:]):
        from bot.warming import warm_workers

        code = warm_workers(words[1:], settings)
        if code is not None:
            return code
    if words[0] == "list":
        from bot.loaded import loaded_arguments

        words = [*words, *loaded_arguments(settings)]
    return run_in_child("models", words, settings)


def _unknown(word: str) -> CommandError:
    near = difflib.get_close_matches(word, NAMES, n=1, cutoff=0.5)
    return no_command(f"yomite models {start_of(word)}", meant=f"yomite models {near[0]}" if near else "", listed=", ".join(NAMES))
