"""Makes a catalog row a model that is ready to answer: files, tokenizer, weights, adapter, device."""

from __future__ import annotations

import pickle
import threading
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError, safe_open
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    PretrainedConfig,
    PreTrainedModel,
)
from transformers.utils import logging as transformers_logging

from engine import preemption
from engine.catalog import CatalogEntry
from engine.contract import Task, reason_of
from engine.errors import ModelError
from engine.models.checking import check_files
from engine.models.compact import keep_words_in_int8
from engine.models.dense import check_width
from engine.models.digests import Digests
from engine.models.files import model_folder
from engine.models.int8 import read_int8
from engine.models.loaded import LoadedModel
from engine.models.memory import ran_out_of_memory
from engine.models.sentence_folder import SentenceFolder, read_sentence_folder
from engine.tokenization.pieces import TextTokenizer
from engine.tokenization.sharing import SharedTokenizers

HEADS: dict[Task, Any] = {
    Task.SENTIMENT: AutoModelForSequenceClassification,
    Task.NER: AutoModelForTokenClassification,
    Task.ASK: AutoModelForQuestionAnswering,
    Task.FILL_MASK: AutoModelForMaskedLM,
    Task.SIMILAR: AutoModel,
    Task.EMBED: AutoModel,
}
VECTORS = (Task.SIMILAR, Task.EMBED)
# Models that count positions from behind the padding id, as RoBERTa does.
SHIFTED_POSITIONS = {"roberta", "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet", "data2vec-text"}
UNREADABLE = (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, SafetensorError, StrictDataclassError)
# transformers switches process-wide settings while it loads: one model at a time.
_LOADING = threading.Lock()


def load_model(
    entry: CatalogEntry,
    *,
    device: torch.device,
    dtype: torch.dtype = torch.float32,
    tokenizers: SharedTokenizers | None = None,
    compact: bool = False,
    digests: Digests | None = None,
) -> LoadedModel:
    """Load what the row names, to compute in `dtype`; for `tokens`, without weights.

    Args:
        tokenizers: those that may be shared.
        compact: for a model that only answers: word embeddings stay in 8 bits where they lie so.
        digests: those of files that were read before.

    Raises:
        ModelError: files are missing, damaged, altered, unsafe, or without the head that the task needs.
    """
    # Of a locked model all files are known.
    folder = model_folder(entry.model, revision=entry.revision, vectors=entry.task in VECTORS and entry.locked is None)
    _check_adapter(entry.adapter)
    check_files(entry, folder, digests or Digests())
    sentences = sentences_of(entry, folder)
    folder = sentences.transformer
    config = read_config(entry.adapter or folder, folder)
    if sentences.dense:
        check_width(sentences.dense, hidden_size=config.hidden_size, name=entry.name)
    window = min(entry.window, position_limit(config), sentences.max_length or entry.window)
    tokenizer = sentences.adapt_tokenizer(
        (tokenizers or SharedTokenizers()).load(folder, kind=entry.tokenizer, max_length=position_limit(config))
    )
    with _LOADING, quiet_transformers(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if entry.task is Task.TOKENS:
            with torch.device("meta"):  # only the tokenizer answers
                model: PreTrainedModel = AutoModel.from_config(config)
        else:
            model = _load_weights(entry, folder, config, dtype)
            if compact:
                keep_words_in_int8(model, folder)
            model.to(device)  # type: ignore[arg-type]  # transformers' wrapper of it hides its parameters
    model.eval().requires_grad_(False)
    _offer_preemption(model)
    return LoadedModel(
        name=entry.name,
        model=model,
        tokenizer=tokenizer_for(entry.task, tokenizer),
        window=window,
        pooling=sentences.pooling,
        normalize=sentences.normalize,
        dense=sentences.dense,
        no_answer_threshold=entry.no_answer_threshold,
        labels=dict(entry.labels),
        case_types=entry.case_types,
    )


def tokenizer_for(task: Task, tokenizer: TextTokenizer) -> TextTokenizer:
    """The tokenizer as the task reads with it."""
    return tokenizer.for_names() if task is Task.NER else tokenizer


def sentences_of(entry: CatalogEntry, folder: Path) -> SentenceFolder:
    """How vectors are made: as the adapter's folder says, where it does, of what the model's folder holds.

    Raises:
        ModelError: as `read_sentence_folder`.
    """
    found = read_sentence_folder(folder)
    if entry.adapter is None or not (entry.adapter / "modules.json").exists():
        return found
    own = read_sentence_folder(entry.adapter)
    return replace(found, pooling=own.pooling, normalize=own.normalize, dense=own.dense)


def _offer_preemption(model: PreTrainedModel) -> None:
    """Points before each part of each layer: attention, feed-forward, output. A model that calls its layers otherwise has none."""
    for name, layers in model.named_modules():
        if isinstance(layers, torch.nn.ModuleList) and name.endswith(("layer", "layers")):
            for part in (part for layer in layers for part in layer.children()):
                part.register_forward_pre_hook(_preemption_point)


def _preemption_point(*_: Any) -> None:
    if preemption.preemptible():
        with torch.inference_mode(mode=False):  # a model that is loaded now would be fit for nothing else
            preemption.point()


def read_config(folder: Path, base: Path) -> PretrainedConfig:
    """The configuration in `folder`, else the one in `base`.

    Raises:
        ModelError: `config_unreadable`.
    """
    found = folder if (folder / "config.json").exists() else base
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(found, trust_remote_code=False, local_files_only=True)
    except UNREADABLE as error:
        why = reason_of(error, with_file=True)
        raise ModelError(
            "config_unreadable",
            ja=f"{found} の config.json を読めません。このモデルの型は使えないか、ファイルが壊れています（{why.ja}）。"
            "BERT・RoBERTa・DistilBERT などのモデルを指定してください。",
            en=f"config.json in {found} cannot be read: the kind of model is unknown or the file is damaged ({why.en}). "
            "Name a model of the kind of BERT, RoBERTa or DistilBERT.",
        ) from error
    return config


def position_limit(config: PretrainedConfig) -> int:
    """How many pieces the position embeddings hold; RoBERTa-like models lose the places up to the padding id."""
    limit = int(getattr(config, "max_position_embeddings", None) or 0)
    if limit <= 0:
        return 512
    return limit - (config.pad_token_id or 0) - 1 if config.model_type in SHIFTED_POSITIONS else limit


def _load_weights(entry: CatalogEntry, folder: Path, config: PretrainedConfig, dtype: torch.dtype) -> PreTrainedModel:
    """An adapter is merged in fp32, and the sum is rounded: once. Want of memory is told as such, whatever the library raises then."""
    kind = _head(entry, config)
    options: dict[str, Any] = {"attn_implementation": "eager"} if entry.task is Task.EXPLAIN_ATTENTION else {}
    try:
        weights = read_int8(folder)
        # The auto classes read folders alone; this is the class that they would choose.
        reader = kind if weights is None else kind._model_mapping[type(config)]
        model, report = reader.from_pretrained(
            folder if weights is None else None,
            state_dict=weights,
            config=config,
            dtype=torch.float32 if entry.adapter else dtype,
            local_files_only=True,
            trust_remote_code=False,
            weights_only=True,
            output_loading_info=True,
            **options,
        )
        if entry.adapter:
            model = _merge_adapter(model, entry.adapter).to(dtype)  # type: ignore[arg-type]  # transformers' wrapper hides its parameters
        given = _adapter_weights(entry.adapter) if entry.adapter else set()
    except (*UNREADABLE, pickle.UnpicklingError) as error:
        if ran_out_of_memory(error):  # the files are whole
            raise
        raise _unloadable(entry, error) from error
    _check_head(entry, report["missing_keys"], given, bare=kind is AutoModel)
    loaded: PreTrainedModel = model
    return loaded


def _head(entry: CatalogEntry, config: PretrainedConfig) -> Any:
    """Attention is explained on a classifier where the checkpoint is one, else on the bare encoder."""
    if entry.task is not Task.EXPLAIN_ATTENTION:
        return HEADS[entry.task]
    classifies = any(name.endswith("ForSequenceClassification") for name in getattr(config, "architectures", None) or ())
    return AutoModelForSequenceClassification if classifies or entry.adapter else AutoModel


def _check_head(entry: CatalogEntry, missing: Collection[str], given: Collection[str], *, bare: bool) -> None:
    """Refuse a model that would answer with random weights. A bare encoder's pooler answers nothing."""
    random = sorted(name for name in missing if name not in given and not (bare and "pooler." in name) and "position_ids" not in name)
    if not random:
        return
    raise ModelError(
        "head_missing",
        ja=f"モデル「{entry.name}」は {entry.task} 用に学習されていません（{random[0]} がありません）。"
        f"{entry.task} 用に学習したモデルを指定してください。",
        en=f"The model {entry.name} was not trained for {entry.task} ({random[0]} is missing). Name one that was fine-tuned for it.",
        model=entry.name,
    )


def _check_adapter(adapter: Path | None) -> None:
    if adapter is None or (adapter / "adapter_model.safetensors").exists():
        return
    raise ModelError(
        "adapter_not_found",
        ja=f"アダプター {adapter} がありません（adapter_config.json と adapter_model.safetensors が必要です）。",
        en=f"There is no adapter in {adapter} (an adapter_config.json and an adapter_model.safetensors are needed).",
    )


def _merge_adapter(model: PreTrainedModel, adapter: Path) -> PreTrainedModel:
    """Merge a peft folder into the weights."""
    from peft import PeftModel

    merged: PreTrainedModel = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    return merged


def _adapter_weights(adapter: Path) -> set[str]:
    """The names of the model's weights that the adapter replaces as a whole: its head."""
    with safe_open(adapter / "adapter_model.safetensors", framework="pt") as file:
        return {name.removeprefix("base_model.model.") for name in file.keys()}  # noqa: SIM118 - it is no dict


def _unloadable(entry: CatalogEntry, error: Exception) -> ModelError:
    if isinstance(error, pickle.UnpicklingError) or "weights_only" in str(error) or "Weights only" in str(error):
        return ModelError(
            "unsafe_checkpoint",
            ja=f"モデル「{entry.name}」の pytorch_model.bin には重み以外のものが含まれるため、読み込みません。"
            "safetensors 形式のものを使ってください。",
            en=f"pytorch_model.bin of {entry.name} holds more than weights and is not loaded. Use a checkpoint in safetensors.",
            model=entry.name,
        )
    why = reason_of(error, with_file=True)
    return ModelError(
        "model_unreadable",
        ja=f"モデル「{entry.name}」を読み込めません（{why.ja}）。ファイルが欠けているか壊れています。もう一度取得してください。",
        en=f"The model {entry.name} cannot be loaded ({why.en}): files are missing or damaged. Fetch it again.",
        model=entry.name,
    )


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep the library's progress bars and reports off people's terminals."""
    verbosity = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()
