"""Everything that is no event, between events: each has a dead letter with its reason, and nothing else is harmed."""

import time
from collections import Counter
from dataclasses import replace

from streams.kafka.dead_letter_sink import TRUNCATED_BYTES
from streams.simulate.generate import generate
from streams.simulate.scenario import Disorder
from streams.simulate.scenarios import COUNTERS
from tests.faults.exactness import assert_exact
from tests.servers.site import Site
from tests.servers.waiting import until


def test_malformed_records_are_dead_letters_and_the_rest_is_counted(site: Site) -> None:
    disorder = Disorder(malformed_rounds=2, huge_records=True, late=20)
    traffic = generate(replace(COUNTERS, minutes=3, disorder=disorder, seed=41), int(time.time() * 1000))
    worker = site.worker("engagement")
    site.feed(traffic.records)
    ends = site.ends()
    with worker:
        until(lambda: site.caught_up("engagement", ends), "all is read")
    letters = assert_exact(site, traffic.truth)
    sent = Counter(record.value for record in traffic.records)
    cut = [letter for letter in letters if letter.truncated]
    assert all(sent[letter.value] for letter in letters if not letter.truncated)
    assert max(letter.size_bytes or 0 for letter in cut) > 10_000_000
    beginnings = {value[:TRUNCATED_BYTES] for value in sent if value is not None}
    assert all(len(letter.value or b"") == TRUNCATED_BYTES and letter.value in beginnings for letter in cut)
    assert {letter.reason for letter in letters} >= {
        "empty", "bad_json", "bad_utf8", "too_deep", "too_large", "missing_field", "wrong_type", "unknown_kind",
        "unknown_value", "out_of_range", "time_out_of_range",
    }  # fmt: skip
