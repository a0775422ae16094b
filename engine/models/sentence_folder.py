"""Reads how a sentence-transformers folder makes one vector of a text; any other folder gets the mean, normalised."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.dense import Dense, read_dense, write_dense
from engine.tokenization.pieces import TextTokenizer
from engine.tokenization.rewriting import RewritingTokenizer, Rewritten

_POOLING_FLAGS = {"pooling_mode_cls_token": "cls", "pooling_mode_max_tokens": "max", "pooling_mode_mean_tokens": "mean"}
# Tokenizers that were never told a limit say an astronomical one.
_NO_LIMIT = 1_000_000


@dataclass(frozen=True)
class SentenceFolder:
    """`transformer` is where config, tokenizer and weights lie. `max_length` counts pieces; None: not said. `dense` comes after pooling."""

    transformer: Path
    pooling: str = "mean"
    normalize: bool = True
    dense: Dense | None = None
    max_length: int | None = None
    lower_case: bool = False

    def adapt_tokenizer(self, tokenizer: TextTokenizer) -> TextTokenizer:
        """The tokenizer on lower-cased texts, where the folder asks for that."""
        return RewritingTokenizer(tokenizer, lower_cased) if self.lower_case else tokenizer


def read_sentence_folder(folder: Path) -> SentenceFolder:
    """What modules.json and the files beside it say.

    Raises:
        ModelError: `model_unreadable`, or `unsupported_module`: the vectors could not be made as the model's authors did.
    """
    if not (folder / "modules.json").exists():
        return SentenceFolder(transformer=folder)
    modules = _read_json(folder / "modules.json")
    _refuse_prompt(folder)
    found: dict[str, Any] = {"transformer": folder, "normalize": False}
    for module in modules if isinstance(modules, list) else ():
        kind = str(module.get("type", "")).rpartition(".")[2]
        place = folder / str(module.get("path", ""))
        if kind == "Transformer":
            found |= {"transformer": place, **_transformer_settings(place)}
        elif kind == "Pooling":
            found["pooling"] = _pooling(place / "config.json")
        elif kind == "Dense" and "dense" not in found and not found["normalize"]:
            found["dense"] = read_dense(place)
        elif kind == "Normalize":
            found["normalize"] = True
        else:
            raise _unsupported(folder, f"module {kind!r}", f"部品「{kind}」", "Transformer, Pooling, Dense, Normalize")
    return SentenceFolder(**found)


def write_modules(folder: Path, made: SentenceFolder, *, hidden_size: int) -> None:
    """Write modules.json and the files of all parts but the transformer into `folder`, as sentence-transformers does."""
    kinds = ["Transformer", "Pooling", *(["Dense"] if made.dense else []), *(["Normalize"] if made.normalize else [])]
    names = ["", *(f"{index}_{kind}" for index, kind in enumerate(kinds) if index)]
    modules = [
        {"idx": index, "name": str(index), "path": name, "type": f"sentence_transformers.models.{kind}"}
        for index, (kind, name) in enumerate(zip(kinds, names, strict=True))
    ]
    for name in names[1:]:
        (folder / name).mkdir(exist_ok=True)
    if made.dense:
        write_dense(made.dense, folder / "2_Dense")
    pooling = {"word_embedding_dimension": hidden_size, **{flag: mode == made.pooling for flag, mode in _POOLING_FLAGS.items()}}
    settings = {"max_seq_length": made.max_length, "do_lower_case": made.lower_case}
    for path, body in (("modules.json", modules), ("1_Pooling/config.json", pooling), ("sentence_bert_config.json", settings)):
        (folder / path).write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")


def lower_cased(text: str) -> Rewritten:
    """The text in lower case; a letter that becomes several (İ) is the origin of each."""
    letters = [letter.lower() for letter in text]
    origins = tuple(index for index, letter in enumerate(letters) for _ in letter)
    return Rewritten(text="".join(letters), origins=origins, word_starts=None)


def _transformer_settings(folder: Path) -> dict[str, Any]:
    settings: dict[str, Any] = next((_read_json(path) for path in sorted(folder.glob("sentence_*_config.json"))), {})
    limit = settings.get("max_seq_length")
    if limit is None and (folder / "tokenizer_config.json").exists():
        limit = _read_json(folder / "tokenizer_config.json").get("model_max_length")
    return {
        "max_length": int(limit) if isinstance(limit, int | float) and 0 < limit < _NO_LIMIT else None,
        "lower_case": bool(settings.get("do_lower_case")),
    }


def _pooling(path: Path) -> str:
    config = _read_json(path)
    modes = [mode for flag, mode in _POOLING_FLAGS.items() if config.get(flag)]
    other = [flag for flag, on in config.items() if flag.startswith("pooling_mode_") and on is True and flag not in _POOLING_FLAGS]
    modes = [*modes, *other] or [config.get("pooling_mode", "mean")]
    if len(modes) != 1 or modes[0] not in _POOLING_FLAGS.values():
        names = " + ".join(map(str, modes))
        raise _unsupported(path, f"pooling {names}", f"まとめ方「{names}」", "mean, max, cls")
    return str(modes[0])


def _refuse_prompt(folder: Path) -> None:
    """A prompt that is put before every text would have to be kept out of spans and windows."""
    path = folder / "config_sentence_transformers.json"
    settings = _read_json(path) if path.exists() else {}
    name = settings.get("default_prompt_name")
    if name and settings.get("prompts", {}).get(name):
        raise _unsupported(folder, f"the default prompt {name!r}", f"既定のプロンプト「{name}」", "none")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            "model_unreadable",
            ja=f"{path} を JSON として読めません。モデルをもう一度取得してください。",
            en=f"{path} cannot be read as JSON. Fetch the model again.",
        ) from error


def _unsupported(place: Path, en: str, ja: str, allowed: str) -> ModelError:
    return ModelError(
        "unsupported_module",
        ja=f"{place} の{ja}には対応していません。使えるもの：{allowed}",
        en=f"{place} has {en}, which cannot be used. Allowed: {allowed}.",
    )
