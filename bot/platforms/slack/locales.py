"""Which language a person has set Slack to: asked of Slack once an hour, and never waited for long."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.slack.trouble import code_of

log = logging.getLogger("yomite.slack")

KEPT_S = 3_600.0
AGAIN_S = 600.0  # after Slack did not say it
PATIENCE_S = 1.5  # the person waits for their answer meanwhile
MOST_PEOPLE = 10_000


class Locales:
    """What Slack says of people, in memory only. For one event loop."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()  # of whom, until when
        self._told_of_scope = False

    async def of(self, person: str) -> str:
        """The person's locale, e.g. "ja-JP"; empty where Slack does not say it, or not soon. Raises nothing of Slack's."""
        locale, until = self._known.get(person, ("", 0.0))
        if time.monotonic() < until:
            return locale
        try:
            locale = await asyncio.wait_for(self._ask(person), timeout=PATIENCE_S)
            self._keep(person, locale, KEPT_S)
        except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
            self._tell(error)
            self._keep(person, locale, AGAIN_S)  # what was known before, for want of better
        return locale

    async def _ask(self, person: str) -> str:
        response = await self._client.users_info(user=person, include_locale=True)
        return str((response.get("user") or {}).get("locale") or "")

    def _keep(self, person: str, locale: str, for_s: float) -> None:
        self._known[person] = locale, time.monotonic() + for_s
        self._known.move_to_end(person)
        if len(self._known) > MOST_PEOPLE:
            self._known.popitem(last=False)

    def _tell(self, error: Exception) -> None:
        if isinstance(error, SlackApiError) and code_of(error) == "missing_scope":
            if not self._told_of_scope:
                log.warning("without the scope users:read people are answered in the language that they type, not in that of their Slack")
            self._told_of_scope = True
        else:
            log.info("Slack did not say a person's language (%s)", type(error).__name__)
