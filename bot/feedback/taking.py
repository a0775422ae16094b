"""Takes what people say of answers in chat: finds what it is about, checks corrections, and keeps it."""

from __future__ import annotations

import asyncio
import contextlib

from redis.exceptions import RedisError

from bot.feedback.answered import Answered, answered_from_json
from bot.feedback.correction import read_correction
from bot.feedback.errors import cannot_look, is_gone
from bot.feedback.press import Opinion, Press
from bot.feedback.store import FeedbackStore
from engine.contract import ContractError
from workers.queue.answered import AnsweredJobs


class Feedback:
    """Between the platforms and the store. For one event loop; the store is asked in threads."""

    def __init__(self, store: FeedbackStore, answers: AnsweredJobs) -> None:
        self._store = store
        self._answers = answers

    async def keep(self, job_id: str, answered: Answered, *, person: str = "") -> None:
        """Keep what an answer is about until somebody may have said something of it; with whose question it was, to be erased with them.

        Raises:
            redis.exceptions.RedisError: it cannot be kept now.
        """
        await self._answers.keep(job_id, answered.to_json() | {"person": person})

    async def take(self, press: Press) -> Opinion:
        """Take a press; returns what the person thinks now.

        Raises:
            FeedbackError: it cannot be taken; its message is for the person.
        """
        return await asyncio.to_thread(take, self._store, press, await self.find(press))

    async def find(self, press: Press) -> Answered:
        """What a press is about.

        Raises:
            FeedbackError: it is not kept, or cannot be looked up.
        """
        return await asyncio.to_thread(self._store.find, press) or await self._recorded(press)

    async def _recorded(self, press: Press) -> Answered:
        try:
            record = await self._answers.find(press.answer)
        except RedisError as error:
            raise cannot_look() from error
        with contextlib.suppress(ContractError, KeyError):  # of another version
            answered = answered_from_json(record) if record else None
            if answered is not None and answered.platform == press.platform:
                return answered
        raise is_gone()


def take(store: FeedbackStore, press: Press, answered: Answered) -> Opinion:
    """Take a press whose answer is known. Blocks.

    Raises:
        FeedbackError: the correction is none, or it cannot be kept.
    """
    correction = read_correction(answered, press.correction) if press.choice == "correct" else None
    return store.take(press, answered, correction=correction)
