"""Which scopes a bot's token needs for what, written by hand after Slack's own reference, and not after what Yomite asks for."""

from __future__ import annotations

from tests.fakes.slack.records import Channel

# What the app was given when it was installed.
GIVEN = frozenset(
    (
        "app_mentions:read",
        "channels:history",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "im:history",
        "im:write",
        "users:read",
    )
)
FILES = "files:read"  # without it, hosted files are not given out
_HISTORY = ("conversations.history", "conversations.replies")
# Any one of them allows the method; none where every token may call it.
_ALLOWING: dict[str, tuple[str, ...]] = {
    "auth.test": (),
    "apps.connections.open": (),  # of a bot's token; the app's own has connections:write
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "conversations.open": ("im:write",),  # with one person
    "files.info": (FILES,),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
    "users.info": ("users:read",),
    "views.open": (),
}


def allowing(method: str, channel: Channel | None) -> tuple[str, ...]:
    """The scopes of which a token needs one to call a method; what was said in a channel, by the kind of channel."""
    if method not in _HISTORY:
        return _ALLOWING[method]
    if channel is None:
        return ("channels:history", "groups:history", "mpim:history", "im:history")
    return ("im:history",) if channel.is_im else ("groups:history",) if channel.private else ("channels:history",)
