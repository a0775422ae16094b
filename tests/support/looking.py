"""Looks at a process as Prometheus and an orchestrator do: over HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

TIMEOUT_S = 30.0
CANARIES = ("ひみつの合言葉はカナリアです。", "the canary sings a secret song")


def get(url: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> tuple[int, str]:
    """The status and the body."""
    request = urllib.request.Request(url, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def checks(url: str) -> dict[str, str]:
    """What each check of /healthz or /readyz says."""
    found: dict[str, str] = json.loads(get(url)[1])["checks"]
    return found


def samples(text: str) -> dict[tuple[str, ...], float]:
    """The name of each sample with the values of its labels, in the order of the labels' names → its value."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        assert family.type != "unknown", family.name
        for sample in family.samples if not family.name.endswith("_created") else ():
            found[(sample.name, *(value for _, value in sorted(sample.labels.items())))] = sample.value
    return found


def samples_of(registry: CollectorRegistry) -> dict[tuple[str, ...], float]:
    """The same of a registry in this process."""
    return samples(generate_latest(registry).decode())


def as_json(lines: list[str]) -> list[dict[str, Any]]:
    """Lines of a log in its JSON form: every line must be an object."""
    return [json.loads(line) for line in lines]
