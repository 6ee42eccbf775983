"""The story of what ran out of time, at a training tenant of its own."""

import argparse
import json
from pathlib import Path

from casework.settings import load_settings
from tests.journeys.overdue import NAME, STEPS
from tests.journeys.play import play


def test_what_ran_out_of_time_is_warned_of_followed_up_and_closed(tmp_path: Path) -> None:
    """R090, R101, R180, R185, R186, through the console's own pages."""
    assert play(argparse.Namespace(story=NAME, out=tmp_path, base_url=None), load_settings) == 0
    written = json.loads((tmp_path / NAME / "journey.json").read_text(encoding="utf-8"))
    assert [step["outcome"] for step in written["steps"]] == ["as it should be"] * len(STEPS)
