"""What models compute on. Apart from the loading of models, which takes the libraries seconds to begin with."""

from __future__ import annotations

import torch

from engine.errors import ModelError


def choose_device(wanted: str) -> torch.device:
    """The device for "auto", or the one that is named.

    Raises:
        ModelError: `no_such_device`.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        device = torch.device("meta")
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if not there.get(device.type, False) or (device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()):
        allowed = ", ".join(["auto", *(kind for kind, found in there.items() if found)])
        raise ModelError(
            "no_such_device",
            ja=f"装置「{wanted}」はこのマシンで使えません。使えるもの：{allowed}",
            en=f"The device {wanted!r} is not there on this machine. Allowed: {allowed}.",
        )
    return device
