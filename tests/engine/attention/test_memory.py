"""The memory that explaining a long text takes, beside the model's weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
BOUND_BYTES = 2**30
# A process of its own, for the most that a process ever took never falls. 12 layers of 12 heads, as BERT base, at half its width;
# few steps and draws: their batches are bounded, so that more of them take longer but no more memory.
SCRIPT = """
import re
from pathlib import Path
import torch
from transformers import BertConfig, BertForSequenceClassification
from engine.attention import attribution, faithfulness
from engine.contract import ExplainAttentionRequest
from engine.models.loaded import LoadedModel
from engine.tasks import explain_attention
from tests.engine.tasks.tiny_models import VOCABULARY, tiny_tokenizer

torch.set_num_threads(1)
attribution.FIRST_STEPS = attribution.MOST_STEPS = 2
faithfulness.RANDOM_DRAWS = 2
config = BertConfig(vocab_size=len(VOCABULARY), hidden_size=384, intermediate_size=1536, num_hidden_layers=12, num_attention_heads=12)
model = BertForSequenceClassification(config).eval().requires_grad_(False)
loaded = LoadedModel(name="base", model=model, tokenizer=tiny_tokenizer(), window=512)

def most_bytes():
    # getrusage counts what the process that started this one had taken, too.
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

explain_attention.run([ExplainAttentionRequest(text="猫")], ["ja"], loaded)
before = most_bytes()
[outcome] = explain_attention.run([ExplainAttentionRequest(text="猫" * 510)], ["ja"], loaded)
print(outcome.result.attention.shape, len(outcome.result.attention.data), most_bytes() - before)
"""


def test_512_tokens_by_12_layers_of_12_heads_take_less_than_the_bound_and_the_answer_little() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    shape, answer_bytes, extra_bytes = ran.stdout.strip().rsplit(" ", 2)
    assert shape == "(12, 12, 40, 40)"
    assert int(answer_bytes) == 12 * 12 * 40 * 40 * 2
    # All maps alone are 151 MB: less than that would mean that nothing was measured.
    assert 151e6 < int(extra_bytes) < BOUND_BYTES
