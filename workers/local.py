"""`python -m workers.local`: one worker process. Reads jobs as JSON lines from stdin, writes outcomes as JSON lines to stdout.

In:  {"job": id, "request": {…}} | {"job": id, "question": "models"} | {"warm_up": [task, …]} | {"cancel": id}
Out: {"job": id, "outcome": {…}} | {"job": id, "models": [{…}, …]}
It leaves when its stdin ends, which is when its parent does.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, Any, NoReturn, Protocol

from engine.contract import ContractError, Failure, Message, Request, Result, Task, request_from_json, to_json
from engine.errors import EngineError
from workers.mailbox import Batch, Mailbox, ModelsQuestion, Refusal, WarmUp
from workers.process import WorkerSettings

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog, CatalogEntry

Outcome = Result | Failure


class Answering(Protocol):
    """What the worker needs of `engine.engine.Engine`."""

    def run(self, requests: Sequence[Request]) -> list[Outcome]:
        """The outcomes of `requests`, in their order."""

    def warm_up(self, tasks: Sequence[Task], languages: Sequence[Any]) -> None:
        """Load what these tasks need."""


def load_catalog(settings: WorkerSettings) -> Catalog:
    """The catalog that the settings name.

    Raises:
        EngineError: a catalog file is wrong.
    """
    from engine.catalog.catalog import Catalog

    return Catalog.load(profile=settings.profile, user_file=settings.catalog, models_dir=settings.models_dir)


def compose(settings: WorkerSettings) -> Answering:
    """Wire the engine together: the one place of this process where that happens.

    Raises:
        EngineError: a catalog file is wrong, or the device is not there.
    """
    # Imported here because they bring torch: a question about the catalog is answered without it.
    from engine.engine import Engine
    from engine.models.cache import ModelCache

    cache = ModelCache(memory_budget_bytes=settings.memory_budget_mb * 1024**2, device=settings.device)
    return Engine(load_catalog(settings), cache)


class Worker:
    """Answers what lies in the mailbox, batch by batch, until the process ends."""

    def __init__(
        self, settings: WorkerSettings, mailbox: Mailbox, out: IO[bytes], *, compose: Callable[[WorkerSettings], Answering] = compose
    ) -> None:
        self._settings = settings
        self._compose = compose
        self._mailbox = mailbox
        self._out = out
        self._engine: Answering | None = None

    def serve(self) -> NoReturn:
        """Serve until the process ends, which it does when its stdin ends."""
        while True:
            match self._mailbox.take(self._settings.batch):
                case Batch(jobs):
                    self._answer_batch(jobs)
                case Refusal(job_id, failure):
                    self._write({"job": job_id, "outcome": to_json(failure)})
                case ModelsQuestion(job_id):
                    self._write({"job": job_id, **self._models()})
                case WarmUp(task):
                    self._warm_up(task)

    def _answer_batch(self, jobs: Sequence[tuple[str, Request]]) -> None:
        outcomes = self._answer([request for _, request in jobs])
        for (job_id, _), outcome in zip(jobs, outcomes, strict=True):
            self._write({"job": job_id, "outcome": to_json(outcome)})

    def _answer(self, requests: Sequence[Request]) -> list[Outcome]:
        try:
            return self._composed().run(requests)
        except EngineError as error:
            return [error.as_failure()] * len(requests)
        except Exception as error:  # noqa: BLE001  # the edge of the process: whatever went wrong, the person gets an answer
            traceback.print_exc()
            if len(requests) == 1:
                return [_unexpected(error)]
            # One of them is to blame: the others get their answers.
            return [outcome for request in requests for outcome in self._answer([request])]

    def _composed(self) -> Answering:
        if self._engine is None:
            self._engine = self._compose(self._settings)
        return self._engine

    def _models(self) -> dict[str, Any]:
        try:
            entries = load_catalog(self._settings).entries
        except EngineError as error:
            return {"outcome": to_json(error.as_failure())}
        return {"models": [_model_row(entry) for entry in entries]}

    def _warm_up(self, task: Task) -> None:
        try:
            self._composed().warm_up([task], ["ja", "en"])
        except Exception:  # noqa: BLE001  # nobody waits for it; the first Request will meet the same error and report it
            traceback.print_exc()

    def _write(self, line: dict[str, Any]) -> None:
        self._out.write(json.dumps(line).encode("ascii") + b"\n")
        self._out.flush()


def read_jobs(lines: IO[bytes], mailbox: Mailbox) -> None:
    """Fill the mailbox until the parent goes; then end the process, whatever it is computing."""
    for line in lines:
        data = json.loads(line)
        if "request" in data:
            _add_request(data["job"], data["request"], mailbox)
        elif "question" in data:
            mailbox.add_quick(ModelsQuestion(data["job"]))
        elif "warm_up" in data:
            mailbox.warm_up([Task(task) for task in data["warm_up"]])
        elif "cancel" in data:
            mailbox.cancel(data["cancel"])
    os._exit(0)


def settings_from(arguments: Sequence[str] | None) -> WorkerSettings:
    """Read the command line that `WorkerSettings.as_arguments` writes."""
    parser = argparse.ArgumentParser(prog="python -m workers.local", description="Answer jobs from stdin; see the module's first lines.")
    defaults = WorkerSettings()
    parser.add_argument("--profile", default=defaults.profile)
    parser.add_argument("--catalog", type=Path)
    parser.add_argument("--models-dir", type=Path)
    parser.add_argument("--device", default=defaults.device)
    parser.add_argument("--memory-budget-mb", type=int, default=defaults.memory_budget_mb)
    parser.add_argument("--batch", type=int, default=defaults.batch)
    return WorkerSettings(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the worker process."""
    settings = settings_from(arguments)
    mailbox = Mailbox()
    out = _reserve_stdout()
    Thread(target=read_jobs, args=(sys.stdin.buffer, mailbox), daemon=True).start()
    Worker(settings, mailbox, out).serve()


def _add_request(job_id: str, data: object, mailbox: Mailbox) -> None:
    try:
        mailbox.add(job_id, request_from_json(data))
    except ContractError as error:
        mailbox.add_quick(Refusal(job_id, _unreadable(error)))


def _reserve_stdout() -> IO[bytes]:
    """The real stdout, for the protocol alone: what libraries print goes to stderr from now on."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


def _model_row(entry: CatalogEntry) -> dict[str, Any]:
    return {
        "task": str(entry.task),
        "languages": list(entry.languages),
        "model": entry.name,
        "revision": entry.revision or "",
        "licence": entry.licence,
        "window": entry.window,
    }


def _unreadable(error: ContractError) -> Failure:
    return Failure(
        code="bad_request",
        message=Message(
            ja=f"依頼を読めません（{error}）。ボットとワーカーを同じ版にそろえてください。",
            en=f"The request cannot be read ({error}). Bot and worker must be of the same version.",
        ),
    )


def _unexpected(error: Exception) -> Failure:
    name = type(error).__name__
    return Failure(
        code="internal_error",
        message=Message(
            ja=f"エンジンの中で予期しないエラーが起きました（{name}: {error}）。ほかの文章なら答えられます。"
            "この文章で続くときはお知らせください。",
            en=f"Something unexpected went wrong in the engine ({name}: {error}). Other texts still work; "
            "if this one keeps failing, please report it.",
        ),
        details={"error": name},
    )


if __name__ == "__main__":
    main()
