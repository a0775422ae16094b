"""The services of docker-compose.yml as processes: healthy, answering on every platform, and stopped without a loss."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from engine.contract import SentimentRequest, SentimentResult
from tests.deploy.people import PLATFORMS, OnSlackByHttp, somebody_on
from tests.deploy.running import PATIENCE_S, VALUES, Container, Machine, machine
from tests.fakes.slack import FakeSlack
from tests.fakes.slack.payloads import event_payload, message_event
from tests.support.documents import pdf
from tests.support.working import PLATFORM, answered, failed, outcome_of, until
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.processes import READY_MARK

QUESTIONS = (("とても満足しています。", "ポジティブ"), ("The service was terrible.", "negative"))
LATER = ("二度と買いません。", "ネガティブ")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine(tmp_path_factory.mktemp("machine")) as found:
        yield found


@pytest.fixture(scope="module")
def redis_container(here: Machine) -> Container:
    container = here.container("redis").start()
    container.wait_until_healthy()
    return container


@pytest.fixture(scope="module")
def worker(here: Machine, redis_container: Container) -> Container:
    container = here.container("worker").start()
    container.wait_until_healthy()
    return container


@pytest.fixture
def redis(here: Machine, redis_container: Container) -> Iterator[Redis]:
    with Redis.from_url(here.redis_url) as connection:
        yield connection


# --- Images --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["torch", "transformers", "numpy", "engine.engine"])
def test_a_bot_s_image_cannot_even_load_what_computes(here: Machine, module: str) -> None:
    outcome = here.program("bot", "python", "-c", f"import {module}")
    assert outcome.returncode == 1
    assert "ModuleNotFoundError" in outcome.stderr


@pytest.mark.parametrize("module", ["slack_sdk", "discord", "aiohttp"])
def test_a_worker_s_image_cannot_load_a_chat_platform(here: Machine, module: str) -> None:
    outcome = here.program("worker", "python", "-c", f"import {module}")
    assert outcome.returncode == 1
    assert "ModuleNotFoundError" in outcome.stderr


@pytest.mark.parametrize("image", ["bot", "worker"])
def test_an_image_has_the_console_command(here: Machine, image: str) -> None:
    outcome = here.program(image, "yomite", "--version")
    assert (outcome.returncode, outcome.stdout) == (0, f"yomite {version('yomite')}\n"), outcome.stderr


@pytest.mark.parametrize(("image", "left_out"), [("bot", "computing"), ("worker", "slack")])
def test_the_doctor_looks_at_an_image_and_leaves_out_what_it_does_not_hold(here: Machine, image: str, left_out: str) -> None:
    environment = here.container("web" if image == "bot" else "worker").environment
    outcome = here.program(image, "yomite", "doctor", "--json", environment=environment)
    checks = {check["name"]: check["state"] for check in json.loads(outcome.stdout)["checks"]}
    assert checks[left_out] == "skipped", outcome.stderr
    assert checks["python"] == "ok"


def test_the_command_that_fetches_models_exists_and_needs_no_redis(here: Machine) -> None:
    fetch = here.container("models")
    outcome = here.program("worker", *fetch.service.command, "--help", environment=fetch.environment)
    assert outcome.returncode == 0, outcome.stderr
    assert "--all" in outcome.stdout


# --- Redis ---------------------------------------------------------------------------------------------------------


def test_composition_end_to_end_redis_asks_for_its_password_and_writes_down_what_it_is_told(
    here: Machine, redis_container: Container, redis: Redis
) -> None:
    with Redis(port=here.redis_port, retry=Retry(NoBackoff(), 0)) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()
    told: Any = redis.config_get("append*")
    assert (told["appendonly"], told["appendfsync"]) == ("yes", "everysec")
    policy: Any = redis.config_get("maxmemory-policy")
    assert policy == {"maxmemory-policy": "noeviction"}
    command_line = Path(f"/proc/{redis_container.pid}/cmdline").read_bytes()
    assert b"redis-server" in command_line  # and no shell, which would not pass the signal on
    assert VALUES["REDIS_PASSWORD"].encode() not in command_line


def test_composition_end_to_end_redis_keeps_everything_over_a_stop(tmp_path: Path, here: Machine) -> None:
    own = Machine(folder=tmp_path, images=here.images)
    container = own.container("redis")
    assert container.check_health() != 0
    try:
        container.start().wait_until_healthy()
        with Redis.from_url(own.redis_url) as connection:
            connection.set("a key", "質問")
        assert container.stop() == 0
        assert container.check_health() != 0
        container.start().wait_until_healthy()
        with Redis.from_url(own.redis_url, decode_responses=True) as connection:
            assert connection.get("a key") == "質問"
        assert container.stop() == 0
    finally:
        container.kill()


# --- Bots ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", PLATFORMS)
def test_composition_end_to_end_a_bot_gets_healthy_answers_and_loses_nothing_when_it_is_stopped(
    here: Machine, worker: Container, redis: Redis, platform: str
) -> None:
    async def live() -> None:
        async with somebody_on(platform, here) as person:
            bot = person.container
            assert await asyncio.to_thread(bot.check_health) != 0
            bot.start()
            await person.arrive()
            await asyncio.to_thread(bot.wait_until_healthy)
            for question, answer in QUESTIONS:
                await person.ask(question)
                await person.answer(answer)
            with worker.standing_still():
                await person.ask(LATER[0])
                await asyncio.to_thread(until, lambda: waiting(redis), what="a job in the queue")
                assert await asyncio.to_thread(bot.stop) == 0
            assert await asyncio.to_thread(bot.check_health) != 0
            bot.start()
            await person.arrive()
            await person.answer(LATER[1])
            assert await asyncio.to_thread(bot.stop) == 0
            assert person.answers() == len(QUESTIONS) + 1
            assert not [text for text, _ in (*QUESTIONS, LATER) if text in bot.said()]

    asyncio.run(live())


async def opened(browser: aiohttp.ClientSession, url: str, *, origin: str) -> int:
    """The status of the answer to a page that opens its socket."""
    try:
        async with browser.ws_connect(url, headers={"Origin": origin}):
            return 101
    except aiohttp.WSServerHandshakeError as error:
        return error.status


def test_composition_end_to_end_the_page_is_reached_by_the_name_of_a_web_server_in_front_of_it(
    here: Machine, redis_container: Container
) -> None:
    async def visit() -> None:
        async with somebody_on("web", here) as person:
            person.container.start()
            await person.arrive()
            url = f"http://127.0.0.1:{person.container.environment['YOMITE_WEB_PORT']}"
            headers = {"Host": "chat.example"}
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers=headers) as browser:
                async with browser.get(f"{url}/?token={VALUES['YOMITE_WEB_TOKEN']}") as response:
                    assert response.status == 200
                assert await opened(browser, f"{url}/chat", origin="https://chat.example") == 101
                assert await opened(browser, f"{url}/chat", origin="https://evil.example") == 403
            assert await asyncio.to_thread(person.container.stop) == 0

    asyncio.run(visit())


def test_composition_end_to_end_slack_by_http_hears_only_what_slack_has_signed_just_now(here: Machine, worker: Container) -> None:
    async def live() -> None:
        async with FakeSlack() as slack:
            bot = here.container("slack-http", addresses={"base_url": slack.base_url})
            person = OnSlackByHttp(slack, bot)
            bot.start()
            await person.arrive()
            forged: list[dict[str, Any]] = [
                {"secret": "another-secret"},
                {"timestamp": int(time.time()) - 3_600},
                {"headers": {"X-Slack-Signature": ""}},
            ]
            said = await slack.write(f"<@{slack.bot}> sentiment great", user=slack.asker)
            event = event_payload(message_event(said, "app_mention"), number=1)
            assert [(await slack.post_to_app("events_api", event, **how))[0] for how in forged] == [401] * len(forged)
            assert (await slack.post_to_app("events_api", event))[0] == 200
            await person.answer("positive")
            assert await asyncio.to_thread(bot.stop) == 0
            assert person.answers() == 1

    asyncio.run(live())


def test_composition_end_to_end_a_bot_s_image_reads_a_pdf_in_its_shut_in_process(here: Machine, tmp_path: Path) -> None:
    path = tmp_path / "text.pdf"
    path.write_bytes(pdf("Tim Cook is the CEO of Apple."))
    code = (
        "import sys; from pathlib import Path; from bot.pdf import read_pdf; print(read_pdf(Path(sys.argv[1]).read_bytes(), name='a').text)"
    )
    outcome = here.program("bot", "setpriv", "--no-new-privs", "python", "-c", code, str(path))
    assert outcome.stdout.strip() == "Tim Cook is the CEO of Apple.", outcome.stderr


def waiting(redis: Redis) -> int:
    """How many jobs wait."""
    lengths: Any = [redis.llen(f"rq:queue:{name}") for name in names.QUEUES]
    return sum(lengths)


# --- Workers -------------------------------------------------------------------------------------------------------


def test_composition_end_to_end_a_worker_that_is_stopped_finishes_what_it_computes_and_leaves_the_rest(
    worker: Container, redis: Redis
) -> None:
    queue = JobQueue(redis)
    texts = [f"これは {number} 回目の質問です。とても満足しています。" for number in range(60)]
    jobs = [queue.submit(SentimentRequest(text=text), platform=PLATFORM) for text in texts]
    until(lambda: redis.keys("yomite:taken:*"), what="a worker that takes jobs")
    assert worker.stop() == 0
    assert worker.check_health() != 0
    assert failed(redis) == {}
    worker.start().wait_until_healthy()
    until(lambda: worker.said().count(READY_MARK) > 1, what="the worker again")
    until(lambda: len(answered(redis)) >= len(jobs), what="all answers")
    assert sorted(answered(redis)) == sorted(jobs)
    assert all(isinstance(outcome_of(redis, job), SentimentResult) for job in jobs)
    assert not [text for text in texts if text in worker.said()]


# --- The dashboard -------------------------------------------------------------------------------------------------


def fetched(container: Container, path: str, *, password: str | None) -> tuple[int, str]:
    """Status and text of a page of the dashboard."""
    request = urllib.request.Request(f"http://127.0.0.1:{container.environment['RQ_DASHBOARD_PORT']}{path}")
    if password is not None:
        request.add_header("Authorization", "Basic " + base64.b64encode(f"yomite:{password}".encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_composition_end_to_end_the_dashboard_shows_jobs_to_who_has_its_password_and_no_texts(tmp_path: Path, here: Machine) -> None:
    own = Machine(folder=tmp_path, images=here.images)
    redis_container, dashboard = own.container("redis"), own.container("dashboard")
    try:
        redis_container.start().wait_until_healthy()
        with Redis.from_url(own.redis_url) as redis:
            job = JobQueue(redis).submit(SentimentRequest(text="秘密の話です。 A secret story."), platform=PLATFORM, person="U1")
        assert dashboard.check_health() != 0
        dashboard.start().wait_until_healthy()
        for password in (None, "", "wrong"):
            assert fetched(dashboard, "/", password=password)[0] == 401
        pages = ["/", "/0/view/jobs", "/0/data/queues.json", f"/0/data/jobs/{names.SHORT}/queued/8/asc/1.json"]
        pages += [f"/0/data/job/{job}.json", f"/0/view/job/{job}"]
        shown = [fetched(dashboard, path, password=VALUES["RQ_DASHBOARD_PASSWORD"]) for path in pages]
        assert [status for status, _ in shown] == [200] * len(pages)
        assert job in shown[3][1]
        assert json.loads(shown[4][1])["status"] == "queued"
        assert not [text for _, text in shown if "秘密" in text or "secret" in text or VALUES["REDIS_PASSWORD"] in text]
        assert dashboard.stop() == 0
        assert redis_container.stop() == 0
    finally:
        dashboard.kill()
        redis_container.kill()


def test_the_dashboard_does_not_start_without_a_password(here: Machine) -> None:
    dashboard = here.container("dashboard", values={"RQ_DASHBOARD_PASSWORD": ""}).start()
    assert dashboard.wait() != 0
    assert "RQ_DASHBOARD_PASSWORD" in dashboard.said()


# --- A read-only system --------------------------------------------------------------------------------------------


def test_composition_end_to_end_nothing_was_written_into_an_image(here: Machine) -> None:
    """After all that ran before: each process writes only into its volume and /tmp."""
    assert here.written_into_images() == []
