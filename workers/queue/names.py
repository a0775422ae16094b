"""The names of everything that lies in Redis, and the one function that a job may name."""

from __future__ import annotations

# Short jobs are taken before long ones.
SHORT, LONG = "yomite-short", "yomite-long"
QUEUES = (SHORT, LONG)
LONG_CHARACTERS = 2_000  # a Request with more text than this waits in the long queue

# What a job says that it runs. The worker knows only this name and imports nothing that Redis names.
FUNCTION = "workers.job.answer"

OVER = "1"  # what stands at `seen` when an event needs nothing more
PLATFORMS = ("web", "slack", "discord")  # the platforms that are served for long
TERMINAL = "terminal-"  # what the platforms begin with that end with their process

WARM = "yomite:warm"  # the last wish that models be loaded, JSON
MODELS = "yomite:models"  # the catalog of the worker that started last, JSON


def replies(platform: str) -> str:
    """Stream: a job id for each outcome that the platform has still to post."""
    return f"yomite:replies:{platform}"


def progress(platform: str) -> str:
    """Channel: how far long jobs are."""
    return f"yomite:progress:{platform}"


def delivery(job_id: str) -> str:
    """Hash: what the bot must know to post a job's answer; its fields are `record` and marks of what is done."""
    return f"yomite:delivery:{job_id}"


def address(job_id: str) -> str:
    """Whom to tell, and where, what becomes of a job, JSON without any text: it outlives the delivery."""
    return f"yomite:address:{job_id}"


def outcome(job_id: str) -> str:
    """The Result or Failure as JSON, without its large arrays."""
    return f"yomite:outcome:{job_id}"


def answered(job_id: str) -> str:
    """What was asked and answered, JSON: kept after the answer was posted, where people may say what they think of it."""
    return f"yomite:answered:{job_id}"


def blob(job_id: str, index: int) -> str:
    """Bytes of an outcome: first its images in their order, then its files, then its tensor."""
    return f"yomite:blob:{job_id}:{index}"


def cancelled(job_id: str) -> str:
    """Exists where nobody waits for the job any more."""
    return f"yomite:cancelled:{job_id}"


def person(platform: str, person_id: str) -> str:
    """Sorted set: a person's unfinished jobs by the time they were handed over."""
    return f"yomite:person:{platform}:{person_id}"


def seen(platform: str, event_id: str) -> str:
    """Who reads an event of the platform just now; `OVER` where it has been handed over, or answered without a job."""
    return f"yomite:seen:{platform}:{event_id}"


def intake(platform: str) -> str:
    """Hash: what was said and is not handed over yet, by the id of its event; JSON from which another bot can go on."""
    return f"yomite:intake:{platform}"


def cached(digest: str) -> str:
    """An outcome that may be given again, by the digest of what was asked."""
    return f"yomite:cache:{digest}"


def warmed(wish: str) -> str:
    """Hash: what each worker has loaded because of a wish, JSON by its name."""
    return f"yomite:warmed:{wish}"


def limit(kind: str, platform: str, who: str) -> str:
    """When a person, a channel or a team (`kind`) has all its questions free again, in seconds since 1970; gone where it has."""
    return f"yomite:limit:{kind}:{platform}:{who}"


def serving(platform: str) -> str:
    """Who serves a platform that one process alone can serve: its name and its host, renewed as long as it lives."""
    return f"yomite:serving:{platform}"


def pace(minute: int) -> str:
    """How many jobs workers have finished within a minute; minutes since 1970."""
    return f"yomite:pace:{minute}"


# --- How workers take jobs -----------------------------------------------------------------------------------------

BELL = "yomite:bell"  # list: an entry for a job that has just come, to wake a worker that waits; losing one costs half a second
BELL_ENTRIES = 64
TAKERS = "yomite:takers"  # set: names of the workers that have taken jobs
HEADS = "yomite:heads"  # hash: waiting jobs that were looked at → what matters to take them (kind, person, since when), no text
TURNS = "yomite:turns"  # hash: whose jobs were taken last, platform:person → when


def taken(worker: str) -> str:
    """Hash: the ids of the jobs that a worker has taken and not finished → the key of the queue they came from."""
    return f"yomite:taken:{worker}"


def leaving(worker: str) -> str:
    """Exists where a worker was told to stop and has not left yet."""
    return f"yomite:leaving:{worker}"
