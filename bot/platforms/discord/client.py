"""The bot on Discord: takes what people say and choose, acknowledges it at once, and hands it to the desk."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.closing import CLOSING_S, let_end
from bot.commands.command import Command
from bot.conversation import failure_reply, with_example
from bot.desk import Desk, Incoming, Reading, TakenIn
from bot.errors import BotError, CommandError
from bot.faults import log_fault
from bot.grammar import Arguments
from bot.language import both
from bot.platforms.discord.commands import message_menus, slash_commands
from bot.platforms.discord.delivery import Delivery
from bot.platforms.discord.files import Downloads, readable_texts
from bot.platforms.discord.mentions import incoming_of, readable, speaks_to
from bot.platforms.discord.origin import origin_of
from bot.platforms.discord.parameters import FILE, PRIVATE, arguments_from, typed_text
from bot.platforms.discord.platform import NAME, DiscordPlatform
from bot.platforms.discord.presses import Presses
from bot.platforms.discord.publishing import publish
from bot.platforms.discord.settings import DiscordSettings
from bot.platforms.discord.translations import JapaneseTranslator
from bot.platforms.discord.trouble import ALREADY_ACKNOWLEDGED
from bot.platforms.discord.typing_indicators import TypingIndicators
from bot.platforms.discord.written import MESSAGE, command_again, taken_again, written_command, written_message
from bot.platforms.platform import CannotPost, TryLater
from bot.reply import Reply
from workers.queue.intake import Left

log = logging.getLogger("yomite.discord")


_UNKNOWN_COMMAND = both(
    "このコマンドは今はありません。Discord を再読み込みすると一覧が新しくなります。",
    "This command is gone. Reload Discord to renew its list.",
)
_FAULT = both("内部エラーで答えられませんでした。", "This could not be answered because of an internal fault.")


class YomiteClient(discord.Client):
    """One connection to Discord: the bot's only one, or that of one of its shards."""

    def __init__(self, settings: DiscordSettings, desk: Desk, *, beside: YomiteClient | None = None) -> None:
        """`beside` is the client of this process's first shard, which also publishes the commands, and posts for all."""
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=settings.message_content)
        # Nothing that people say is kept: no cache of messages or members.
        super().__init__(
            intents=intents,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self._settings = settings
        self._desk = desk
        self._beside = beside
        self._typing: TypingIndicators = beside._typing if beside else TypingIndicators(self)
        self._tasks: set[asyncio.Task[None]] = set()
        self._taken_up: set[str] = set()  # events that another bot was reading
        self._answering: set[asyncio.Task[Any]] = set()
        self.platform: DiscordPlatform = beside.platform if beside else DiscordPlatform(self, desk, self._typing)
        self.tree = _Tree(self)
        self._presses = Presses(desk)

    def hold(self, shard: int, *, of: int) -> None:
        """Be told only what happens on one shard. To be said before it connects."""
        self.shard_id, self.shard_count = shard, of
        self._connection.shard_count = of

    async def setup_hook(self) -> None:
        """Runs once after the login, before events come."""
        self._session = aiohttp.ClientSession()
        self._downloads = Downloads(self._session, origin=self._settings.cdn_url)
        await self.tree.set_translator(JapaneseTranslator())
        for command in slash_commands(self._on_slash):
            self.tree.add_command(command)
        for menu in message_menus(self._on_menu):
            self.tree.add_command(menu)
        publishes = self._beside is None and (not self._settings.shard_ids or 0 in self._settings.shard_ids)
        if publishes and self.application_id is not None:
            self._in_background(self._publish(self.application_id))

    async def close(self) -> None:
        """Also ends what runs beside the connection; what is being read may come to its end first."""
        await let_end(self._answering, within_s=CLOSING_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._beside is None:
            await self._typing.close()
        if hasattr(self, "_session"):
            await self._session.close()
        await super().close()

    async def on_message(self, message: discord.Message) -> None:
        """Answer what is said to the bot."""
        await self._on_message(message)

    def again(self, left: Left) -> None:
        """What a bot that ended was reading; it was acknowledged then."""
        if left.event_id not in self._taken_up:
            self._taken_up.add(left.event_id)
            self._in_background(self._again(left))

    async def _again(self, left: Left) -> None:
        try:
            await self.wait_until_ready()
            if left.told.get("kind") == MESSAGE:
                await self._message_again(left)
            else:
                await self._answer_or_say(*command_again(left, self._downloads, platform=NAME))
        except (KeyError, TypeError, ValueError) as error:
            log_fault(log, "taking up what a bot left", error)
            await self._settle(left)
        finally:
            self._taken_up.discard(left.event_id)

    async def _message_again(self, left: Left) -> None:
        number, message = int(left.told["channel"]), int(left.told["message"])
        try:
            channel = self.get_channel(number) or await self.fetch_channel(number)
            if isinstance(channel, discord.abc.Messageable):
                await self._on_message(await channel.fetch_message(message), left)
        except (discord.NotFound, discord.Forbidden):  # it was deleted, or the bot thrown out: there is nothing to answer
            await self._settle(left)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("a message cannot be fetched again yet: %s", type(error).__name__)

    async def _on_message(self, message: discord.Message, left: Left | None = None) -> None:
        me = self.user
        if me is None:
            return
        if not speaks_to(message, me):
            if left is not None:  # the person has edited the mention away
                await self._settle(left)
            return
        started = self._typing.start(message.id, channel_id=message.channel.id)
        incoming = incoming_of(message, me, self._downloads, platform=NAME, sees_all=self._settings.message_content)
        incoming = taken_again(incoming, left) if left else replace(incoming, told=written_message(message))
        to = Delivery(channel=message.channel.id, person=message.author.id, message=message.id)
        on_its_way = False
        try:
            on_its_way = await self._answer_or_say(incoming, to)
        finally:
            if started and not on_its_way:
                self._typing.stop(message.id)

    async def _settle(self, left: Left) -> None:
        """There is nothing to answer: nobody takes it up again."""
        await self._desk.settle(Incoming(platform=NAME, event_id=left.event_id, person="", line=""))

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Take the thumbs that people press; commands go their own way."""
        await self._presses.take(interaction)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """A fault of ours; the event itself is not logged, it holds what people wrote."""
        error = sys.exception()
        if error is not None:
            log_fault(log, f"taking the event {event_method}", error)

    async def answer_fault(self, interaction: discord.Interaction, error: Exception) -> None:
        """Tell the person that their command cannot be answered."""
        missing = isinstance(error, app_commands.CommandNotFound)
        if not missing:
            log_fault(log, "taking a command", error)
        await _acknowledge(interaction, private=True)
        incoming = _incoming_of(interaction, "")
        reply = failure_reply(_UNKNOWN_COMMAND if missing else _FAULT, self._desk.speech_for(incoming))
        await self._show(reply, incoming, _delivery_of(interaction, private=True))
        await self._desk.settle(incoming)

    async def _on_slash(self, interaction: discord.Interaction, command: Command[Any, Any], given: dict[str, Any]) -> None:
        # Whoever may not ask is told so alone; whether that is so must be known before Discord shows anything.
        private = bool(given.get(PRIVATE.name.en)) or not self._desk.lets_in(_incoming_of(interaction, ""))
        to = _delivery_of(interaction, private=private, command=command.name)
        file = given.get(FILE.name.en)
        incoming = replace(
            _incoming_of(interaction, f"/{command.name} {typed_text(command, given)}"),
            files=self._downloads.incoming([file] if file else []),
        )
        try:
            incoming = replace(incoming, arguments=arguments_from(command, given))
        except CommandError as error:
            await _acknowledge(interaction, private=private)
            return await self._show(failure_reply(with_example(error, command).message, self._desk.speech_for(incoming)), incoming, to)
        await self._take_in(interaction, replace(incoming, told=written_command(incoming, to, [file] if file else [])), to)
        return None

    async def _on_menu(self, interaction: discord.Interaction, command: Command[Any, Any], message: discord.Message) -> None:
        # Only the person who asked sees the answer: the others, and who wrote the message, did not ask.
        to = _delivery_of(interaction, private=True, command=command.name, about=message.jump_url)
        text = readable(message.content, message)
        attachments = [] if text.strip() else readable_texts(message.attachments)
        incoming = replace(
            _incoming_of(interaction, f"/{command.name}"),
            arguments=Arguments(text=text.strip(), texts=(text,), first=text, rest=""),
            files=self._downloads.incoming(attachments),
        )
        await self._take_in(interaction, replace(incoming, told=written_command(incoming, to, attachments)), to)

    async def _take_in(self, interaction: discord.Interaction, incoming: Incoming, to: Delivery) -> None:
        """Write a command down, acknowledge it, and read it."""
        taken = await self._desk.take_in(incoming)
        await _acknowledge(interaction, private=to.private)
        await self._answer(incoming, to, taken=taken)

    async def _answer_or_say(self, incoming: Incoming, to: Delivery) -> bool:
        """As `_answer`; a fault of ours is told to the person."""
        try:
            return await self._answer(incoming, to)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not leave the person without a word
            log_fault(log, "answering a message or a command", error)
            await self._show(failure_reply(_FAULT, self._desk.speech_for(incoming)), incoming, to)
            await self._desk.settle(incoming)
            return False

    async def _answer(self, incoming: Incoming, to: Delivery, *, taken: TakenIn | None = None) -> bool:
        """Read, and hand over or show what is to say at once; whether an answer is on its way."""
        task = asyncio.current_task()
        if task is not None:
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        outcome = await self._desk.read(incoming, taken=taken)
        if outcome is None:
            return False
        if isinstance(outcome, Reading):
            try:
                await self._desk.submit(outcome, to.to_json())
            except BotError as error:
                outcome = failure_reply(error.message, outcome.speech)
            else:
                return True
        await self._show(outcome, incoming, replace(to, private=True) if outcome.only_asker else to)
        await self._desk.settle(incoming)
        return False

    async def _show(self, reply: Reply, incoming: Incoming, to: Delivery) -> None:
        try:
            await self.platform.show(reply, speech=self._desk.speech_for(incoming), to=to, nonce=f"r{incoming.event_id}")
        except (TryLater, CannotPost) as error:
            log.warning("a reply could not be shown: %s", error)

    async def _publish(self, application_id: int) -> None:
        await publish(self.tree, application_id)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Tree(app_commands.CommandTree[YomiteClient]):
    """Discord's commands, with our own answer to what goes wrong in them."""

    async def on_error(self, interaction: discord.Interaction[YomiteClient], error: app_commands.AppCommandError, /) -> None:
        """Never silent: the person would see "the application did not respond"."""
        await self.client.answer_fault(interaction, error)


async def _acknowledge(interaction: discord.Interaction, *, private: bool) -> None:
    """Within Discord's 3 seconds. Where that fails the answer finds another way."""
    try:
        await interaction.response.defer(thinking=True, ephemeral=private)
    except discord.InteractionResponded:
        return
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        if not (isinstance(error, discord.HTTPException) and error.code == ALREADY_ACKNOWLEDGED):
            log.warning("a command could not be acknowledged: %s", type(error).__name__)


def _incoming_of(interaction: discord.Interaction, line: str) -> Incoming:
    return Incoming(
        platform=NAME,
        event_id=str(interaction.id),
        person=str(interaction.user.id),
        line=line,
        own_locale=str(interaction.locale),
        **origin_of(interaction),
    )


def _delivery_of(interaction: discord.Interaction, *, private: bool, command: str = "", about: str | None = None) -> Delivery:
    return Delivery(
        channel=interaction.channel_id or 0,
        person=interaction.user.id,
        interaction=interaction.id,
        application=interaction.application_id,
        token=interaction.token,
        private=private,
        command=command,
        about=about,
    )
