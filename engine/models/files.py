"""Finds a model's files: a local folder, the Hugging Face cache, or a download that is not begun in vain."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from engine.contract import reason_of
from engine.errors import ModelError

REACH_TIMEOUT_S = 1.5
# All that is not weights and that a tokenizer or a sentence-transformers folder may need. No program code.
SMALL_FILES = ("*.json", "*.txt", "*.model", "*.vocab", "*.bpe")
SAFE_WEIGHTS = "*.safetensors"
OLD_WEIGHTS = "*pytorch_model*.bin"
WEIGHTS = (SAFE_WEIGHTS, OLD_WEIGHTS)
MODULES = "modules.json"  # how a sentence-transformers folder makes vectors
MODULE = "[0-9]_*"  # the folder of a part in a sentence-transformers folder


def model_folder(model: str | Path, *, revision: str | None = None, vectors: bool = False) -> Path:
    """The folder with a model's files, fetched from the hub if need be.

    A hub that cannot be reached is noticed within `REACH_TIMEOUT_S`, once, without retries.

    Args:
        vectors: it is not enough that weights lie in the cache: another program may have left out what says how vectors are made.

    Raises:
        ModelError: `model_not_found`, `model_half_fetched`, `download_failed`, or `model_unreadable`: it has no weights.
    """
    if isinstance(model, Path):
        if (model / "config.json").exists() or (model / MODULES).exists():
            return model
        raise ModelError(
            "model_not_found",
            ja=f"フォルダ {model} にモデルがありません（config.json が必要です）。モデルのフォルダを指定してください。",
            en=f"The folder {model} holds no model (a config.json is needed). Name a model's folder.",
            model=str(model),
        )
    cached = cached_folder(model, revision)
    if cached and vectors and not _modules_known(model, revision):
        if not hub_reachable():
            raise _half_fetched(model)
        return _download(model, revision)
    return cached if cached else _download(model, revision)


def cached_folder(model: str, revision: str | None = None, *, cache: Path | None = None) -> Path | None:
    """The folder in the Hugging Face cache, or None where the model is not there or lacks some of its weights."""
    from huggingface_hub import try_to_load_from_cache

    for name in ("config.json", MODULES):
        found = try_to_load_from_cache(model, name, revision=revision, cache_dir=cache)
        if isinstance(found, str) and has_weights(Path(found).parent):
            return Path(found).parent
    return None


def _modules_known(model: str, revision: str | None) -> bool:
    """Whether modules.json is in the cache, or it is noted there that the model has none."""
    from huggingface_hub import try_to_load_from_cache

    return try_to_load_from_cache(model, MODULES, revision=revision) is not None


def _note_no_modules(folder: Path) -> None:
    """As the hub's client notes that a file is not in a repository; `folder` is that of a commit in the cache."""
    noted = folder.parents[1] / ".no_exist" / folder.name / MODULES
    with contextlib.suppress(OSError):  # a cache that cannot be written to is asked about again
        noted.parent.mkdir(parents=True, exist_ok=True)
        noted.touch()


def needed_files(names: Iterable[str]) -> list[str]:
    """Of a repository's files those that a model needs: safetensors, older weights only where there are none, and all small files.

    Each module of a sentence-transformers folder has its weights beside its own settings. Those in other folders (checkpoints of a
    training, other formats) count only where there are no others.
    """
    every = list(names)
    places = {_place(name) for name in every if _is_weights(name)}
    counted = {place for place in places if _is_models_own(place)} or places
    safe = {_place(name) for name in every if _matches(name, SAFE_WEIGHTS)}
    return [
        name
        for name in every
        if any(fnmatchcase(name, pattern) for pattern in SMALL_FILES)
        or (_place(name) in counted and _matches(name, SAFE_WEIGHTS if _place(name) in safe else OLD_WEIGHTS))
    ]


def has_weights(folder: Path) -> bool:
    """Whether weights are there, and all parts of those that are kept in several files."""
    found = {path.parent for pattern in WEIGHTS for path in folder.rglob(pattern)}
    counted = {place for place in found if _is_models_own(place.relative_to(folder).as_posix())} or found
    return any(_whole(place, pattern) for place in counted for pattern in WEIGHTS)


def _place(name: str) -> str:
    """The folder of a file within its repository; "." for none."""
    return PurePosixPath(name).parent.as_posix()


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(PurePosixPath(name).name, pattern)


def _is_weights(name: str) -> bool:
    return any(_matches(name, pattern) for pattern in WEIGHTS)


def _is_models_own(place: str) -> bool:
    """Whether weights in a folder are those of the model or of one of its modules."""
    return place == "." or ("/" not in place and fnmatchcase(place, MODULE))


def _whole(place: Path, pattern: str) -> bool:
    """Whether a folder has weights of a kind, each part where an index names several. The other kind's index may have been left over."""
    indices = list(place.glob(f"{pattern}.index.json"))
    if indices:
        return any(all((place / part).exists() for part in _parts(index)) for index in indices)
    return any(place.glob(pattern))


def _parts(index: Path) -> set[str]:
    return set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())


def _download(model: str, revision: str | None) -> Path:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    if not hub_reachable():
        raise _not_here(model)
    try:
        names = HfApi().list_repo_files(model, revision=revision)
        # Weights come last: where they lie in the cache, all the rest does.
        snapshot_download(model, revision=revision, allow_patterns=list(SMALL_FILES))
        folder = Path(snapshot_download(model, revision=revision, allow_patterns=needed_files(names)))
    except (RepositoryNotFoundError, RevisionNotFoundError, GatedRepoError) as error:
        raise _not_on_hub(model, revision) from error
    except Exception as error:  # the hub's client lets through errors of its HTTP and storage libraries
        why = reason_of(error, with_file=True)
        raise ModelError(
            "download_failed",
            ja=f"モデル「{model}」（版 {revision or 'main'}）の取得に失敗しました（{why.ja}）。時間をおいてもう一度試してください。",
            en=f"Fetching the model {model} (revision {revision or 'main'}) failed ({why.en}). Try again later.",
            model=model,
        ) from error

    if MODULES not in names:
        _note_no_modules(folder)
    if not has_weights(folder):
        raise ModelError(
            "model_unreadable",
            ja=f"モデル「{model}」には読める重みがありません。safetensors か pytorch_model.bin のあるモデルを指定してください。",
            en=f"The model {model} has no weights that can be read. Name one with safetensors or a pytorch_model.bin.",
            model=model,
        )
    return folder


def _not_here(model: str) -> ModelError:
    return ModelError(
        "model_not_found",
        ja=(
            f"モデル「{model}」は手元になく、Hugging Face にも接続できません。接続できるマシンで `yomite models pull {model} --to フォルダ` を"
            f"実行してフォルダを運び、ここで `yomite models pull {model} --from フォルダ` を実行するか、YOMITE_HUB_MIRROR でミラーを指定するか、"
            "同梱モデル（プロファイル bundled）を使ってください。"
        ),
        en=(
            f"The model {model} is not on this machine and the Hugging Face hub cannot be reached. Run `yomite models pull {model} --to FOLDER` "
            f"where it can, carry the folder here and run `yomite models pull {model} --from FOLDER`; or name a mirror (YOMITE_HUB_MIRROR), "
            "or use the bundled models (profile bundled)."
        ),
        model=model,
    )


def _half_fetched(model: str) -> ModelError:
    return ModelError(
        "model_half_fetched",
        ja=(
            f"モデル「{model}」は別のプログラムが一部だけ取得したもので、ベクトルの作り方（{MODULES}）があるかどうか分からず、Hugging Face にも"
            f"接続できません。接続できるマシンで `yomite models pull {model} --to フォルダ` を実行してフォルダを運び、ここで "
            f"`yomite models pull {model} --from フォルダ` を実行してください。"
        ),
        en=(
            f"Another program has fetched the model {model} in part: whether it says how vectors are made ({MODULES}) is not known, and the "
            f"Hugging Face hub cannot be reached. Run `yomite models pull {model} --to FOLDER` where it can, carry the folder here and run "
            f"`yomite models pull {model} --from FOLDER`."
        ),
        model=model,
    )


def _not_on_hub(model: str, revision: str | None) -> ModelError:
    return ModelError(
        "model_not_found",
        ja=f"Hugging Face にモデル「{model}」（版 {revision or 'main'}）がないか、公開されていません。名前と版を確かめ、"
        "限定公開なら HF_TOKEN を設定してください。",
        en=f"The Hugging Face hub has no model {model} (revision {revision or 'main'}) that is open to you. Check name and revision;"
        " for one that needs permission, set HF_TOKEN.",
        model=model,
    )


def hub_reachable(endpoint: str | None = None) -> bool:
    """Whether the hub, or the proxy on the way to it, takes a connection within `REACH_TIMEOUT_S`; False in offline mode."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    address = urlsplit(endpoint or constants.ENDPOINT)
    proxy = getproxies().get(address.scheme)
    if proxy and not proxy_bypass(address.netloc):
        address = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return _connects_in_time(address.hostname or "", address.port or (80 if address.scheme == "http" else 443))


def _connects_in_time(host: str, port: int) -> bool:
    """A look-up of the name may hang for longer than any timeout: it is left behind in a thread that stops nobody from ending."""
    connected = threading.Event()
    ended = threading.Event()

    def connect() -> None:
        try:
            with socket.create_connection((host, port), timeout=REACH_TIMEOUT_S):
                connected.set()
        except (OSError, UnicodeError):
            pass
        ended.set()

    threading.Thread(target=connect, name="yomite-hub-probe", daemon=True).start()
    ended.wait(REACH_TIMEOUT_S)
    return connected.is_set()
