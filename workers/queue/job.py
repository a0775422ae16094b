"""The job: an RQ job that can carry a Request and nothing else, whatever was written into Redis."""

from __future__ import annotations

from typing import Any

from rq.job import Job
from rq.serializers import JSONSerializer

from engine.contract import ContractError, Request, request_from_json
from workers.queue import names

__all__ = ["SERIALIZER", "EngineJob", "ForbiddenJob", "request_in"]

SERIALIZER = JSONSerializer


class ForbiddenJob(ValueError):
    """A job that is not one of ours; the message says what is wrong with it."""


class EngineJob(Job):
    """RQ lets a job name functions to import and addresses to call; this one has neither."""

    @property
    def func(self) -> Any:
        """Never imported.

        Raises:
            ForbiddenJob: always.
        """
        raise ForbiddenJob("jobs are not called as functions here")

    # What a job may name besides its function: RQ would import and call it, also while it cleans up after a crash.
    success_callback = property(lambda self: None)
    failure_callback = property(lambda self: None)
    stopped_callback = property(lambda self: None)

    def send_webhooks(self, status: Any, *, exc_string: str | None = None) -> None:
        """Never sent: whoever can write to Redis must not make a worker call addresses."""

    def request(self) -> Request:
        """The Request that the job carries.

        Raises:
            ForbiddenJob: it carries something else.
        """
        return request_in(self.data)


def request_in(data: bytes) -> Request:
    """The Request in a job's data.

    Raises:
        ForbiddenJob: there is something else in it.
    """
    try:
        name, instance, arguments, keywords = SERIALIZER.loads(data)
    except (ValueError, TypeError, RecursionError) as error:
        raise ForbiddenJob("the job's data are no JSON of four parts") from error
    if name != names.FUNCTION or instance is not None or arguments or not isinstance(keywords, dict) or set(keywords) != {"request"}:
        raise ForbiddenJob(f"only {names.FUNCTION}(request=…) may be asked for")
    try:
        return request_from_json(keywords["request"])
    except ContractError as error:
        raise ForbiddenJob(f"not a Request: {error}") from error
