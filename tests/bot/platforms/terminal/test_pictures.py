"""Pictures become files; none that is already there is lost unless it was named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import InputError
from bot.platforms.terminal.pictures import as_json_with_files, write_pictures
from engine.contract import Image, Message, SimilarResult

IMAGE = Image(name="map.png", media_type="image/png", width_px=2, height_px=1, alt=Message(ja="図", en="map"), data=b"picture")


def test_a_picture_never_replaces_another_unasked(tmp_path: Path) -> None:
    paths = [*write_pictures([IMAGE, IMAGE], output=tmp_path), *write_pictures([IMAGE], output=tmp_path)]
    assert [path.name for path in paths] == ["map.png", "map-2.png", "map-3.png"]
    assert all(path.read_bytes() == b"picture" for path in paths)


def test_a_named_file_is_replaced(tmp_path: Path) -> None:
    wished = tmp_path / "wished.png"
    wished.write_bytes(b"old")
    assert write_pictures([IMAGE], output=wished) == (wished,)
    assert wished.read_bytes() == b"picture"


def test_without_a_name_the_picture_goes_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert write_pictures([IMAGE], output=None) == (Path("map.png"),)
    assert (tmp_path / "map.png").exists()


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write_pictures([IMAGE], output=tmp_path / "missing" / "map.png")
    assert "missing" in caught.value.message.ja
    assert "--output" in caught.value.message.en


def test_the_json_form_names_the_file_instead_of_holding_the_picture() -> None:
    result = SimilarResult(language="en", model="m", matrix=((1.0,),), ranking=(), pooling="mean", images=(IMAGE,))
    data = as_json_with_files(result, [Path("out/map.png")])
    assert list(data["images"]) == [
        {
            "name": "map.png",
            "media_type": "image/png",
            "width_px": 2,
            "height_px": 1,
            "alt": {"ja": "図", "en": "map"},
            "file": "out/map.png",
        }
    ]
