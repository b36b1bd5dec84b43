"""Tells every story, and fails if one goes astray: ``make story``."""

import sys
import tempfile
import traceback
from pathlib import Path

from tests.story.life import Life
from tests.story.lives import STORIES
from tests.story.stage import stage


def main() -> int:
    """Tell the stories one after the other, and return how many went astray."""
    astray = 0
    for story in STORIES:
        with (
            tempfile.TemporaryDirectory() as folder,
            stage(Path(folder), story.catalog, webhooks=story.webhooks) as set_stage,
        ):
            life = Life(set_stage)
            try:
                life.begin(f"({story.letter}) {story.title}")
                story.tell(life)
            except Exception:
                astray += 1
                traceback.print_exc(file=sys.stdout)
    told = len(STORIES) - astray
    print(f"\n{told} stories told, {astray} went astray")
    return astray


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
