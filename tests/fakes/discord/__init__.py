"""A Discord on loopback: gateway, REST, interactions, webhooks, uploads and CDN, as far as a bot uses them."""

from tests.fakes.discord.objects import BOT_ID, CHANNEL, DM_CHANNEL, OTHER_CHANNEL, PERSON, TOKEN
from tests.fakes.discord.server import FakeDiscord
from tests.fakes.discord.world import FakeInteraction, text_of

__all__ = ["BOT_ID", "CHANNEL", "DM_CHANNEL", "OTHER_CHANNEL", "PERSON", "TOKEN", "FakeDiscord", "FakeInteraction", "text_of"]
