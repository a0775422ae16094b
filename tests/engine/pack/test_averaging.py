"""Two adapters of one encoder can be averaged; others are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.pack.averaging import WEIGHTS, average_adapters


def adapter(folder: Path, **tensors: torch.Tensor) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(f'{{"name": "{folder.name}"}}', encoding="utf-8")
    save_file(tensors, folder / WEIGHTS)
    return folder


@pytest.mark.parametrize(("share", "wanted"), [(0.0, [0.0, 2.0]), (0.5, [1.0, 3.0]), (1.0, [2.0, 4.0])])
def test_the_result_lies_between_the_two(tmp_path: Path, share: float, wanted: list[float]) -> None:
    first = adapter(tmp_path / "first", a=torch.tensor([0.0, 2.0]).half())
    second = adapter(tmp_path / "second", a=torch.tensor([2.0, 4.0]).half())
    average_adapters(first, second, share=share, out=tmp_path / "out")
    found = load_file(tmp_path / "out" / WEIGHTS)["a"]
    assert found.tolist() == wanted
    assert found.dtype == torch.float16
    assert "second" in (tmp_path / "out" / "config.json").read_text(encoding="utf-8")


def test_adapters_of_different_tensors_are_refused(tmp_path: Path) -> None:
    first, second = adapter(tmp_path / "first", a=torch.zeros(2)), adapter(tmp_path / "second", a=torch.zeros(3))
    with pytest.raises(ValueError, match="different tensors"):
        average_adapters(first, second, share=0.5, out=tmp_path / "out")


def test_a_share_out_of_range_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"1\.5"):
        average_adapters(tmp_path, tmp_path, share=1.5, out=tmp_path)


def low_rank(*, rank: int = 2, seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {"x.lora_A.weight": torch.randn(rank, 6, generator=generator), "x.lora_B.weight": torch.randn(5, rank, generator=generator)}


def product(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    return tensors["x.lora_B.weight"] @ tensors["x.lora_A.weight"]


def test_what_two_adapters_change_is_averaged_as_well_as_their_rank_can(tmp_path: Path) -> None:
    one, other = low_rank(seed=1), low_rank(seed=2)
    average_adapters(adapter(tmp_path / "first", **one), adapter(tmp_path / "second", **other), share=0.25, out=tmp_path / "out")
    found = load_file(tmp_path / "out" / WEIGHTS)
    assert found["x.lora_A.weight"].shape == (2, 6)
    left, values, right = torch.linalg.svd(0.75 * product(one) + 0.25 * product(other))
    assert torch.allclose(product(found), left[:, :2] * values[:2] @ right[:2], atol=1e-5)


def test_an_adapter_averaged_with_itself_changes_the_same(tmp_path: Path) -> None:
    one = low_rank(seed=3)
    folder = adapter(tmp_path / "first", **one)
    average_adapters(folder, folder, share=0.5, out=tmp_path / "out")
    assert torch.allclose(product(load_file(tmp_path / "out" / WEIGHTS)), product(one), atol=1e-5)
