"""What the API server says when it says no."""

from __future__ import annotations

import msgspec
import pytest

from core.kube.client import Response
from core.kube.errors import (
    MAX_MESSAGE,
    MAX_RETRY_AFTER,
    ApiError,
    Forbidden,
    Gone,
    Missing,
    Overloaded,
    Refused,
    TooLarge,
    Unauthorized,
    Unprocessable,
    check,
    parse_status,
    to_error,
)


def status(**members: object) -> bytes:
    """A Status' JSON."""
    return msgspec.json.encode({"kind": "Status", "apiVersion": "v1", "status": "Failure", **members})


@pytest.mark.parametrize(
    ("code", "expected", "retry"),
    [
        (400, Unprocessable, False),
        (401, Unauthorized, False),
        (403, Forbidden, False),
        (404, Missing, False),
        (409, Refused, False),
        (410, Gone, False),
        (413, TooLarge, False),
        (422, Unprocessable, False),
        (429, Overloaded, True),
        (500, Overloaded, True),
        (503, Overloaded, True),
        (504, Overloaded, True),
        (302, ApiError, False),
        (418, ApiError, False),
    ],
)
def test_every_refusal_has_its_class(code: int, expected: type[ApiError], retry: bool) -> None:
    """The HTTP status decides the class, and whether to try again."""
    with pytest.raises(ApiError) as caught:
        check(Response(code, {}, status(code=code, message="no", reason="Because")))
    assert (type(caught.value), caught.value.retry) == (expected, retry)
    assert (caught.value.status, caught.value.reason, caught.value.message) == (code, "Because", "no")


@pytest.mark.parametrize("code", [200, 201, 202])
def test_success_passes(code: int) -> None:
    """A 2xx answer comes back as it is."""
    response = Response(code, {}, b"{}")
    assert check(response) is response


def test_causes_are_read() -> None:
    """The cause that tells a foreign uid from any other invalid object is kept."""
    cause = {"reason": "FieldValueInvalid", "message": "field is immutable", "field": "metadata.uid"}
    failure = parse_status(status(code=422, reason="Invalid", message="x", details={"causes": [cause]}))
    assert [(c.reason, c.field) for c in failure.causes] == [("FieldValueInvalid", "metadata.uid")]


def test_plain_text_after_a_crd_is_gone() -> None:
    """A 404 that is no Status keeps its text, and its class."""
    failure = parse_status(b"404 page not found\n", status=404)
    assert (failure.status, failure.reason, failure.message) == (404, "", "404 page not found")
    assert isinstance(to_error(failure), Missing)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[]", b'{"kind":"ConfigMap"}', b'{"kind":"Status","code":"x"}'])
def test_strange_bodies_are_no_crash(body: bytes) -> None:
    """Whatever comes as an error body, an ApiError of the HTTP status is raised."""
    with pytest.raises(Overloaded):
        check(Response(503, {}, body))


@pytest.mark.parametrize(
    ("header", "expected"),
    [("3", 3.0), ("86400", MAX_RETRY_AFTER), ("-1", None), ("nan", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)],
)
def test_retry_after(header: str, expected: float | None) -> None:
    """Seconds are honoured up to a minute; anything else is no promise."""
    assert parse_status(b"", status=429, retry_after=header).retry_after == expected


def test_retry_after_of_the_details() -> None:
    """Without the header, the seconds of the Status count."""
    assert parse_status(status(code=429, details={"retryAfterSeconds": 2})).retry_after == 2.0


def test_messages_are_cut() -> None:
    """Text from outside is bounded."""
    assert len(parse_status(status(code=500, message="x" * 100_000)).message) == MAX_MESSAGE
    assert len(parse_status(b"y" * 100_000, status=500).message) == MAX_MESSAGE
