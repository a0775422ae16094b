"""The pages and examples about watching Yomite name every metric that there is, and none that there is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector
from redis import Redis

from bot.observing.metrics import BotMetrics
from bot.observing.observed import HUNG_AFTER_S
from tests.support.looking import samples_of
from workers.observing.queue_metrics import QueueCollector
from workers.observing.settings import ObservingSettings
from workers.observing.worker_metrics import OUTCOMES, ModelsCollector, ModelsHeld, WorkerMetrics
from workers.queue import names
from workers.queue.server import EmbeddedRedis
from workers.worker import STILL_S

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = ("en", "ja")


def page(language: str) -> str:
    return (DOCS / language / "observe.md").read_text(encoding="utf-8")


def example(name: str) -> Any:
    return yaml.safe_load((DOCS / "examples" / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as found:
        yield found


@pytest.fixture
def redis(server: EmbeddedRedis) -> Iterator[Redis]:
    with Redis.from_url(server.url) as connection:
        yield connection


@pytest.fixture
def families(redis: Redis) -> dict[str, str]:
    """The name of each metric, as a sample of it is called → its type."""
    found = {}
    for registry in registries(redis):
        for family in registry.collect():
            found[f"{family.name}_total" if family.type == "counter" else family.name] = family.type
    return {name: kind for name, kind in found.items() if name.startswith("yomite_")}


def registries(redis: Redis) -> list[CollectorRegistry]:
    bot, worker = CollectorRegistry(), CollectorRegistry()
    BotMetrics(bot)
    WorkerMetrics(worker)
    collectors: list[tuple[CollectorRegistry, Collector]] = [
        (bot, QueueCollector(redis, platforms=names.PLATFORMS)),
        (worker, ModelsCollector(lambda: ModelsHeld(held_bytes={"m": 1}), lambda: frozenset({"m"}))),
    ]
    for registry, collector in collectors:
        registry.register(collector)
    return [bot, worker]


def rows(language: str) -> dict[str, tuple[str, ...]]:
    """The metrics in a page's tables, with their labels."""
    found = re.findall(r"^\| `(yomite_\w+)` \|([^|]*)\|", page(language), flags=re.MULTILINE)
    return {name: tuple(label for label in labels.strip().split(", ") if label) for name, labels in found}


@pytest.mark.parametrize("language", PAGES)
def test_every_metric_stands_in_the_page_and_no_other(families: dict[str, str], language: str) -> None:
    assert set(rows(language)) == set(families)


def test_both_pages_name_the_same_labels() -> None:
    assert rows("en") == rows("ja")


@pytest.mark.parametrize("language", PAGES)
def test_the_labels_in_the_page_are_those_of_the_metrics(redis: Redis, language: str) -> None:
    told = rows(language)
    for registry in registries(redis):
        for collector in registry._collector_to_names:
            labels = getattr(collector, "_labelnames", None)
            name = getattr(collector, "_name", "")
            if labels is not None:
                assert told.get(name, told.get(f"{name}_total")) == tuple(labels), name
    for registry in registries(redis):
        for family in registry.collect():
            for sample in family.samples:
                if sample.name.startswith("yomite_") and not sample.name.endswith("_created"):  # a Monitor leaves those out
                    assert set(told[sample.name]) == set(sample.labels), sample.name


def test_every_metric_says_what_it_is(redis: Redis) -> None:
    for registry in registries(redis):
        assert samples_of(registry)  # which looks for HELP and TYPE
        assert all(family.documentation.endswith(".") for family in registry.collect() if family.name.startswith("yomite_"))


@pytest.mark.parametrize("language", PAGES)
def test_the_numbers_and_outcomes_in_the_page_are_those_of_the_code(language: str) -> None:
    text = page(language)
    assert f"{HUNG_AFTER_S:g} {'s' if language == 'en' else '秒'}" in text
    assert f"{STILL_S:g} {'s' if language == 'en' else '秒'}" in text
    assert f"{names.LONG_CHARACTERS:,} {'characters' if language == 'en' else '文字'}" in text
    assert not [outcome for outcome in OUTCOMES if f"`{outcome}`" not in text]


def test_prometheus_looks_where_run_serves() -> None:
    [job] = example("prometheus.yml")["scrape_configs"]
    ports = [int(target.rpartition(":")[2]) for group in job["static_configs"] for target in group["targets"]]
    settings = ObservingSettings(monitor_port=ports[0])
    assert ports[1:] == [settings.for_worker(index).monitor_port for index in range(len(ports) - 1)]
    assert example("prometheus.yml")["rule_files"] == ["alerts.yml"]


def test_alerts_name_only_metrics_and_outcomes_that_exist(families: dict[str, str]) -> None:
    [group] = example("alerts.yml")["groups"]
    known = set(families) | {f"{name}_bucket" for name, kind in families.items() if kind == "histogram"}
    for rule in group["rules"]:
        named = set(re.findall(r"yomite_\w+", rule["expr"]))
        assert named <= known, rule["alert"]
        assert named or rule["expr"].startswith("up{")
        assert set(rule["annotations"]) == {"summary", "summary_ja"}
    asked = {word for rule in group["rules"] for words in re.findall(r'outcome=~?"([^"]+)"', rule["expr"]) for word in words.split("|")}
    assert asked <= OUTCOMES | {"posted", "failed", "apologised"}
