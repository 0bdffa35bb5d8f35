"""The pager in this process, so that a test can look at what came."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.receiver import Receiver


@contextmanager
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
