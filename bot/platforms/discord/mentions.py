"""From a message that speaks to the bot to what the desk reads: the line without the mention, the text that was replied to."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from mimetypes import guess_type

import discord

from bot.conversation import find_command, right_with_a_text, understand
from bot.errors import CommandError
from bot.platforms.discord.files import Downloads, readable_texts
from bot.platforms.discord.origin import origin_of
from bot.platforms.platform import Incoming

_EMOJI = re.compile(r"<a?:(\w+):\d+>")
_USER, _ROLE, _CHANNEL = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>"), re.compile(r"<#(\d+)>")
_MEDIA = ("image/", "audio/", "video/")
_AROUND_MENTION = " \t\n　:：,，、"


def speaks_to(message: discord.Message, me: discord.ClientUser) -> bool:
    """Whether a person speaks to the bot: directly, by a mention, or by a command in a reply to one of its messages."""
    if message.author.bot or message.webhook_id is not None or message.type not in (discord.MessageType.default, discord.MessageType.reply):
        return False
    if isinstance(message.channel, discord.DMChannel) or _own_mentions(message, me).search(message.content):
        return True
    # A reply that pings counts as a mention too. "Thanks" needs no answer, a command does.
    return me in message.mentions and _is_command(message.content)


def incoming_of(message: discord.Message, me: discord.ClientUser, downloads: Downloads, *, platform: str, sees_all: bool) -> Incoming:
    """What the desk reads. `sees_all`: the bot also gets the text of messages that do not speak to it."""
    line = readable(_own_mentions(message, me).sub(" ", message.content), message).lstrip(_AROUND_MENTION).rstrip()
    replied = _replied_to(message)
    nearby = readable_texts(replied.attachments) if replied and _lacks_text(line) else []
    attachments = _meant(message.attachments, line) if message.attachments else nearby
    locale = str(message.guild.preferred_locale) if message.guild else ""
    return Incoming(
        platform=platform,
        event_id=str(message.id),
        person=str(message.author.id),
        **origin_of(message),
        # With its slash a command's name does not count as English that the person speaks.
        line=f"/{line or 'help'}" if not line or (_is_command(line) and not line.startswith(("/", "／"))) else line,
        locale=locale,
        files=downloads.incoming(attachments),
        nearby=_nearby(line, message, sees_all=sees_all) if message.reference else None,
    )


def readable(text: str, message: discord.Message) -> str:
    """The text as people see it: names where Discord writes numbers."""
    users = {user.id: user.display_name for user in message.mentions}
    roles = {role.id: role.name for role in message.role_mentions}
    channels = {channel.id: channel.name for channel in message.channel_mentions}
    text = _USER.sub(lambda match: f"@{users.get(int(match[1]), '?')}", text)
    text = _ROLE.sub(lambda match: f"@{roles.get(int(match[1]), '?')}", text)
    text = _CHANNEL.sub(lambda match: f"#{channels.get(int(match[1]), '?')}", text)
    return _EMOJI.sub(r":\1:", text)


def _own_mentions(message: discord.Message, me: discord.ClientUser) -> re.Pattern[str]:
    """The bot's mention, or that of the role that Discord made for it and offers beside it."""
    role = message.guild.self_role if message.guild else None
    return re.compile(rf"<@!?{me.id}>" + (rf"|<@&{role.id}>" if role else ""))


def _is_command(line: str) -> bool:
    try:
        find_command(line, slash_optional=True)
    except CommandError:
        return False
    return True


def _meant(attachments: Sequence[discord.Attachment], line: str) -> list[discord.Attachment]:
    """What should be read of what came along: beside a typed text no picture, sound or video, which are there for people."""
    if not _has_text(line):
        return list(attachments)
    return [file for file in attachments if not (file.content_type or guess_type(file.filename)[0] or "").startswith(_MEDIA)]


def _has_text(line: str) -> bool:
    try:
        return bool(find_command(line, slash_optional=True)[1].strip())
    except CommandError:
        return False


def _lacks_text(line: str) -> bool:
    """Whether a line is a right command as soon as a text comes along, and none without."""
    try:
        understand(line, slash_optional=True)
    except CommandError:
        return right_with_a_text(lambda text: understand(line, attach=lambda _: text, slash_optional=True))
    return False


def _replied_to(message: discord.Message) -> discord.Message | None:
    resolved = message.reference.resolved if message.reference else None
    return resolved if isinstance(resolved, discord.Message) else None


def _nearby(line: str, message: discord.Message, *, sees_all: bool) -> Callable[[], Awaitable[str | None]]:
    async def text_replied_to() -> str | None:
        replied = _replied_to(message)
        if replied is None:
            return None
        if replied.content:
            return readable(replied.content, replied)
        if not sees_all and not replied.author.bot:
            # What is wrong with the line itself comes before what could not be read.
            understand(line, attach=lambda _: "…", slash_optional=True)
            raise _withheld()
        return None

    return text_replied_to


def _withheld() -> CommandError:
    return CommandError(
        ja="返信先の文章は Discord から渡されませんでした（ボットあてでないメッセージは読めません）。"
        "そのメッセージを右クリックして「アプリ」から選ぶか、文章をコマンドのあとに貼ってください。",
        en="Discord did not hand over the message you replied to (it does not mention me). "
        "Right-click that message and choose under Apps, or paste its text after the command.",
    )
