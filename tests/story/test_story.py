"""Every story, as a test of its own."""

from pathlib import Path

import pytest

from tests.story.life import Life
from tests.story.lives import STORIES, Story
from tests.story.stage import stage


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)
def test_a_life_goes_as_it_must(story: Story, tmp_path: Path) -> None:
    """Each step of a life brings exactly the events, the access and the journal entries it names."""
    with stage(tmp_path, story.catalog, webhooks=story.webhooks) as set_stage:
        life = Life(set_stage)
        life.begin(story.title)
        story.tell(life)
