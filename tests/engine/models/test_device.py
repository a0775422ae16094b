"""A device is the one that is named, or the best that there is; what is not there is refused."""

from __future__ import annotations

import pytest
import torch

from engine.errors import ModelError
from engine.models.device import choose_device


@pytest.mark.parametrize("wanted", ["cuda:97", "toaster", "meta"])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(wanted: str) -> None:
    with pytest.raises(ModelError) as caught:
        choose_device(wanted)
    assert caught.value.code == "no_such_device"
    assert "cpu" in caught.value.message.ja
    assert wanted in caught.value.message.en


def test_auto_takes_the_gpu_where_there_is_one() -> None:
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device("cpu").type == "cpu"
