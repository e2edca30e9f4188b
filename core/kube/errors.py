"""What can go wrong between us and the API server, as one tree.

    KubeError
    ├── Unreachable            no usable answer: a write may have happened, so re-read before deciding (retry)
    │   ├── AnswerTooLarge     the answer is over our cap
    │   ├── MalformedAnswer    the answer is not the JSON we asked for
    │   └── StreamBroken       an open watch ended other than cleanly
    │       ├── LineTooLong    one line is over our cap
    │       └── StreamStalled  no complete line for the length of the watchdog
    ├── KindUnknown            discovery does not list the kind (heals when its CRD appears)
    └── ApiError               the API server said no; `retry` says whether it may say yes later
        ├── Unauthorized 401   ├── Forbidden 403      ├── Missing 404      ├── Refused 409 (conflict, already exists)
        ├── Gone 410           ├── Unprocessable 400, 422                  ├── TooLarge 413
        └── Overloaded 408, 429, 500, 502, 503, 504 (retry)

Messages come from outside: they are cut to MAX_MESSAGE characters, and are text, never markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import msgspec

from core.errors import ChakratorError

MAX_MESSAGE = 4096
MAX_RETRY_AFTER = 60.0  # longer promises are not believed: an outage is probed once a minute at least


class KubeError(ChakratorError):
    """Root of everything this package raises on purpose."""

    code = "kubernetes"


class Unreachable(KubeError):
    """No usable answer came. For a write this means unknown, not failed."""

    code = "unavailable"
    retry = True


class AnswerTooLarge(Unreachable):
    """The body is over the transport's cap; it was not read further."""


class MalformedAnswer(Unreachable):
    """The body is not the JSON that was asked for."""


class StreamBroken(Unreachable):
    """An open watch was cut, or carried something that cannot be trusted."""


class LineTooLong(StreamBroken):
    """One line of a watch is over the transport's cap."""


class StreamStalled(StreamBroken):
    """A watch gave no complete line for longer than bookmarks can explain."""


class KindUnknown(KubeError):
    """The API server serves no such kind now."""

    code = "not_found"
    retry = True


@dataclass(frozen=True, slots=True)
class Cause:
    """One entry of a Status' details.causes."""

    reason: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A parsed Status; `reason` is empty where the body was not a Status (a 404 after a CRD is gone is plain text)."""

    status: int
    reason: str
    message: str
    causes: tuple[Cause, ...] = ()
    retry_after: float | None = None


class ApiError(KubeError):
    """The API server's refusal, kept whole in `failure`."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message, details={"status": failure.status, "reason": failure.reason})
        self.failure = failure

    @property
    def status(self) -> int:
        """The HTTP status, or the code of a Status that came inside a watch."""
        return self.failure.status

    @property
    def reason(self) -> str:
        """Machine-readable reason of the Status: `NotFound`, `Conflict`, `Expired`, …"""
        return self.failure.reason

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Details of the Status."""
        return self.failure.causes

    @property
    def retry_after(self) -> float | None:
        """Seconds the server asks us to wait, at most MAX_RETRY_AFTER."""
        return self.failure.retry_after


class Unauthorized(ApiError):
    """401: the token is not accepted."""


class Forbidden(ApiError):
    """403: a right is missing, or the namespace is terminating (see `causes`)."""


class Missing(ApiError):
    """404: no such object, or no such resource any more."""


class Refused(ApiError):
    """409: a precondition failed, a field is another manager's, or the object exists."""


class Gone(ApiError):
    """410: the resourceVersion or continue token is too old."""


class Unprocessable(ApiError):
    """400 or 422: the request itself is wrong."""


class TooLarge(ApiError):
    """413: the object is over the server's limit."""


class Overloaded(ApiError):
    """The server cannot now; a write behind a 500 or 504 may have been committed."""

    retry = True


_BY_STATUS: dict[int, type[ApiError]] = {
    400: Unprocessable,
    401: Unauthorized,
    403: Forbidden,
    404: Missing,
    409: Refused,
    410: Gone,
    413: TooLarge,
    422: Unprocessable,
}
_OVERLOAD = frozenset({408, 429, 500, 502, 503, 504})


class AnswerLike(Protocol):
    """What `check` needs of a response."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


AnswerT = TypeVar("AnswerT", bound=AnswerLike)


class _Cause(msgspec.Struct):
    reason: str = ""
    field: str = ""
    message: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None
    retry_after_seconds: float | None = msgspec.field(default=None, name="retryAfterSeconds")


class _Status(msgspec.Struct):
    kind: str = ""
    code: int | None = None
    reason: str | None = None
    message: str | None = None
    details: _Details | None = None


_decoder = msgspec.json.Decoder(_Status)


def parse_status(body: bytes, *, status: int = 0, retry_after: str | None = None) -> Failure:
    """Reads a Status, or makes one of whatever text came instead. `status` is that of HTTP, 0 inside a watch."""
    wait = _seconds(retry_after)
    try:
        decoded = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        decoded = _Status()
    if decoded.kind != "Status":
        text = body[:MAX_MESSAGE].decode("utf-8", "replace").strip()
        return Failure(status=status, reason="", message=text or f"HTTP {status}", retry_after=wait)
    details = decoded.details or _Details()
    if wait is None and details.retry_after_seconds:
        wait = _seconds(str(details.retry_after_seconds))
    return Failure(
        status=decoded.code or status,
        reason=decoded.reason or "",
        message=(decoded.message or f"HTTP {status}")[:MAX_MESSAGE],
        causes=tuple(_causes(details)),
        retry_after=wait,
    )


def _causes(details: _Details) -> Iterator[Cause]:
    for cause in (details.causes or [])[:100]:
        yield Cause(reason=cause.reason, field=cause.field[:MAX_MESSAGE], message=cause.message[:MAX_MESSAGE])


def _seconds(text: str | None) -> float | None:
    """Retry-After in its form of seconds; the API server never sends the form of a date."""
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return min(value, MAX_RETRY_AFTER) if value >= 0 else None


def to_error(failure: Failure) -> ApiError:
    """The class of the tree for a parsed Status."""
    if failure.status in _OVERLOAD:
        return Overloaded(failure)
    return _BY_STATUS.get(failure.status, ApiError)(failure)


def check(response: AnswerT) -> AnswerT:
    """Gives the response back when it is 2xx, else raises its ApiError (a redirect is an error too)."""
    if 200 <= response.status < 300:
        return response
    raise to_error(parse_status(response.body, status=response.status, retry_after=response.headers.get("Retry-After")))
