"""What peers compute with has the versions that Yomite has, so that only what is compared differs."""

from __future__ import annotations

import pytest

from benchmarks.contestants.environments import REQUIREMENTS
from tools import lock

SHARED = {
    "serving": {"torch", "transformers", "tokenizers"},
    "infinity": {"torch"},
    "backends": {"torch", "transformers", "onnxruntime"},
    "profile": set(),
}


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_the_packages_that_peers_share_with_yomite_have_its_versions(name: str) -> None:
    pinned, ours = lock.locked(REQUIREMENTS[name]), lock.locked()
    shared = pinned.keys() & ours.keys()
    assert shared == SHARED[name]
    assert {package: pinned[package] for package in shared} == {package: ours[package] for package in shared}
