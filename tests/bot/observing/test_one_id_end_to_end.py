"""One id leads through the logs of bot and worker from a question to its answer, and what was asked stands in none of them."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.fakes.slack import FakeSlack, shown_text
from tests.support.looking import CANARIES, as_json, checks, get, samples
from workers.observing.settings import ObservingSettings
from workers.queue import WorkerSettings
from workers.queue.processes import WorkerProcess

ROOT = Path(__file__).parents[3]
PATIENCE_S = 90.0


@dataclass
class Told:
    """A running bot: what it says, and where its log goes."""

    process: subprocess.Popen[str]
    said: Path
    log: Path

    async def find(self, pattern: str) -> str:
        async with asyncio.timeout(PATIENCE_S):
            while (found := re.search(pattern, self.said.read_text(encoding="utf-8"))) is None:
                assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
                await asyncio.sleep(0.05)
        return found[1]

    def lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()


@asynccontextmanager
async def running(slack: FakeSlack, redis_url: str, folder: Path) -> AsyncIterator[Told]:
    tokens = {"bot_token": slack.bot_token, "app_token": slack.app_token, "base_url": slack.base_url}
    said, log = folder / "said", folder / "log"
    with said.open("w") as out, log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.observed_bot"], cwd=ROOT, stdin=subprocess.PIPE, stdout=out, stderr=errors, text=True
        )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"redis_url": redis_url, "slack": tokens, "state_dir": str(folder)}))
    process.stdin.close()
    try:
        yield Told(process, said, log)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


async def ask_at_page(url: str, line: str, ident: str) -> dict[str, Any]:
    """Ask at the chat page; gives the answer."""
    async with aiohttp.ClientSession() as client, client.ws_connect(f"{url}/chat", headers={"Origin": url}) as page:
        await page.send_json({"type": "hello", "session": "session-of-a-test"})
        await page.send_json({"type": "ask", "id": ident, "line": line, "lang": "ja"})
        async with asyncio.timeout(PATIENCE_S):
            while True:
                heard: dict[str, Any] = await page.receive_json()
                if heard["type"] == "answer":
                    await page.send_json({"type": "got", "id": ident})
                    return heard


async def ask_on_slack(slack: FakeSlack, text: str) -> None:
    """Ask by a slash command, and wait for the answer."""
    answers = len(slack.messages_in(slack.general))
    await slack.slash("/sentiment", text)
    await slack.wait_for_message(
        lambda said: len(slack.messages_in(slack.general)) > answers and "%" in shown_text(said), timeout_s=PATIENCE_S
    )


async def until_posted(bot: Told, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while sum('"event": "posted"' in line for line in bot.lines()) < count:
            await asyncio.sleep(0.05)


def test_one_id_leads_from_command_to_reply_and_no_text_is_logged_or_measured(redis_url: str, tiny_pack: Path, tmp_path: Path) -> None:
    written: list[str] = []
    observing = ObservingSettings(log_level="debug", log_format="json", monitor_port=0)
    settings = WorkerSettings(models_dir=tiny_pack, device="cpu")
    worker = WorkerProcess(settings, redis_url=redis_url, on_line=written.append, observing=observing)

    async def live() -> tuple[list[str], str]:
        async with FakeSlack() as slack, running(slack, redis_url, tmp_path) as bot:
            look, page = await bot.find(r"Monitoring: (http://\S+)"), await bot.find(r"Chat page: (http://\S+?)/?\s")
            await slack.connected(timeout_s=PATIENCE_S)
            async with asyncio.timeout(PATIENCE_S):
                while (await asyncio.to_thread(get, f"{look}/readyz"))[0] != 200:
                    await asyncio.sleep(0.05)
            assert set(await asyncio.to_thread(checks, f"{look}/readyz")) == {"redis", "slack", "web"}
            for number, canary in enumerate(CANARIES):
                await ask_on_slack(slack, canary)
                await ask_at_page(page, f"/ner {canary}", f"message-{number}")
                await ask_at_page(page, f"/nonsense {canary}", f"nonsense-{number}")
                # Nobody has asked for such events: the library complains of them.
                slack.tell_event({"type": "reaction_added", "ts": "1.0", "reaction": canary, "item": {"text": canary}})
            await until_posted(bot, 2 * len(CANARIES))
            metrics = (await asyncio.to_thread(get, f"{look}/metrics"))[1]
            return bot.lines(), metrics

    try:
        bot_lines, metrics = asyncio.run(live())
    finally:
        worker.stop()
    lines = sorted((*as_json(bot_lines), *as_json(written)), key=lambda line: line["timestamp"])
    posted = [line for line in lines if line["event"] == "posted"]
    assert sorted(line["platform"] for line in posted) == ["slack", "slack", "web", "web"]
    for each in posted:
        of_it = [line for line in lines if line.get("id") == each["id"]]
        assert [line["event"] for line in of_it] == ["taken", "handed over", "computed", "posted"]
        assert [line["process"] for line in of_it] == ["bot", "bot", "worker", "bot"]
        assert {line["task"] for line in of_it[1:3]} == {"sentiment" if each["platform"] == "slack" else "ner"}
    assert [line["why"] for line in lines if line["event"] == "refused"] == ["command"] * len(CANARIES)
    assert [line["event"] for line in lines if line["logger"] == "yomite.slack.sdk"] == ["Unhandled request"] * len(CANARIES)
    found = samples(metrics)
    assert found["yomite_replies_total", "posted", "slack"] == found["yomite_replies_total", "posted", "web"] == 2.0
    assert found["yomite_commands_total", "none", "refused", "web"] == 2.0
    told = "\n".join([*bot_lines, *written, metrics])
    assert not [word for canary in CANARIES for word in (canary, json.dumps(canary)[1:-1], canary[4:12]) if word in told]
