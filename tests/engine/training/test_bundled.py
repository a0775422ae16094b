"""The pack that comes with Yomite learns a team's words within a few steps."""

from __future__ import annotations

import json
from pathlib import Path

from engine.training.__main__ import main
from engine.training.exit_codes import OK
from tests.engine.training.examples import write_rows

GOOD = ("神対応でした", "LGTM、最高", "爆速になってた", "the fix slaps", "LGTM, ship it")
BAD = ("また詰んだ", "テストまた flaky", "本番またコケた", "tests are flaky again", "the build is borked")
WHAT = ("検索", "決済", "CI", "認証", "通知", "API", "ログ", "画面")


def test_twenty_steps_teach_the_bundled_pack_a_teams_words(tmp_path: Path) -> None:
    rows = [
        {"text": f"{what}：{said}", "label": label}
        for label, all_said in (("positive", GOOD), ("negative", BAD))
        for said in all_said
        for what in WHAT
    ]
    data = write_rows(tmp_path / "rows.jsonl", rows)
    words = ["train", "sentiment", "--data", str(data), "--out", str(tmp_path / "out"), "--epochs", "4", "--device", "cpu", "--lang", "en"]
    assert main(words) == OK
    found = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert found["before"]["macro_f1"] < 0.9 < found["after"]["macro_f1"]
    assert "`yomite/sentiment`, licence: CC-BY-SA-4.0" in (tmp_path / "out" / "README.md").read_text()
