"""Tests of what is looked at before a model is loaded: whatever is not what it was never answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.catalog import Catalog, CatalogEntry
from engine.catalog.chosen import write_chosen
from engine.catalog.entry import LockedFile, LockedModel, models_folder
from engine.contract import SentimentRequest, Task
from engine.engine import Engine
from engine.errors import ModelError
from engine.models.cache import ModelCache
from engine.models.checking import check_files, note_of
from engine.models.digests import Digests, read_note, read_sha256
from engine.models.headers import header_fits
from engine.models.inventory import Places
from engine.models.loading import load_model
from engine.models.sums import FILE, read_sums, write_sums
from engine.models.verifying import verify
from tests.engine.models.entries import CPU
from tests.support.checkpoints import write_pack
from tests.support.trained import write_trained


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A tiny pack with its digests."""
    write_sums(write_pack(tmp_path / "models"))
    return tmp_path / "models"


def flip_last_byte(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.write_bytes(body)


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def sentiment(pack: Path) -> CatalogEntry:
    return Catalog.load(models_dir=pack).entry(Task.SENTIMENT, "ja")


def test_the_bundled_pack_is_what_its_digests_say() -> None:
    folder = models_folder()
    paths = [path for path in folder.rglob("*") if path.suffix in {".safetensors", ".json", ".txt"} and path.parent != folder]
    files = {path.relative_to(folder).as_posix(): read_sha256(path) for path in paths}
    assert read_sums(folder) == files, "run `python -m engine.models.sums`"
    assert {(row.name, row.state) for row in verify(Places())} == {
        (f"yomite/{name}", "ok") for name in ("sentiment", "ner", "ask", "similar", "encoder")
    }


def test_a_pack_with_right_digests_is_loaded(pack: Path) -> None:
    assert load_model(sentiment(pack), device=CPU).name


@pytest.mark.parametrize("harm", [flip_last_byte, halve, Path.unlink], ids=["altered", "half", "gone"])
@pytest.mark.parametrize("file", ["sentiment/adapter_model.safetensors", "encoder/vocab.txt"])
def test_a_bundled_file_that_is_not_what_it_was_never_answers(pack: Path, file: str, harm: Callable[[Path], None]) -> None:
    entry = sentiment(pack)
    harm(pack / file)
    with pytest.raises(ModelError) as caught:
        check_files(entry, pack / "encoder", Digests())
    assert caught.value.code == "model_changed"
    for language in ("ja", "en"):
        assert file in caught.value.message.in_language(language)
        assert "yomite models verify" in caught.value.message.in_language(language)
    [found] = [row for row in verify(Places(models_dir=pack)) if row.name == entry.name]
    assert (found.state, [wrong.name for wrong in found.wrong]) == ("changed", [file])


def test_a_person_is_told_what_was_altered_and_gets_no_answer(pack: Path) -> None:
    flip_last_byte(pack / "sentiment" / "adapter_model.safetensors")
    engine = Engine(Catalog.load(models_dir=pack), ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32"))
    [outcome] = engine.run([SentimentRequest(text="最高の一日でした。")])
    assert getattr(outcome, "code", None) == "model_changed"


def test_other_tasks_answer_while_one_adapter_is_altered(pack: Path) -> None:
    flip_last_byte(pack / "sentiment" / "adapter_model.safetensors")
    assert load_model(Catalog.load(models_dir=pack).entry(Task.NER, "ja"), device=CPU).name


def test_a_trained_model_whose_weights_are_others_never_answers(tmp_path: Path) -> None:
    chosen, folder = tmp_path / "chosen.json", write_trained(tmp_path / "ours")
    write_chosen(chosen, {Task.SENTIMENT: folder})
    entry = Catalog.load(chosen=chosen).entry(Task.SENTIMENT, "ja")
    assert [row.state for row in verify(Places(chosen=chosen), ["ours"])] == ["ok"]
    flip_last_byte(folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"yomite models reset"):
        load_model(entry, device=CPU)
    assert [row.state for row in verify(Places(chosen=chosen), ["ours"])] == ["changed"]


def test_a_team_s_own_folder_without_digests_is_loaded_and_its_heads_are_looked_at(tmp_path: Path) -> None:
    write_trained(tmp_path / "own")
    (tmp_path / "own" / "yomite.json").unlink()
    catalog = tmp_path / "catalog.toml"
    row = 'task = "sentiment"\nlanguages = ["ja"]\nfolder = "own"\ntokenizer = "bilingual"\nlicence = "MIT"\nwindow = 64\n'
    catalog.write_text(f"[[models]]\n{row}", encoding="utf-8")
    places, name = Places(catalog=catalog), str(tmp_path / "own")
    assert [(row.state, row.right) for row in verify(places, [name])] == [("not_locked", True)]
    halve(tmp_path / "own" / "model.safetensors")
    assert [(row.state, row.right) for row in verify(places, [name])] == [("changed", False)]


def locked_row(folder: Path) -> CatalogEntry:
    """A row of a hub model whose snapshot lies in `folder`, locked as it is now."""
    files = {
        path.name: LockedFile(size=path.stat().st_size, sha256=read_sha256(path)) for path in folder.iterdir() if path.name != "yomite.json"
    }
    locked = LockedModel(commit=folder.name, files=files)
    languages = ("ja", "en")
    return CatalogEntry(
        task=Task.SENTIMENT, languages=languages, model="owner/model", revision=folder.name, licence="MIT", window=64, locked=locked
    )


def test_a_locked_model_is_read_once_and_then_noted(tmp_path: Path) -> None:
    folder = write_trained(tmp_path / "models--owner--model" / "snapshots" / ("a" * 40))
    entry = locked_row(folder)
    check_files(entry, folder, Digests())
    noted = read_note(note_of(folder))
    assert entry.locked
    assert {name: seen.sha256 for name, seen in noted.files.items()} == {name: file.sha256 for name, file in entry.locked.files.items()}
    check_files(entry, folder, Digests())
    assert read_note(note_of(folder)) == noted  # the next process believes it


def test_a_note_is_not_believed_of_a_file_that_was_written_since(tmp_path: Path) -> None:
    folder = write_trained(tmp_path / "models--owner--model" / "snapshots" / ("a" * 40))
    entry = locked_row(folder)
    check_files(entry, folder, Digests())
    flip_last_byte(folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"yomite models pull owner/model"):
        check_files(entry, folder, Digests())


def test_a_file_of_digests_that_cannot_be_read_is_named(pack: Path) -> None:
    (pack / FILE).write_text("not a digest\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"SHA256SUMS cannot be read"):
        load_model(sentiment(pack), device=CPU)


@pytest.mark.parametrize(
    "body",
    [b"", b"version https://git-lfs.github.com/spec/v1\n", b"\xff" * 64, b"\x02\0\0\0\0\0\0\0{}more", b"\x02\0\0\0\0\0\0\0[]"],
    ids=["empty", "a pointer", "nonsense", "too long", "no table"],
)
def test_what_is_no_whole_safetensors_file_is_noticed_by_its_head(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(body)
    assert not header_fits(tmp_path / "model.safetensors")


def test_a_whole_safetensors_file_has_a_head_that_fits(pack: Path) -> None:
    assert header_fits(pack / "encoder" / "model.safetensors")
