"""Pictures and pages become files; none that is already there is lost unless it was named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import InputError
from bot.platforms.terminal.pictures import as_asked, as_json_with_files, belongings_of, write_belongings
from engine.contract import ExplainAttentionRequest, Image, Message, SimilarResult
from tests.bot.explaining import PAGE, explained

IMAGE = Image(name="map.png", media_type="image/png", width_px=2, height_px=1, alt=Message(ja="図", en="map"), data=b"picture")


def test_a_picture_never_replaces_another_unasked(tmp_path: Path) -> None:
    paths = [*write_belongings([IMAGE, IMAGE], output=tmp_path), *write_belongings([IMAGE], output=tmp_path)]
    assert [path.name for path in paths] == ["map.png", "map-2.png", "map-3.png"]
    assert all(path.read_bytes() == b"picture" for path in paths)


def test_a_named_file_is_replaced(tmp_path: Path) -> None:
    wished = tmp_path / "wished.png"
    wished.write_bytes(b"old")
    assert write_belongings([IMAGE], output=wished) == (wished,)
    assert wished.read_bytes() == b"picture"


def test_without_a_name_the_picture_goes_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert write_belongings([IMAGE], output=None) == (Path("map.png"),)
    assert (tmp_path / "map.png").exists()


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write_belongings([IMAGE], output=tmp_path / "missing" / "map.png")
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


@pytest.mark.parametrize(
    ("wished", "written"),
    [
        ("map.png", ["map.png", "map-2.png", "attention.html"]),
        ("図.html", ["map.png", "map-2.png", "図.html"]),
        ("", ["map.png", "map-2.png", "attention.html"]),
    ],
)
def test_a_page_is_written_beside_the_pictures_or_under_the_name_that_is_meant_for_it(
    tmp_path: Path, wished: str, written: list[str]
) -> None:
    result = explained(ExplainAttentionRequest(text="猫"), images=(IMAGE, IMAGE))
    paths = write_belongings(belongings_of(result), output=tmp_path / wished)
    assert [path.name for path in paths] == written
    assert paths[2].read_bytes() == PAGE.data
    data = as_json_with_files(result, paths)
    assert [image["file"] for image in data["images"]] == [str(path) for path in paths[:2]]
    assert [(file["file"], "data" in file) for file in data["files"]] == [(str(paths[2]), False)]


def test_the_picture_of_a_matrix_is_written_only_where_it_is_asked_for(tmp_path: Path) -> None:
    result = SimilarResult(language="en", model="m", matrix=((1.0,),), ranking=(), pooling="mean", images=(IMAGE,))
    assert belongings_of(as_asked(result, output=None)) == ()
    assert as_asked(result, output=tmp_path) == result
    explanation = explained(ExplainAttentionRequest(text="good"), images=(IMAGE,))
    assert as_asked(explanation, output=None) == explanation
