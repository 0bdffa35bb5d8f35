"""The labels that a text is counted under, on screens and by rules of people: its sentiment and its risks."""

from collections.abc import Mapping

from streams.events.schema import ScoredText


def labels_of(text: ScoredText) -> Mapping[str, int]:
    return dict.fromkeys((*text.flagged, text.sentiment or "unscored"), 1)


def platform_labels(text: ScoredText) -> Mapping[str, int]:
    """The same with how many texts there are, by `<platform>|<label>`."""
    return {f"{text.platform}|{label}": number for label, number in {**labels_of(text), "texts": 1}.items()}
