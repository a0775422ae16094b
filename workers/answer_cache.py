"""Answers that may be given again for a while: to the same texts, task and options, by the same model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from redis import Redis
from redis.client import Pipeline

from engine.contract import ContractError, ExplainAttentionRequest, Failure, Request, Result, Tensor, outcome_from_json, to_json
from workers.queue import names

LARGEST_BYTES = 1_000_000  # an answer larger than this is computed again


class AnswerCache:
    """Results in Redis for `ttl_s` seconds; 0: none. Failures are never kept, nor large arrays."""

    def __init__(self, connection: Redis, *, ttl_s: int) -> None:
        self._redis = connection
        self._ttl_s = ttl_s

    @property
    def keeps(self) -> bool:
        """Whether it keeps anything."""
        return self._ttl_s > 0

    def digest(self, request: Request, *, model: str | None, tensors: bool) -> str:
        """By what an answer is found again; empty where it may not be."""
        if not self.keeps or model is None or (tensors and isinstance(request, ExplainAttentionRequest)):
            return ""
        asked = json.dumps([to_json(request), model], sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(asked.encode("ascii")).hexdigest()

    def look_up(self, digests: Sequence[str]) -> list[Result | None]:
        """The answers that are there, in the order of `digests`."""
        wanted = [digest for digest in dict.fromkeys(digests) if digest]
        if not wanted:
            return [None] * len(digests)
        bodies: Any = self._redis.mget([names.cached(digest) for digest in wanted])
        found = dict(zip(wanted, bodies, strict=True))
        return [_read(found.get(digest)) for digest in digests]

    def keep(self, digest: str, outcome: Result | Failure, pipe: Pipeline) -> None:
        """Keep an answer, within `pipe`."""
        if not digest or isinstance(outcome, Failure):
            return
        body = json.dumps(to_json(_without_tensors(outcome)))
        if len(body) <= LARGEST_BYTES:
            pipe.set(names.cached(digest), body, ex=self._ttl_s)


def _without_tensors(outcome: Result) -> Result:
    values = {field.name: getattr(outcome, field.name) for field in fields(outcome)}
    changes: dict[str, Any] = {name: replace(value, data=b"") for name, value in values.items() if isinstance(value, Tensor)}
    return replace(outcome, **changes)


def _read(body: bytes | None) -> Result | None:
    if body is None:
        return None
    try:
        found = outcome_from_json(json.loads(body))
    except (ContractError, ValueError):  # of another version
        return None
    return None if isinstance(found, Failure) else found
