"""The Hugging Face hub, or a mirror of it, and the cache where its files lie: asked by its own client, each file checked by its hash."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.catalog.entry import LockedFile
from engine.catalog.locked import safe_name
from engine.errors import ModelError
from engine.models.digests import read_sha256
from engine.models.files import hub_reachable, needed_files

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoSibling


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file as the hub describes it: with a sha256 where it keeps it beside git, else with git's own name for its content."""

    size: int
    sha256: str | None = None
    git: str | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What a commit of a repository holds of what a model needs."""

    commit: str
    files: Mapping[str, RemoteFile]


@dataclass(frozen=True, kw_only=True)
class Hub:
    """Where models are fetched from and put; None: what huggingface_hub's own settings say."""

    endpoint: str | None = None
    cache: Path | None = None

    @property
    def address(self) -> str:
        """Where it is, as people may see it: without a name or password."""
        from huggingface_hub import constants

        scheme, _, rest = (self.endpoint or constants.ENDPOINT).partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"

    @property
    def cache_folder(self) -> Path:
        from huggingface_hub import constants

        return self.cache or Path(constants.HF_HUB_CACHE)

    def snapshot_folder(self, model: str, commit: str) -> Path:
        """Where the files of a commit lie, or would."""
        from huggingface_hub.file_download import repo_folder_name

        return self.cache_folder / repo_folder_name(repo_id=model, repo_type="model") / "snapshots" / commit

    def look_up(self, model: str, revision: str | None) -> Snapshot:
        """Ask for the commit that a revision stands for, and its files.

        Raises:
            ModelError: the hub cannot be reached, or has no such model or revision.
        """
        from huggingface_hub import HfApi

        with self._asking(model, revision):
            info = HfApi(endpoint=self.endpoint).model_info(model, revision=revision, files_metadata=True)
        found = {file.rfilename: file for file in info.siblings or ()}
        files = {name: _described(found[name]) for name in needed_files(found) if safe_name(name)}
        if not info.sha or not any(name.endswith((".safetensors", ".bin")) for name in files):
            raise _no_weights(model)
        return Snapshot(commit=info.sha, files=files)

    def fetch(self, model: str, commit: str, file: str) -> Path:
        """Fetch one file into the cache, where it is not there yet; returns where it lies. A line that breaks is taken up again.

        Raises:
            ModelError: as `look_up`, or `download_failed`.
        """
        from huggingface_hub import hf_hub_download

        with self._asking(model, commit):
            return Path(hf_hub_download(model, file, revision=commit, cache_dir=self.cache, endpoint=self.endpoint))

    def drop(self, path: Path) -> None:
        """Take a file out of the cache that is not what it should be, so that it is fetched again."""
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """The room that is left where the cache lies."""
        folder = self.cache_folder.absolute()
        while not folder.exists():
            folder = folder.parent
        return shutil.disk_usage(folder).free

    def must_be_reachable(self, model: str) -> None:
        """Notice within seconds that nothing can be fetched.

        Raises:
            ModelError: `hub_unreachable`.
        """
        if not hub_reachable(self.endpoint):
            raise _unreachable(model, self.address)

    @contextmanager
    def _asking(self, model: str, revision: str | None) -> Iterator[None]:
        from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

        try:
            yield
        except (RepositoryNotFoundError, RevisionNotFoundError, GatedRepoError) as error:
            raise _not_there(model, revision, self.address) from error
        except Exception as error:  # the hub's client lets through errors of its HTTP and storage libraries
            raise _failed(model, error) from error


def _described(file: RepoSibling) -> RemoteFile:
    return RemoteFile(size=file.size or 0, sha256=file.lfs.sha256 if file.lfs else None, git=file.blob_id)


def locked_file(path: Path, remote: RemoteFile) -> LockedFile | None:
    """The file at `path` as the lock keeps it; None where its bytes are not those that the hub described.

    Raises:
        OSError: it cannot be read.
    """
    size, sha256 = path.stat().st_size, read_sha256(path)
    if size != remote.size:
        return None
    if remote.sha256 is not None:
        return LockedFile(size=size, sha256=sha256) if sha256 == remote.sha256 else None
    if remote.git is not None and _git_name(path, size) != remote.git:
        return None
    return LockedFile(size=size, sha256=sha256)


def _git_name(path: Path, size: int) -> str:
    """As git names a file's content."""
    digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _unreachable(model: str, address: str) -> ModelError:
    return ModelError(
        "hub_unreachable",
        ja=f"「{model}」を取得できません。{address} に接続できないか、オフラインの設定（HF_HUB_OFFLINE）です。ミラーがあれば "
        f"YOMITE_HUB_MIRROR で指定し、なければ接続できるマシンで `yomite models pull {model} --to フォルダ` を実行し、運んだフォルダを "
        f"`yomite models pull {model} --from フォルダ` で取り込んでください。",
        en=f"{model} cannot be fetched: {address} cannot be reached, or offline mode (HF_HUB_OFFLINE) is set. Name a mirror by "
        f"YOMITE_HUB_MIRROR where there is one; else run `yomite models pull {model} --to FOLDER` on a machine that reaches it, carry the "
        f"folder here, and run `yomite models pull {model} --from FOLDER`.",
        model=model,
    )


def _not_there(model: str, revision: str | None, address: str) -> ModelError:
    return ModelError(
        "model_not_found",
        ja=f"{address} にモデル「{model}」（版 {revision or 'main'}）がないか、公開されていません。名前と版を確かめ、"
        "限定公開なら HF_TOKEN を設定してください。",
        en=f"{address} has no model {model} (revision {revision or 'main'}) that is open to you. Check name and revision; "
        "for one that needs permission, set HF_TOKEN.",
        model=model,
    )


def _failed(model: str, error: Exception) -> ModelError:
    return ModelError(
        "download_failed",
        ja=f"モデル「{model}」の取得に失敗しました（{type(error).__name__}）。もう一度実行すると、済んだファイルの次から続けます。",
        en=f"Fetching the model {model} failed ({type(error).__name__}). Run it again: it goes on after the files that are there.",
        model=model,
    )


def _no_weights(model: str) -> ModelError:
    return ModelError(
        "model_unreadable",
        ja=f"モデル「{model}」には読める重みがありません。safetensors か pytorch_model.bin のあるモデルを指定してください。",
        en=f"The model {model} has no weights that can be read. Name one with safetensors or a pytorch_model.bin.",
        model=model,
    )
