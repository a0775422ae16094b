"""What a worker and the queue need to be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """What a worker needs to be told. `batch` is the most Requests that are computed together."""

    profile: str = "bundled"
    catalog: Path | None = None  # a user's catalog file, laid over the profile
    chosen: Path | None = None  # the file of `yomite models use`; it need not be there
    lock: Path | None = None  # the file of `yomite models pull`; it need not be there
    models_dir: Path | None = None  # where the bundled models lie; None: in the checkout
    models_cache: Path | None = None  # where models of the hub lie; None: where huggingface_hub keeps them
    hub_mirror: str | None = None  # where models are fetched from; None: the hub itself
    device: str = "auto"
    precision: str = "auto"  # what models compute in: auto (bf16 where that is fast), fp32, bf16
    memory_budget_mb: int = 4_096  # MiB of models kept loaded
    batch: int = 64

    def as_arguments(self) -> list[str]:
        """The command line of `python -m workers` that says the same."""
        values = {
            "--profile": self.profile,
            "--catalog": self.catalog,
            "--chosen": self.chosen,
            "--lock": self.lock,
            "--models-dir": self.models_dir,
            "--models-cache": self.models_cache,
            "--hub-mirror": self.hub_mirror,
            "--device": self.device,
            "--precision": self.precision,
            "--memory-budget-mb": self.memory_budget_mb,
            "--batch": self.batch,
        }
        return [f"{name}={value}" for name, value in values.items() if value is not None]

    def environment(self) -> dict[str, str]:
        """What huggingface_hub must find in the environment when it is imported. From a mirror all bytes come: not from Xet's own hosts."""
        found = {"HF_HUB_CACHE": str(self.models_cache)} if self.models_cache else {}
        return found | ({"HF_ENDPOINT": self.hub_mirror, "HF_HUB_DISABLE_XET": "1"} if self.hub_mirror else {})


@dataclass(frozen=True, kw_only=True)
class QueueSettings:
    """How long things lie in Redis, in seconds."""

    timeout_s: int = 600  # for the computation of one job
    answer_ttl_s: int = 24 * 3_600  # an answer that could not be posted until then is dropped
    cache_ttl_s: int = 3_600  # how long an answer may be given again; 0: never

    def as_arguments(self) -> list[str]:
        """The command line of `python -m workers` that says the same."""
        return [f"--timeout-s={self.timeout_s}", f"--answer-ttl-s={self.answer_ttl_s}", f"--cache-ttl-s={self.cache_ttl_s}"]
