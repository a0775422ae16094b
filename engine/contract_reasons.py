"""Why something failed, in words that stand in a message: what the system says of an error, in both languages. `engine.contract` holds it."""

from __future__ import annotations

import errno
import os
import re

from engine.contract_parts import Message

_MOST_SAID = 300  # characters of an error's own words, of which libraries may have a page
_OF_RUST = re.compile(r"\(os error (\d{1,4})\)$")  # how libraries in Rust, as that of safetensors, pass on what the system said
# What the system says in English, by its numbers.
_IN_JAPANESE = {
    errno.E2BIG: "引数が長すぎます",
    errno.EACCES: "権限がありません",
    errno.EADDRINUSE: "そのアドレスは使用中です",
    errno.EADDRNOTAVAIL: "このマシンのアドレスではありません",
    errno.EAFNOSUPPORT: "この種類のアドレスは使えません",
    errno.EAGAIN: "一時的に資源が足りません",
    errno.EBUSY: "使用中です",
    errno.ECONNABORTED: "接続が中断されました",
    errno.ECONNREFUSED: "接続を拒否されました",
    errno.ECONNRESET: "相手が接続を切りました",
    errno.EDQUOT: "割り当てられた容量を使い切りました",
    errno.EEXIST: "同じ名前のものがすでにあります",
    errno.EFBIG: "ファイルが大きすぎます",
    errno.EHOSTUNREACH: "相手のマシンに届きません",
    errno.EINTR: "途中で中断されました",
    errno.EINVAL: "使えない値です",
    errno.EIO: "読み書きの途中でエラーが起きました",
    errno.EISDIR: "フォルダです",
    errno.ELOOP: "シンボリックリンクが循環しているか、多すぎます",
    errno.EMFILE: "開いているファイルが多すぎます",
    errno.ENAMETOOLONG: "名前が長すぎます",
    errno.ENETDOWN: "ネットワークが止まっています",
    errno.ENETUNREACH: "ネットワークに届きません",
    errno.ENFILE: "マシン全体で、開いているファイルが多すぎます",
    errno.ENODEV: "その装置はありません",
    errno.ENOENT: "ファイルかフォルダがありません",
    errno.ENOEXEC: "実行できる形式ではありません",
    errno.ENOLCK: "ロックできません",
    errno.ENOMEM: "メモリが足りません",
    errno.ENOSPC: "空き容量がありません",
    errno.ENOTCONN: "接続していません",
    errno.ENOTDIR: "フォルダではありません",
    errno.ENOTEMPTY: "フォルダが空ではありません",
    errno.ENXIO: "その装置やアドレスはありません",
    errno.EOPNOTSUPP: "その操作には対応していません",
    errno.EPERM: "許可されていない操作です",
    errno.EPIPE: "相手がもう受け取りません",
    errno.EROFS: "読み取り専用の場所です",
    errno.ESTALE: "共有フォルダのファイルが見えなくなりました",
    errno.ETIMEDOUT: "時間内に応答がありません",
    errno.ETXTBSY: "実行中のファイルです",
    errno.EXDEV: "別のディスクには移せません",
}


def reason_of(error: BaseException, *, with_file: bool = False) -> Message:
    """What the system says of it; else the error's own words (their first line) or the name of its type, the same in both languages.

    `with_file`: after the file that the system names, if it names one; for messages that do not say it themselves.
    """
    said = _said_of(error)
    file = error.filename if with_file and isinstance(error, OSError) else None
    return said if file is None else Message(ja=f"{file}：{said.ja}", en=f"{file}: {said.en}")


def system_reason(number: int) -> Message:
    """What the system says of an error by its number (`errno`); in English where there is no Japanese for it here."""
    english = os.strerror(number)
    return Message(ja=_IN_JAPANESE.get(number, english), en=english)


def _said_of(error: BaseException) -> Message:
    if isinstance(error, OSError):
        # Errors of a library, of looking up an address or of TLS, have numbers of their own.
        if type(error).__module__ == "builtins" and error.errno in _IN_JAPANESE:
            return system_reason(error.errno)
        if error.strerror:
            return Message(ja=_of_looking_up(error) or error.strerror, en=error.strerror)
    said = (str(error).strip().splitlines() or [type(error).__name__])[0][:_MOST_SAID]
    of_system = _OF_RUST.search(said)
    return Message(ja=system_reason(int(of_system[1])).ja if of_system else said, en=said)


def _of_looking_up(error: OSError) -> str | None:
    """In Japanese, why the address of a name was not found; None where it is another error."""
    import socket  # here, as what a bot says of a wrong command line needs none

    if not isinstance(error, socket.gaierror):
        return None
    if error.errno == socket.EAI_AGAIN:
        return "いまは名前からアドレスを調べられません"
    return "その名前のアドレスが見つかりません" if error.errno in (socket.EAI_NONAME, socket.EAI_NODATA) else None
