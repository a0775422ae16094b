"""`yomite forget slack:U0123ABCD`: erases what is kept of one person, in Redis, on its disk, and among the feedback on answers."""

from __future__ import annotations

import re

from bot.errors import CommandError, PlatformError
from bot.exit_codes import OK
from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.kept_redis import kept_redis
from bot.language import Speech, both
from bot.settings import Settings
from engine.contract import Message
from workers.queue.append_file import Rewriting, rewrite_append_file
from workers.queue.door import JobQueue
from workers.queue.forgetting import TELL_S, Erased, Eraser

# What a person is on each platform; the chat page's are sessions of browsers.
FORMS = {
    "slack": re.compile(r"[UW][A-Z0-9]{2,20}"),
    "discord": re.compile(r"[0-9]{15,20}"),
    "web": re.compile(r"[A-Za-z0-9_-]{8,64}"),
}
EXAMPLES = "slack:U0123ABCD, discord:123456789012345678, web:SESSION"


def forget(settings: Settings, speech: Speech, who: str, *, tell_s: float = TELL_S) -> int:
    """Erase a person and say what that was; returns the exit code.

    Raises:
        CommandError: `who` is no person of a platform.
        PlatformError: Redis cannot be reached; nothing was erased then.
        FeedbackError: the opinions cannot be erased.
    """
    platform, person = read_person(who)
    lines = _forget_in_redis(settings, platform, person, tell_s=tell_s)
    path = settings.state_dir / FILE_NAME
    opinions = FeedbackStore(path).forget_person(platform, person) if path.exists() else 0
    lines += [
        both(f"消した 👍 と 👎：{opinions} 件", f"Erased feedback (👍 and 👎): {opinions}"),
        both(
            "チャットに投稿済みの答えと、他の人が 👍 や 👎 を押して保存した文章は、ここでは消えません。",
            "Answers that stand in the chat already, and texts that were kept because others pressed 👍 or 👎, are not erased by this.",
        ),
    ]
    print("\n".join(line.in_language(speech) for line in lines))
    return OK


def read_person(who: str) -> tuple[str, str]:
    """The platform and the person's id; a mention as it is copied from a chat is taken, too.

    Raises:
        CommandError: nobody is named, or there is no such platform, or its people are named in another way.
    """
    if not who.strip():
        raise CommandError(ja=f"誰のものを消すか、書いてください：{EXAMPLES}", en=f"Say whom to forget: {EXAMPLES}")
    platform, _, person = who.strip().partition(":")
    platform, person = platform.lower(), re.sub(r"^<?@?!?|(\|[^>]*)?>?$", "", person.strip())
    if platform not in FORMS or not FORMS[platform].fullmatch(person):
        raise CommandError(
            ja=f"「{who}」が誰のことかわかりません。チャットの名前と ID で書いてください：{EXAMPLES}",
            en=f"It is not clear who {who!r} is. Write the platform and the id: {EXAMPLES}",
        )
    return platform, person


def _forget_in_redis(settings: Settings, platform: str, person: str, *, tell_s: float) -> list[Message]:
    from redis.exceptions import RedisError

    try:
        with kept_redis(settings) as connection:
            if connection is None:
                return [both("Redis には何もありません。", "There is nothing in Redis.")]
            queue = JobQueue(connection, settings.queue())
            erased = Eraser(connection, queue, platform=platform, person=person).erase(tell_s=tell_s)
            return [*_erased(erased), _rewritten(rewrite_append_file(connection))]
    except RedisError as error:
        raise PlatformError(
            ja=f"Redis を使えないので、消しきれていません（{type(error).__name__}）。Redis を確かめて、もう一度実行してください。",
            en=f"Redis cannot be used, so not all is erased ({type(error).__name__}). See to Redis, and run this again.",
        ) from error


def _erased(erased: Erased) -> list[Message]:
    return [
        both(f"消した質問：{erased.jobs} 件", f"Erased questions: {erased.jobs}"),
        both(f"消した、まだ読んでいない発言：{erased.intake} 件", f"Erased messages that were not read yet: {erased.intake}"),
        both(
            f"消した、押せる期間中の回答の記録：{erased.answers} 件", f"Erased records of answers that could be pressed: {erased.answers}"
        ),
        both(
            f"消した、使い回すための答え：{erased.cached} 件（誰のものかわからないので、全員の分）",
            f"Erased answers that were kept to be given again: {erased.cached} (everybody's: whose they are is not known)",
        ),
    ]


def _rewritten(rewriting: Rewriting) -> Message:
    return {
        "done": both(
            "Redis の追記ファイルを書きなおしました。消した文章はディスクにも残っていません。",
            "Redis has written its append-only file anew: what was erased is not in it any more.",
        ),
        "off": both("この Redis は追記ファイルを書きません。", "This Redis writes no append-only file."),
        "refused": both(
            "この Redis には追記ファイルの書きなおしを頼めません。管理者が BGREWRITEAOF を実行するまで、消した文章がディスクに残ります。",
            "This Redis does not let us ask for its append-only file to be written anew. Until somebody runs BGREWRITEAOF there, "
            "what was erased stays on its disk.",
        ),
        "late": both(
            "Redis が追記ファイルをまだ書きなおしていません。消した文章がディスクに残っているかもしれません。Redis のログを確かめてください。",
            "Redis has not finished writing its append-only file anew, so what was erased may still be on its disk. See Redis' log.",
        ),
    }[rewriting]
