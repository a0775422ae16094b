"""Which floating point numbers this machine trains with."""

from __future__ import annotations

import torch


def computes_bf16(device: torch.device | None = None) -> bool:
    """Whether there are units for bf16: a GPU of today, a CPU with AMX or AVX-512 BF16; elsewhere fp32 is faster.

    `device` None: the GPU where there is one.
    """
    kind = device.type if device else "cuda" if torch.cuda.is_available() else "cpu"
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    found = torch.cpu.get_capabilities()
    return kind == "cpu" and bool(found.get("amx_bf16") or found.get("avx512_bf16"))
