"""The Slack platform: slash commands, mentions, direct messages and message shortcuts, answered with Block Kit."""

from bot.platforms.slack.serve import serve_slack
from bot.platforms.slack.settings import SlackSettings

__all__ = ["SlackSettings", "serve_slack"]
