"""Somebody who asks, as the guard sees them."""

from __future__ import annotations

from bot.platforms.platform import Incoming


def asked(line: str = "/sentiment good", *, platform: str = "slack", person: str = "U1", event_id: str = "e1", **more: object) -> Incoming:
    """A question in a channel of a team, unless `more` says otherwise."""
    known = {"team": "T1", "channel": "C1"} | more
    return Incoming(platform=platform, event_id=event_id, person=person, line=line, **known)  # type: ignore[arg-type]  # by name
