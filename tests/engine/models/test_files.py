"""Tests of how a model's files are found: the hub's real client against a hub on loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ModelError
from engine.models import files
from engine.models.files import has_weights, model_folder, needed_files
from tests.support.hub import COMMIT, FakeHub, serve_hub

# The client reads its settings when it is imported: each trial is a process of its own.
TRIAL = """
import json, os, sys
from engine.errors import ModelError
from engine.models.files import model_folder
answers = []
for model in sys.argv[1:]:
    try:
        answers.append({"folder": str(model_folder(model, revision="main", vectors="VECTORS" in os.environ))})
    except ModelError as error:
        answers.append({"code": error.code, "ja": error.message.ja, "en": error.message.en})
print(json.dumps(answers))
"""


def find_models(*models: str, cache: Path, endpoint: str, **settings: str) -> list[dict[str, Any]]:
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower() and not name.startswith(("HF_", "HUGGING"))}
    given = {"HF_HOME": str(cache), "HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    ended = subprocess.run(
        [sys.executable, "-c", TRIAL, *models], env=kept | given | settings, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    found: list[dict[str, Any]] = json.loads(ended.stdout)
    return found


def repository(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}" if name.endswith("json") else name)
    return folder


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_download_brings_safetensors_and_small_files_and_no_other_weights(tmp_path: Path) -> None:
    names = ("config.json", "vocab.txt", "1_Pooling/config.json", "model.safetensors", "pytorch_model.bin", "tf_model.h5", "code.py")
    with serve_hub({"owner/model": repository(tmp_path / "hub", *names)}) as hub:
        [answer] = find_models("owner/model", cache=tmp_path / "cache", endpoint=hub.url)
    found = Path(answer["folder"])
    got = {path.relative_to(found).as_posix() for path in found.rglob("*") if path.is_file()}
    assert got == {"config.json", "vocab.txt", "1_Pooling/config.json", "model.safetensors"}
    assert found.name == COMMIT


def test_a_part_of_a_sentence_model_with_older_weights_alone_is_fetched_with_them() -> None:
    names = ["modules.json", "model.safetensors", "pytorch_model.bin", "2_Dense/config.json", "2_Dense/pytorch_model.bin"]
    assert needed_files(names) == ["modules.json", "model.safetensors", "2_Dense/config.json", "2_Dense/pytorch_model.bin"]
    assert needed_files([*names, "2_Dense/model.safetensors"])[2:] == ["2_Dense/config.json", "2_Dense/model.safetensors"]


def test_older_weights_are_fetched_where_a_part_alone_has_safetensors() -> None:
    names = ["config.json", "modules.json", "pytorch_model.bin", "vocab.txt", "2_Dense/config.json", "2_Dense/model.safetensors"]
    assert needed_files(names) == names


@pytest.mark.parametrize("own", ["model.safetensors", "pytorch_model.bin", "0_Transformer/model.safetensors"])
def test_weights_of_a_trainings_checkpoints_are_not_fetched(own: str) -> None:
    others = ["checkpoint-500/model.safetensors", "checkpoint-500/pytorch_model.bin", "onnx/pytorch_model.bin"]
    assert needed_files(["config.json", *others, own]) == ["config.json", own]


def test_weights_in_a_folder_of_another_name_are_fetched_where_there_are_no_others() -> None:
    names = ["modules.json", "transformer/config.json", "transformer/model.safetensors"]
    assert needed_files([*names, "transformer/pytorch_model.bin"]) == names


def test_an_old_model_without_safetensors_is_fetched_with_its_bin_file(tmp_path: Path) -> None:
    with serve_hub(
        {"owner/old": repository(tmp_path / "hub", "config.json", "vocab.txt", "pytorch_model.bin", "flax_model.msgpack")}
    ) as hub:
        [answer] = find_models("owner/old", cache=tmp_path / "cache", endpoint=hub.url)
    assert {path.name for path in Path(answer["folder"]).iterdir()} == {"config.json", "vocab.txt", "pytorch_model.bin"}


def test_a_model_that_was_fetched_once_is_found_without_asking_the_hub_again(tmp_path: Path) -> None:
    with serve_hub({"owner/model": repository(tmp_path / "hub", "config.json", "vocab.txt", "model.safetensors")}) as hub:
        first = find_models("owner/model", cache=tmp_path / "cache", endpoint=hub.url)
        asked = len(hub.asked)
        second = find_models("owner/model", cache=tmp_path / "cache", endpoint=hub.url)
        assert len(hub.asked) == asked > 0
    offline = find_models("owner/model", cache=tmp_path / "cache", endpoint=hub.url, HF_HUB_OFFLINE="1")
    assert first == second == offline


def half_fetched(hub: FakeHub, cache: Path) -> None:
    """Fetch what other programs fetch of a model: no modules.json."""
    load = "import huggingface_hub as hub; [hub.hf_hub_download('owner/model', name) for name in ('config.json', 'model.safetensors')]"
    settings = {"HF_HOME": str(cache), "HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    subprocess.run([sys.executable, "-c", load], env=os.environ | settings, timeout=120, check=True)


def test_what_another_program_has_left_out_of_a_model_of_vectors_is_fetched(tmp_path: Path) -> None:
    names = ("config.json", "modules.json", "1_Pooling/config.json", "model.safetensors")
    with serve_hub({"owner/model": repository(tmp_path / "hub", *names)}) as hub:
        half_fetched(hub, tmp_path / "cache")
        [answer] = find_models("owner/model", cache=tmp_path / "cache", endpoint=hub.url, VECTORS="1")
    assert all((Path(answer["folder"]) / name).exists() for name in names)


def test_a_model_of_vectors_that_another_program_has_left_in_part_is_refused_without_a_hub(tmp_path: Path) -> None:
    with serve_hub({"owner/model": repository(tmp_path / "hub", "config.json", "modules.json", "model.safetensors")}) as hub:
        half_fetched(hub, tmp_path / "cache")
        [answer] = find_models("owner/model", cache=tmp_path / "cache", endpoint=hub.url, VECTORS="1", HF_HUB_OFFLINE="1")
    assert answer["code"] == "model_half_fetched"
    for language in ("ja", "en"):
        assert "yomite models pull owner/model --from" in answer[language]


def test_a_model_without_modules_that_was_fetched_once_makes_vectors_without_the_hub(tmp_path: Path) -> None:
    with serve_hub({"owner/model": repository(tmp_path / "hub", "config.json", "vocab.txt", "model.safetensors")}) as hub:
        first = find_models("owner/model", cache=tmp_path / "cache", endpoint=hub.url, VECTORS="1")
    assert find_models("owner/model", cache=tmp_path / "cache", endpoint=hub.url, VECTORS="1", HF_HUB_OFFLINE="1") == first
    assert "folder" in first[0]


def test_a_repository_that_does_not_exist_and_one_that_lacks_weights_are_told_apart(tmp_path: Path) -> None:
    with serve_hub({"owner/empty": repository(tmp_path / "hub", "README.md")}) as hub:
        [missing, empty] = find_models("owner/missing", "owner/empty", cache=tmp_path / "cache", endpoint=hub.url)
    assert missing["code"] == "model_not_found"
    assert "owner/missing" in missing["ja"]
    assert "owner/missing" in missing["en"]
    assert empty["code"] == "model_unreadable"
    assert "safetensors" in empty["ja"]
    assert "safetensors" in empty["en"]


@pytest.mark.parametrize("settings", [{}, {"HF_HUB_OFFLINE": "1"}], ids=["unreachable", "offline mode"])
def test_a_missing_model_without_a_hub_is_one_clear_error_that_says_how_to_fetch_it(tmp_path: Path, settings: dict[str, str]) -> None:
    [answer] = find_models("owner/model", cache=tmp_path, endpoint=f"http://127.0.0.1:{closed_port()}", **settings)
    assert answer["code"] == "model_not_found"
    for language in ("ja", "en"):
        assert "yomite models pull owner/model --from" in answer[language]
        assert "bundled" in answer[language]


def test_offline_mode_asks_no_hub_even_where_there_is_one(tmp_path: Path) -> None:
    with serve_hub({"owner/model": repository(tmp_path / "hub", "config.json", "model.safetensors")}) as hub:
        [answer] = find_models("owner/model", cache=tmp_path / "cache", endpoint=hub.url, HF_HUB_OFFLINE="1")
        assert hub.asked == []
    assert answer["code"] == "model_not_found"


def test_a_name_look_up_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up, answered = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> None:
        looked_up.set()
        answered.wait(60)
        raise OSError("no such name")

    monkeypatch.setattr(files.socket, "create_connection", hang)  # no resolver that hangs can be had on loopback
    assert not files.hub_reachable()
    assert looked_up.is_set()
    assert not answered.is_set()  # the probe came back before the look-up did
    answered.set()
    for thread in threading.enumerate():
        if thread.name == "yomite-hub-probe":
            thread.join()


def test_a_folder_without_a_model_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no model") as caught:
        model_folder(tmp_path / "no-such-folder")
    assert caught.value.code == "model_not_found"
    assert "no-such-folder" in caught.value.message.ja


def test_weights_in_parts_are_there_only_with_all_their_parts(tmp_path: Path) -> None:
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    repository(tmp_path, "model-00001-of-00002.safetensors")
    assert not has_weights(tmp_path)
    repository(tmp_path, "model-00002-of-00002.safetensors")
    assert has_weights(tmp_path)


def test_safetensors_in_one_file_are_there_whatever_index_of_older_weights_lies_beside_them(tmp_path: Path) -> None:
    index = {"weight_map": {"a": "pytorch_model-00001-of-00002.bin", "b": "pytorch_model-00002-of-00002.bin"}}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    assert not has_weights(tmp_path)
    repository(tmp_path, "model.safetensors")
    assert has_weights(tmp_path)


def test_weights_of_a_trainings_checkpoint_do_not_stand_for_parts_that_are_missing(tmp_path: Path) -> None:
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    repository(tmp_path, "model-00001-of-00002.safetensors", "checkpoint-500/model.safetensors")
    assert not has_weights(tmp_path)
