"""Which floating point numbers a machine computes with."""

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


def choose_dtype(device: torch.device, *, precision: str = "auto") -> torch.dtype:
    """What models compute in, for "auto", "fp32" or "bf16"; "auto": bf16 where the device has units for it, fp16 on an older GPU, else fp32."""
    if precision == "fp32":
        return torch.float32
    if precision == "bf16" or computes_bf16(device):
        return torch.bfloat16
    return torch.float16 if device.type == "cuda" else torch.float32
