"""Writes docs/slack-manifest.json, the Slack app's manifest, from the list of commands; with an address, prints the one for HTTP.

python -m tools.slack_manifest [https://yomite.example.com/slack/events]
"""

from __future__ import annotations

import sys
from pathlib import Path

from bot.platforms.slack.manifest import manifest_text

FILE = Path(__file__).resolve().parent.parent / "docs" / "slack-manifest.json"


def main(arguments: list[str]) -> None:
    """Write the manifest, or print it for an address."""
    if arguments:
        print(manifest_text(url=arguments[0]), end="")
        return
    FILE.write_text(manifest_text(), encoding="utf-8")
    print(f"wrote {FILE.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
