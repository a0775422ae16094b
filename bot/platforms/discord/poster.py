"""Brings Replies to Discord: as the response to a command, as a reply to a message, or where these ways are closed, elsewhere."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import discord
from discord.webhook.async_ import Webhook

from bot.language import Speech
from bot.platforms.discord.delivery import Delivery
from bot.platforms.discord.render import Post, render
from bot.platforms.discord.thumbs import thumbs
from bot.platforms.discord.trouble import is_closed_thread, is_closed_way, is_shut, told_as_the_desk_knows_it
from bot.reply import Reply

NOBODY = discord.AllowedMentions.none()
NONCE = 25  # characters, Discord's limit
ORIGINAL = cast(int, "@original")  # the path of a command's first response, where other messages have their number
LOOK_BACK = 50  # messages in which an answer may stand already


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """A Reply in the language of the person; `again` where it may stand there already.

    `thumbs` is the job whose answer may be pressed thumbs for, empty: none.
    """

    reply: Reply
    speech: Speech
    again: bool = False
    thumbs: str = ""

    async def post(self, *, link: str | None = None) -> Post:
        """As it is posted; see `render`. Drawn in a thread: there may be much to draw, and the event loop must acknowledge meanwhile."""
        return await asyncio.to_thread(render, self.reply, speech=self.speech, link=link)

    async def post_apart(self, to: Delivery, *, preface: str = "") -> Post:
        """As it is posted where it is neither response nor reply: it says when it was asked for, by which it is found again."""
        return await asyncio.to_thread(render, self.reply, speech=self.speech, link=to.about, preface=preface, asked_at=_asked_at(to))

    def buttons(self) -> dict[str, Any]:
        """What a call that sends or edits must be given besides."""
        return {"view": thumbs(self.thumbs, self.speech)} if self.thumbs else {}


class Poster:
    """Posts each Reply once: the same nonce is the same message, and an edit is the same however often it is made."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def bring(
        self,
        reply: Reply,
        *,
        speech: Speech,
        to: Delivery,
        nonce: str,
        again: bool = False,
        placeholder: int | None = None,
        thumbs: str = "",
    ) -> None:
        """Post a Reply. `placeholder` is a message that becomes the answer; `again` where it may have been posted already.

        `thumbs` is the id of the job whose answer it is, where people are asked what they think of it.

        Raises:
            TryLater: not now.
            CannotPost: never.
        """
        shown = _Shown(reply=reply, speech=speech, again=again, thumbs=thumbs)
        with told_as_the_desk_knows_it():
            if to.by_command:
                await self._respond(shown, to, nonce)
            elif to.private:
                await self._tell_alone(shown, to, nonce)
            else:
                await self._reply(shown, to, nonce, placeholder=placeholder)

    async def say(self, text: str, *, to: Delivery, nonce: str) -> int | None:
        """Show a line where the answer will be; returns the id of its message where it is a message of its own.

        Raises:
            discord.HTTPException: it cannot be shown.
        """
        if to.by_command:
            await self._original(to).edit_message(ORIGINAL, content=text, allowed_mentions=NOBODY)
            return None
        message = await self._channel(to.channel).send(text, reference=_reference(to), nonce=nonce[:NONCE], allowed_mentions=NOBODY)
        return message.id

    async def change(self, message: int, text: str, *, to: Delivery) -> None:
        """Change such a line.

        Raises:
            discord.HTTPException: it cannot be changed.
        """
        await self._channel(to.channel).get_partial_message(message).edit(content=text, allowed_mentions=NOBODY)

    async def _respond(self, shown: _Shown, to: Delivery, nonce: str) -> None:
        post = await shown.post(link=to.about)
        try:
            await self._original(to).edit_message(
                ORIGINAL,
                content=None,
                embeds=post.embeds,
                attachments=[file.open() for file in post.files],
                allowed_mentions=NOBODY,
                **shown.buttons(),
            )
        except discord.HTTPException as error:
            if not is_closed_way(error):
                raise
            why = _closed_thread if is_closed_thread(error) else _late
            await self._bring_elsewhere(shown, to, nonce, preface=why(to.command, shown.speech))

    async def _bring_elsewhere(self, shown: _Shown, to: Delivery, nonce: str, *, preface: str) -> None:
        """A command that is no longer open: into its channel, or to the person alone. The `preface` says why."""
        post = await shown.post_apart(to, preface=preface)
        if not to.private and to.channel:
            try:
                await self._send_apart(self._channel(to.channel), shown, post, nonce)
            except discord.HTTPException as error:  # the command can be used where the bot may not write
                if not is_shut(error):
                    raise
            else:
                return
        await self._send_privately(shown, post, to, nonce)

    async def _reply(self, shown: _Shown, to: Delivery, nonce: str, *, placeholder: int | None = None) -> None:
        # Looked for first: a reply opens a closed thread, where the placeholder could then be made the same answer once more.
        if shown.again and await self._stands_already(self._channel(to.channel), await shown.post(), below=to.message):
            return
        if placeholder is not None and await self._replace(placeholder, shown, to):
            return
        try:
            await self._send(self._channel(to.channel), await shown.post(), nonce, reference=_reference(to), buttons=shown.buttons())
        except discord.HTTPException as error:
            if not is_shut(error):
                raise
            await self._send_privately(shown, await shown.post_apart(to, preface=_not_allowed(shown.speech)), to, nonce)

    async def _tell_alone(self, shown: _Shown, to: Delivery, nonce: str) -> None:
        """What is nobody else's concern: a direct message, or a reply where the person takes none."""
        try:
            await self._send_privately(shown, await shown.post_apart(to), to, nonce)
        except (discord.Forbidden, discord.NotFound):
            await self._reply(shown, replace(to, private=False), nonce)

    async def _replace(self, message: int, shown: _Shown, to: Delivery) -> bool:
        """Make a message of ours the answer; False where it is gone, or cannot be changed any more."""
        post = await shown.post()
        try:
            await (
                self._channel(to.channel)
                .get_partial_message(message)
                .edit(
                    content=None,
                    embeds=post.embeds,
                    attachments=[file.open() for file in post.files],
                    allowed_mentions=NOBODY,
                    **shown.buttons(),
                )
            )
        except discord.HTTPException as error:
            if not is_shut(error):
                raise
            return False
        return True

    async def _stands_already(self, channel: discord.abc.Messageable, post: Post, *, below: int | None = None) -> bool:
        """Whether this very post is there: a nonce is forgotten after minutes, and the bot may have been away longer.

        A reply is looked for `below` the message that it answers, anything else among the newest messages. Without the right to read
        them it is not found.
        """
        own = self._client.user
        after = discord.Object(below) if below is not None else None
        try:
            async for message in channel.history(limit=LOOK_BACK, after=after):
                answered = message.reference.message_id if message.reference else None
                if own and message.author.id == own.id and answered == below and _says_of(message.embeds) == _says_of(post.embeds):
                    return True
        except (discord.Forbidden, discord.NotFound):
            return False
        return False

    async def _send_privately(self, shown: _Shown, post: Post, to: Delivery, nonce: str) -> None:
        user = await self._client.fetch_user(to.person)
        await self._send_apart(await user.create_dm(), shown, post, nonce)

    async def _send_apart(self, channel: discord.abc.Messageable, shown: _Shown, post: Post, nonce: str) -> None:
        """Send what is neither response nor reply, unless it stands there. What does not say when it was asked for cannot be found."""
        dated = any(embed.timestamp for embed in post.embeds)
        if not (shown.again and dated and await self._stands_already(channel, post)):
            await self._send(channel, post, nonce, buttons=shown.buttons())

    async def _send(
        self,
        channel: discord.abc.Messageable,
        post: Post,
        nonce: str,
        *,
        buttons: dict[str, Any],
        reference: discord.MessageReference | None = None,
    ) -> None:
        files = [file.open() for file in post.files]
        more = buttons | ({"reference": reference} if reference else {})
        await channel.send(embeds=post.embeds, files=files, nonce=nonce[:NONCE], allowed_mentions=NOBODY, **more)

    def _channel(self, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id)

    def _original(self, to: Delivery) -> Webhook:
        return Webhook.partial(to.application, to.token, client=self._client)


def _says_of(embeds: Sequence[discord.Embed]) -> list[tuple[str, str, datetime.datetime | None]]:
    """What embeds say; Discord cuts blanks off their ends."""
    return [((embed.title or "").strip(), (embed.description or "").strip(), embed.timestamp) for embed in embeds]


def _asked_at(to: Delivery) -> datetime.datetime | None:
    """When it was asked, to the second, which Discord's ids tell; None for a command that another version wrote down."""
    asked = to.message or to.interaction
    return discord.utils.snowflake_time(asked).replace(microsecond=0) if asked else None


def _reference(to: Delivery) -> discord.MessageReference:
    """The message that is answered; where it has been deleted, the answer stands for itself."""
    return discord.MessageReference(message_id=to.message, channel_id=to.channel, fail_if_not_exists=False)


def _late(command: str, speech: Speech) -> str:
    if speech == "ja":
        return f"/{command} への答えです（コマンドに返事できる時間が過ぎたため、ここに送ります）。"
    return f"The answer to /{command}, here because the time to respond to the command is over."


def _closed_thread(command: str, speech: Speech) -> str:
    if speech == "ja":
        return f"/{command} への答えです（スレッドが閉じられていたため、新しいメッセージで送ります）。"
    return f"The answer to /{command}, as a new message because the thread had been closed."


def _not_allowed(speech: Speech) -> str:
    if speech == "ja":
        return "質問のあったチャンネルに書き込む権限がないため、ここに送ります。"
    return "This comes here because I am not allowed to write in the channel where you asked."
