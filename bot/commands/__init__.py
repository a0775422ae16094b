"""The list of commands: help, completion, the command line and every chat platform's list come from it."""

from typing import Any

from bot.commands import (
    ask,
    cancel,
    embed,
    explain_attention,
    fill_mask,
    help as help_,
    models,
    ner,
    sentiment,
    similar,
    status,
    tokens,
)
from bot.commands.command import Command

COMMANDS: tuple[Command[Any, Any], ...] = (
    sentiment.COMMAND,
    ner.COMMAND,
    ask.COMMAND,
    similar.COMMAND,
    explain_attention.COMMAND,
    tokens.COMMAND,
    fill_mask.COMMAND,
    embed.COMMAND,
    models.COMMAND,
    status.COMMAND,
    cancel.COMMAND,
    help_.COMMAND,
)
