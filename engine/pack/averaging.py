"""Averages two adapters of one encoder: `python -m engine.pack.averaging FIRST SECOND --share 0.7 --out FOLDER`.

Models that were fine-tuned from the same weights mostly lie in one valley of the loss, and a point between them is often better than both
(Wortsman et al. 2022, "Model soups"). What is averaged is what the adapters change, the products of their two matrices; of the mean, the
largest singular values are kept, as many as the adapters have ranks. Heads are averaged as they are: that makes sense only where they
had the same start, as `similar`'s has, or one adapter was trained on from the other.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.models.sums import FILE, write_sums

WEIGHTS = "adapter_model.safetensors"
DOWN, UP = ".lora_A.weight", ".lora_B.weight"


def average_adapters(first: Path, second: Path, *, share: float, out: Path) -> None:
    """Write what lies `share` (0..1) of the way from `first` to `second` to `out`, with everything else of `second`.

    Raises:
        ValueError: the two hold different tensors, or `share` is out of range.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be from 0 to 1, got {share}")
    a, b = load_file(first / WEIGHTS), load_file(second / WEIGHTS)
    if {name: tensor.shape for name, tensor in a.items()} != {name: tensor.shape for name, tensor in b.items()}:
        raise ValueError(f"{first} and {second} hold different tensors: both must be adapters of one encoder and one rank")
    mixed: dict[str, Tensor] = {}
    for name in b:
        if name.endswith(DOWN):
            up = name.removesuffix(DOWN) + UP
            mixed[name], mixed[up] = _mean_of_products((a[name], a[up]), (b[name], b[up]), share=share)
        elif not name.endswith(UP):
            mixed[name] = (1 - share) * a[name].float() + share * b[name].float()
    if out != second:
        shutil.copytree(second, out, dirs_exist_ok=True)
    save_file({name: mixed[name].to(b[name].dtype).contiguous() for name in b}, out / WEIGHTS, metadata={"format": "pt"})


def _mean_of_products(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor], *, share: float) -> tuple[Tensor, Tensor]:
    """*Shapes:* down (rank, columns), up (rows, rank), twice → the same; the nearest such pair to the mean (Eckart and Young 1936)."""
    down = torch.cat([a[0].float(), b[0].float()])  # (2 · rank, columns)
    up = torch.cat([(1 - share) * a[1].float(), share * b[1].float()], dim=1)  # (rows, 2 · rank)
    q_up, r_up = torch.linalg.qr(up)
    q_down, r_down = torch.linalg.qr(down.T)
    left, values, right = torch.linalg.svd(r_up @ r_down.T)  # of a small matrix: both factors have 2 · rank columns at most
    rank = len(a[0])
    roots = values[:rank].sqrt()
    return roots[:, None] * right[:rank] @ q_down.T, q_up @ left[:, :rank] * roots


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.pack.averaging", description=__doc__)
    parser.add_argument("first", type=Path, help="an adapter")
    parser.add_argument("second", type=Path, help="another one of the same encoder, rank and heads")
    parser.add_argument("--share", type=float, required=True, help="how much of the second, from 0 to 1")
    parser.add_argument("--out", type=Path, required=True, help="where the result is written")
    given = parser.parse_args()
    average_adapters(given.first, given.second, share=given.share, out=given.out)
    if (given.out.parent / FILE).exists():  # an adapter of the pack is loaded only with the digest that stands there
        write_sums(given.out.parent)


if __name__ == "__main__":
    main()
