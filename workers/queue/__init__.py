"""The one door to the workers: submit Requests, get their outcomes back. Importable without torch.

`door` hands over, `replies` brings back, `local` is for a process that waits, `server` and `processes` start what is missing.
They need Redis' libraries and are imported from there; what stands here is light.
"""

from workers.queue.rows import ModelRow, QueueStatus, WorkerRow
from workers.queue.settings import QueueSettings, WorkerSettings
from workers.queue.stored import Outcome

__all__ = ["ModelRow", "Outcome", "QueueSettings", "QueueStatus", "WorkerRow", "WorkerSettings"]
