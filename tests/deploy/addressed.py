"""`yomite serve slack|discord` as it stands, but for where the platform is: FAKE_ADDRESSES names the fake, as JSON of its settings."""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from importlib import import_module

from bot.cli import main

SETTINGS = {"slack": "SlackSettings", "discord": "DiscordSettings"}


def run() -> int:
    """The console command; `yomite serve` itself knows no other addresses than the real ones."""
    name = sys.argv[2]
    platform = import_module(f"bot.platforms.{name}")
    setattr(platform, SETTINGS[name], partial(getattr(platform, SETTINGS[name]), **json.loads(os.environ["FAKE_ADDRESSES"])))
    return main()


if __name__ == "__main__":
    sys.exit(run())
