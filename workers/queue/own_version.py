"""Which version of Yomite this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def own_version() -> str:
    """As it is installed; empty where it is run from a folder."""
    try:
        return version("yomite")
    except PackageNotFoundError:
        return ""
