"""The flow as data agrees with itself, and its figure shows all of it."""

from pathlib import Path

from streams.topology import OUTLETS, REDIS, STAGES, TOPICS, figure

NAMES = {topic.name for topic in TOPICS}


def test_stages_and_outlets_name_topics_that_there_are() -> None:
    for stage in STAGES.values():
        assert {*stage.reads, *stage.writes} <= NAMES
    for outlet in OUTLETS:
        assert set(outlet.reads) <= {*NAMES, REDIS}


def test_every_topic_is_read() -> None:
    by_stages = {name for stage in STAGES.values() for name in stage.reads}
    by_outlets = {name for outlet in OUTLETS for name in outlet.reads}
    assert by_stages | by_outlets == {*NAMES, REDIS}


def test_figure_joins_a_stages_inputs_and_forks_to_its_outputs() -> None:
    assert """
social.interactions ──┐
live.events ──────────┴─► scoring   judges every text: transformer and rules
                          ├─► scored.texts
                          ├─► dead.letters
                          └─► Redis          texts that wait for a score
""" in figure()


def test_figure_shows_every_topic_with_what_writes_it() -> None:
    for name in NAMES:
        assert f"─► {name}" in figure()


def test_readme_has_the_figure() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert f"```\n{figure()}\n```" in readme
