"""Averages the weights of two adapters of one lineage: `python -m engine.pack.averaging FIRST SECOND --share 0.7 --out FOLDER`.

An adapter and its fine-tuned successor lie in one valley of the loss; a point between them is often better than both (Wortsman et
al. 2022, "Robust fine-tuning of zero-shot models").
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

WEIGHTS = "adapter_model.safetensors"


def average_adapters(first: Path, second: Path, *, share: float, out: Path) -> None:
    """Write the adapter `(1 - share) · first + share · second` to `out`, with everything else of `second`. `share` in 0..1.

    Raises:
        ValueError: the two hold different tensors, or `share` is out of range.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be from 0 to 1, got {share}")
    a, b = load_file(first / WEIGHTS), load_file(second / WEIGHTS)
    if {name: tensor.shape for name, tensor in a.items()} != {name: tensor.shape for name, tensor in b.items()}:
        raise ValueError(f"{first} and {second} hold different tensors: one must have been trained on from the other")
    mixed = {name: ((1 - share) * a[name].float() + share * b[name].float()).to(b[name].dtype) for name in b}
    if out != second:
        shutil.copytree(second, out, dirs_exist_ok=True)
    save_file(mixed, out / WEIGHTS, metadata={"format": "pt"})


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.pack.averaging", description=__doc__)
    parser.add_argument("first", type=Path, help="the adapter before")
    parser.add_argument("second", type=Path, help="the adapter that was trained on from it")
    parser.add_argument("--share", type=float, required=True, help="how much of the second, from 0 to 1")
    parser.add_argument("--out", type=Path, required=True, help="where the result is written")
    given = parser.parse_args()
    average_adapters(given.first, given.second, share=given.share, out=given.out)


if __name__ == "__main__":
    main()
