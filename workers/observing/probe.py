"""`python -m workers.observing.probe`: asks a process on this machine whether it lives; for health checks, where there is no curl.

Exit code 0: it does. 1: it does not, or nobody answers. 2: there is nothing to ask, because YOMITE_MONITOR_PORT says no port.
"""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Mapping, Sequence

WELL, UNWELL, NOTHING_TO_ASK = 0, 1, 2
PATIENCE_S = 4.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # nothing is bound here: where one asks who listens everywhere
MOST_BYTES = 2_000  # of an answer that are shown: what is wrong, never a person's text


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    """Ask /healthz, or the path that is given (/readyz); print what was said, and return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    settings = os.environ if environment is None else environment
    port = settings.get("YOMITE_MONITOR_PORT", "").strip()
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 2**16:
        print(
            f"YOMITE_MONITOR_PORT ({port!r}) は 1〜65535 の番号ではありません。 / YOMITE_MONITOR_PORT ({port!r}) is no number from 1 to 65535."
        )
        return NOTHING_TO_ASK
    host = settings.get("YOMITE_MONITOR_HOST", "").strip() or "127.0.0.1"
    status, said = ask(EVERYWHERE.get(host, host), int(port), words[0] if words else "/healthz")
    print(said)
    return WELL if status == http.client.OK else UNWELL


def ask(host: str, port: int, path: str) -> tuple[int, str]:
    """The status and the first of what was said; 0 where nobody answers within `PATIENCE_S`."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read(MOST_BYTES).decode("utf-8", "replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{host}:{port} が答えません（{type(error).__name__}）。 / {host}:{port} does not answer ({type(error).__name__})."
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
