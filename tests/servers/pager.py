"""The pager in this process, so that a test can look at what came."""

from contextlib import AbstractContextManager

from deploy.local.receiver import Receiver
from tests.servers.http_thread import serving


def receiver() -> AbstractContextManager[Receiver]:
    return serving(Receiver())
