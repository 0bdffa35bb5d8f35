"""The readers put together: from settings to one FigureReader, with connections of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from dashboards.figures import FigureReader
from dashboards.lag import LogEnds
from streams.cli.worker import STAGES
from streams.clock import system_clock
from streams.detection.reader import DetectionReader
from streams.engagement.overview import Overview
from streams.ledger.reader import reading_client, stored_offsets
from streams.settings import Settings


@contextmanager
def figure_reader(settings: Settings) -> Iterator[FigureReader]:
    """Reads the stack that the settings name. Connects when it is first asked, and again after an outage."""
    log = LogEnds(settings.kafka)
    with reading_client(settings.redis) as client:
        try:
            yield FigureReader(
                rooms=Overview(client, settings.namespace),
                detections=DetectionReader(client, settings.namespace),
                offsets=lambda: {stage: stored_offsets(client, settings.namespace, stage) for stage in STAGES},
                log=log,
                clock=system_clock,
            )
        finally:
            log.close()
