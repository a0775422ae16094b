"""What a person is told where a worker could not answer."""

from __future__ import annotations

from engine.contract import ContractError, Failure, Message

LONGEST_REASON = 300  # characters: it may quote what lies in Redis, of any length


def unreadable(error: ContractError) -> Failure:
    """The Request is of another version, or none."""
    why = str(error)[:LONGEST_REASON]
    return Failure(
        code="bad_request",
        message=Message(
            ja=f"依頼を読めません（{why}）。ボットとワーカーを同じ版にそろえてください。",
            en=f"The request cannot be read ({why}). Bot and worker must be of the same version.",
        ),
    )


def unexpected(error: Exception) -> Failure:
    """An error that nobody foresaw. Without its own words, which may quote texts or name files of the machine."""
    name = type(error).__name__
    return Failure(
        code="internal_error",
        message=Message(
            ja=f"エンジンの中で予期しないエラーが起きました（{name}）。ほかの文章なら答えられます。"
            "この文章で続くときはお知らせください。詳しい場所はワーカーのログにあります。",
            en=f"Something unexpected went wrong in the engine ({name}). Other texts still work; "
            "if this one keeps failing, please report it. The worker's log says where it happened.",
        ),
        details={"error": name},
    )


def out_of_memory() -> Failure:
    """The job alone needs more memory than there is."""
    return Failure(
        code="out_of_memory",
        message=Message(
            ja="このマシンのメモリに収まらないので読めませんでした。文章を短くするか分けて送ってください。"
            "続くときは、空きメモリを増やすか YOMITE_MEMORY_BUDGET_MB を小さくしてください。",
            en="This text is too long for this machine's memory. Shorten it, or send it in parts. "
            "If this goes on, free some memory or lower YOMITE_MEMORY_BUDGET_MB.",
        ),
    )


def too_slow(timeout_s: float) -> Failure:
    """The job alone took longer than it may."""
    return Failure(
        code="timeout",
        message=Message(
            ja=f"{timeout_s:g} 秒以内に読み終わらないので中止しました。文章を短くするか、YOMITE_TIMEOUT_S を大きくしてください。",
            en=f"It could not be read within {timeout_s:g} s, so it was stopped. Shorten the text or raise YOMITE_TIMEOUT_S.",
        ),
        details={"timeout_s": f"{timeout_s:g}"},
    )


def worker_died() -> Failure:
    """The worker that computed it ended, more than once."""
    return Failure(
        code="worker_died",
        message=Message(
            ja="この依頼を計算していたワーカーが 2 回続けて落ちたので、あきらめました。文章を短くして送りなおしてみてください。"
            "続くときは、空きメモリを増やすか YOMITE_MEMORY_BUDGET_MB を小さくしてください。",
            en="The worker died twice while it computed this, so it was given up. Try again with a shorter text. "
            "If this goes on, free some memory or lower YOMITE_MEMORY_BUDGET_MB.",
        ),
    )
