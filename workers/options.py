"""The command line of a worker process: that which settings write, and some more."""

from __future__ import annotations

from pathlib import Path

from engine.command_line import PRECISIONS, CommandLine, device, one_of, whole_number
from engine.contract import Message, Task
from workers.observing.settings import FORMS, LAST_PORT, LEVELS, ObservingSettings
from workers.queue.processes import REDIS_URL_VARIABLE
from workers.queue.settings import QueueSettings, WorkerSettings

ABOUT = Message(
    ja="ワーカーだけを起動する：ジョブを Redis から取り、モデルで答える。SIGTERM か Ctrl-C で止まる",
    en="start a worker alone: it takes jobs from Redis and answers them, until SIGTERM or Ctrl-C",
)


def parser(lang: str = "en") -> CommandLine:
    """What `as_arguments` of the three kinds of settings write, and some more; with its help in a language."""
    found = CommandLine(lang=lang, prog="yomite worker", description=ABOUT.in_language(lang))
    _add_models(found)
    _add_computing(found)
    _add_queue(found)
    _add_observing(found)
    _add_running(found)
    return found


def _add_models(found: CommandLine) -> None:
    said = found.said
    profile = said("モデルの組：bundled または hub。省くと %(default)s", "the catalog's profile: bundled or hub; default: %(default)s")
    found.add_argument("--profile", default=WorkerSettings().profile, metavar="bundled|hub", help=profile)
    for name, metavar, meaning in (
        (
            "catalog",
            "FILE",
            said("プロファイルの行より先に使う、自分のカタログ", "a catalog file of your own, whose rows stand before the profile's"),
        ),
        (
            "chosen",
            "FILE",
            said(
                "`yomite models use` が書くファイル。動いている間も見る",
                "the file of `yomite models use`; looked at while the worker runs",
            ),
        ),
        (
            "lock",
            "FILE",
            said(
                "`yomite models pull` が書くファイル。動いている間も見る",
                "the file of `yomite models pull`; looked at while the worker runs",
            ),
        ),
        ("models-dir", "FOLDER", said("同梱モデルの場所", "where the bundled models lie")),
        (
            "models-cache",
            "FOLDER",
            said(
                "Hugging Face Hub のモデルの場所。省くと huggingface_hub が決める",
                "where models of the hub lie; else where huggingface_hub keeps them",
            ),
        ),
    ):
        found.add_argument(f"--{name}", type=Path, metavar=metavar, help=meaning)
    mirror = said("モデルを取得するミラー", "a mirror of the hub to fetch models from")
    found.add_argument("--hub-mirror", metavar="URL", help=mirror)


def _add_computing(found: CommandLine) -> None:
    said, defaults = found.said, WorkerSettings()
    computes = said(
        "計算に使う装置：auto、cpu、cuda、cuda:N、mps。省くと %(default)s",
        "what computes: auto, cpu, cuda, cuda:N, mps; default: %(default)s",
    )
    found.add_argument("--device", type=device, default=defaults.device, help=computes)
    found.add_argument(
        "--precision",
        type=one_of(*PRECISIONS),
        default=defaults.precision,
        metavar="|".join(PRECISIONS),
        help=said("計算の精度。省くと %(default)s", "what models compute in; default: %(default)s"),
    )
    found.add_argument(
        "--memory-budget-mb",
        type=whole_number(at_least=1),
        default=defaults.memory_budget_mb,
        metavar="MIB",
        help=said("モデルに使うメモリ（MiB）。省くと %(default)s", "memory for loaded models, in MiB; default: %(default)s"),
    )
    found.add_argument(
        "--batch",
        type=whole_number(at_least=1),
        default=defaults.batch,
        metavar="N",
        help=said("一度に計算するジョブの上限。省くと %(default)s", "the most jobs that are computed together; default: %(default)s"),
    )


def _add_queue(found: CommandLine) -> None:
    said, defaults = found.said, QueueSettings()
    redis = said(
        f"ジョブの待つ場所。省くと {REDIS_URL_VARIABLE}（ほかのユーザーから見えない。`yomite worker` が REDIS_URL から設定する）",
        f"where jobs wait; else {REDIS_URL_VARIABLE} says it, which other users do not see (`yomite worker` sets it from REDIS_URL)",
    )
    found.add_argument("--redis", metavar="URL", help=redis)
    for name, default, meaning in (
        ("timeout-s", defaults.timeout_s, said("使わない：ジョブごとに決まっている", "not used: each job says its own")),
        ("answer-ttl-s", defaults.answer_ttl_s, said("答えを残しておく秒数", "how long an answer is kept, in seconds")),
        (
            "cache-ttl-s",
            defaults.cache_ttl_s,
            said("同じ答えをまた使ってよい秒数（0：使わない）", "how long an answer may be given again, in seconds (0: never)"),
        ),
    ):
        shown = meaning + said("。省くと %(default)s", "; default: %(default)s")
        found.add_argument(f"--{name}", type=whole_number(at_least=0), default=default, metavar="S", help=shown)


def _add_observing(found: CommandLine) -> None:
    said, defaults = found.said, ObservingSettings()
    for name, default, allowed, meaning in (
        ("log-level", defaults.log_level, LEVELS, said("ログに書くもの", "what is logged")),
        ("log-format", defaults.log_format, FORMS, said("ログの形", "how it is logged")),
    ):
        shown = meaning + said("。省くと %(default)s", "; default: %(default)s")
        found.add_argument(f"--{name}", type=one_of(*allowed), default=default, metavar="|".join(allowed), help=shown)
    host = said("/healthz などを出すアドレス。省くと %(default)s", "the address of /healthz and its like; default: %(default)s")
    found.add_argument("--monitor-host", default=defaults.monitor_host, metavar="HOST", help=host)
    port = said(
        "/healthz、/readyz、/metrics を出すポート（0：空いているもの）。省くと出さない",
        "where /healthz, /readyz and /metrics are served; 0: any that is free; else nowhere",
    )
    found.add_argument("--monitor-port", type=whole_number(at_least=0, at_most=LAST_PORT), metavar="PORT", help=port)


def _add_running(found: CommandLine) -> None:
    said = found.said
    found.add_argument(
        "--name", help=said("ワーカーの名前の先頭。省くとマシンの名前", "what the worker's name begins with; else the machine's name")
    )
    found.add_argument("--burst", action="store_true", help=said("仕事がなくなったら終わる", "leave when nothing waits"))
    tasks = ", ".join(Task)
    first = said(f"最初のジョブの前に読み込むモデルのタスク：{tasks}", f"load these models before the first job: {tasks}")
    found.add_argument("--warm-up", nargs="*", type=one_of(*Task), default=(), metavar="TASK", help=first)
    idle = said(
        "ジョブがない間に読み込むモデルのタスク。省くと、同梱モデルならすべて", "load these while no job waits (else: all bundled ones)"
    )
    found.add_argument("--warm-up-idle", nargs="*", type=one_of(*Task), metavar="TASK", help=idle)
    parent = said(
        "標準入力が閉じたら終わる：起動したプロセスと一緒に終わるため",
        "leave when stdin ends, which it does with the process that started this",
    )
    found.add_argument("--with-parent", action="store_true", help=parent)
