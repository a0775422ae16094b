"""A job as a worker carries it: read from what lies in Redis, and how it ended. Nothing that Redis names is imported or called."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from rq.job import validate_job_id

from engine.contract import ContractError, Failure, Request, Result
from engine.drawing import Undrawn
from workers import failures
from workers.queue.job import SERIALIZER, ForbiddenJob, request_in
from workers.queue.overdue import is_overdue, too_late
from workers.taking import Taken

Outcome = Result | Failure
LONGEST_TIMEOUT_S = 86_400  # also for a job that says it has none
# A job's JSON, unpacked. The bot lets 2,000,000 characters through at most (`bot.attachments.MOST_CHARACTERS`), which JSON writes in
# 12 bytes each at worst.
LARGEST_DATA_BYTES = 32 * 1024**2


@dataclass(frozen=True, kw_only=True)
class Carried:
    """A job with a Request. `platform` is empty where nobody waits for an answer."""

    taken: Taken
    request: Request
    platform: str
    tensors: bool
    timeout_s: int

    @property
    def job_id(self) -> str:
        return self.taken.job_id.decode()

    @property
    def crashed(self) -> bool:
        """Whether a worker ended while it was its job."""
        return self.taken.crashes > 0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a job ended.

    Without an `outcome` it has no answer: cancelled, or forbidden. With a `blame` it goes to RQ's failed jobs, for operators; the
    blame holds no text of the person. `digest`: where to keep the outcome for whoever asks the same; "": nowhere.
    """

    taken: Taken
    platform: str = ""
    outcome: Outcome | None = None
    tensors: bool = False
    blame: str = ""
    digest: str = ""


@dataclass(frozen=True, kw_only=True)
class Computed:
    """A job whose pictures are still to be drawn. `digest` as above."""

    job: Carried
    undrawn: Undrawn
    digest: str = ""


def read(taken: Taken) -> Carried | Ended:
    """The job with its Request, or how it ended because it has none.

    Only what a worker needs is read: RQ's own reading takes four times as long, most of it for moments in time.
    """
    platform = ""
    try:
        validate_job_id(taken.job_id.decode())
        meta = _meta(taken.fields)
        platform = platform_of(meta)
        timeout_s = _timeout_s(taken.fields.get(b"timeout"))
        request = request_in(_unpacked(taken.fields[b"data"]))
    except ForbiddenJob as error:
        return _refused(taken, error, platform)
    except Exception as error:  # noqa: BLE001  # anything may lie in Redis: reading it fails in many ways
        return Ended(taken=taken, blame=f"forbidden: the job cannot be read ({type(error).__name__})")
    if is_overdue(taken.fields):
        return Ended(taken=taken, platform=platform, outcome=too_late())
    tensors = isinstance(meta, dict) and meta.get("tensors") is True
    return Carried(taken=taken, request=request, platform=platform, tensors=tensors, timeout_s=timeout_s)


def platform_of(meta: Any) -> str:
    """The platform whose stream the answer goes to."""
    found = meta.get("platform") if isinstance(meta, dict) else None
    return found if isinstance(found, str) else ""


def _refused(taken: Taken, error: ForbiddenJob, platform: str) -> Ended:
    blame = f"forbidden: {error}"[: failures.LONGEST_REASON]
    if isinstance(error.__cause__, ContractError):
        # Ours, but of another version: somebody waits for it.
        return Ended(taken=taken, platform=platform, outcome=failures.unreadable(error.__cause__), blame=blame)
    return Ended(taken=taken, blame=blame)


def _meta(fields: dict[bytes, bytes]) -> Any:
    try:
        return SERIALIZER.loads(fields.get(b"meta", b""))
    except (ValueError, RecursionError):  # as for RQ, that is no reason not to run it
        return None


def _unpacked(data: bytes) -> bytes:
    """The job's JSON. Never more than is allowed is unpacked: a few kilobytes can swell to gigabytes.

    Raises:
        ForbiddenJob: there is more.
    """
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(data, LARGEST_DATA_BYTES)
        ends = inflater.eof
    except zlib.error:  # as RQ, also take what is not compressed
        found, ends = data, len(data) <= LARGEST_DATA_BYTES
    if not ends:
        raise ForbiddenJob(f"the job's data are more than {LARGEST_DATA_BYTES} bytes, or cut off")
    return found


def _timeout_s(said: bytes | None) -> int:
    timeout_s = int(said) if said else -1
    return LONGEST_TIMEOUT_S if timeout_s < 0 else min(LONGEST_TIMEOUT_S, max(1, timeout_s))
