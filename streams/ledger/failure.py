"""What an error of redis-py's means: what may pass by itself, and what an operator must mend."""

import ssl
from typing import Final

from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthorizationError,
    ClusterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from streams.errors import PulsewatchError, Unavailable, UsageError

CREDENTIALS: Final = "look at PULSEWATCH_REDIS and PULSEWATCH_REDIS_PASSWORD"
_ASKS_FOR_LOGIN = ("NOAUTH", "WRONGPASS", "ERR AUTH")
_PASSING_ANSWERS = ("LOADING", "BUSY", "MISCONF", "NOREPLICAS", "UNBLOCKED", "MASTERDOWN")


def redis_failure(error: Exception) -> PulsewatchError | None:
    """The error to raise instead: Unavailable, or a UsageError that says what to set. None for an answer that is
    neither: a defect of ours."""
    if isinstance(error, AuthenticationError | AuthorizationError) or str(error).startswith(_ASKS_FOR_LOGIN):
        return UsageError(f"Redis refuses these credentials: {CREDENTIALS}")
    if isinstance(error, NoPermissionError):
        return UsageError(f"Redis does not allow this user what Pulsewatch does ({error}): deploy/redis/users.acl does")
    if isinstance(error, ResponseError) and str(error).startswith("DB index is out of range"):
        return UsageError("Redis has no database of that number: set another at the end of PULSEWATCH_REDIS")
    if isinstance(error, AskError):  # MOVED is one
        return UsageError("Redis is a node of a cluster: set PULSEWATCH_REDIS to redis+cluster://…")
    if isinstance(error, RedisClusterException):
        return _cluster_failure(error)
    if isinstance(error, ClusterDownError | TryAgainError):
        return Unavailable(f"Redis does not answer: {error}")
    if isinstance(error, RedisConnectionError | RedisTimeoutError | OSError):
        return _connection_failure(error)
    if isinstance(error, OutOfMemoryError | ReadOnlyError):
        return Unavailable(f"Redis does not take writes: {error}")
    if isinstance(error, ResponseError) and str(error).startswith(_PASSING_ANSWERS):
        return Unavailable(f"Redis is busy: {error}")
    return None


def _cluster_failure(error: Exception) -> PulsewatchError:
    if "not enabled" in str(error):
        return UsageError("Redis is no cluster: set PULSEWATCH_REDIS to redis://…")
    return _connection_failure(error)


def _connection_failure(error: Exception) -> PulsewatchError:
    refused: BaseException | None = error
    while refused is not None:
        if isinstance(refused, ssl.SSLCertVerificationError):
            return UsageError(f"Redis's certificate is not trusted ({refused.verify_message}): set PULSEWATCH_REDIS_CA")
        if isinstance(refused, AuthenticationError):
            return UsageError(f"Redis refuses these credentials: {CREDENTIALS}")
        if isinstance(refused, ssl.SSLError) and refused.reason:
            return UsageError(
                f"Redis ends the TLS handshake ({refused.reason}): look at the scheme of PULSEWATCH_REDIS and at "
                "PULSEWATCH_REDIS_CERTIFICATE"
            )
        refused = refused.__cause__ or refused.__context__
    return Unavailable(f"Redis does not answer: {error}")
