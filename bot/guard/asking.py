"""Who asks, and from where: what the guard looks at of a question or of a press, without any of its words."""

from __future__ import annotations

from typing import Protocol


class Asking(Protocol):
    """Ids as the platform writes them; empty where there is none.

    `team` is Slack's workspace, Discord's guild, or the address that the chat page is opened from. `channel` is where it was said, of
    a thread the channel that it belongs to. `roles` are Discord's. `direct`: the person and Yomite are alone.
    """

    @property
    def platform(self) -> str: ...

    @property
    def person(self) -> str: ...

    @property
    def team(self) -> str: ...

    @property
    def channel(self) -> str: ...

    @property
    def roles(self) -> tuple[str, ...]: ...

    @property
    def direct(self) -> bool: ...
