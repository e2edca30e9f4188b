"""Reviews: an answer that is not a clear yes is a no, or an error."""

from __future__ import annotations

import msgspec
import pytest

from core.kube.client import Response
from core.kube.errors import Forbidden, MalformedAnswer
from core.kube.reviews import MAX_TOKEN, Attributes, UserInfo, access_review, token_review

GET_CODE = Attributes("get", "reconcilers", group="chakrator.example.com", namespace="team-a", subresource="code")


class Reviewer:
    """Answers every review with one body, and keeps what was asked."""

    def __init__(self, answer: object, status: int = 201) -> None:
        self.answer = Response(status, {}, msgspec.json.encode(answer))
        self.asked: list[tuple[str, dict[str, object]]] = []

    async def request(self, method: str, path: str, *, body: bytes | None = None, timeout: float = 0) -> Response:
        """Only POSTs are reviews."""
        assert method == "POST"
        self.asked.append((path, msgspec.json.decode(body or b"")["spec"]))
        return self.answer


async def test_an_accepted_token_names_its_user() -> None:
    """Name, uid and groups come from the API server."""
    user = {"username": "ann", "uid": "7", "groups": ["a", "b"], "extra": {"k": ["v"]}}
    reviewer = Reviewer({"status": {"authenticated": True, "user": user}})
    assert await token_review(reviewer, "secret") == UserInfo("ann", "7", ("a", "b"))
    assert reviewer.asked == [("/apis/authentication.k8s.io/v1/tokenreviews", {"token": "secret"})]


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"authenticated": False, "user": {"username": "ann"}},
        {"authenticated": True},
        {"authenticated": True, "user": {"username": "ann"}, "error": "odd"},
        {"user": {"username": "ann"}},
    ],
)
async def test_anything_less_is_nobody(status: object) -> None:
    """Without a clear yes there is no user."""
    assert await token_review(Reviewer({"status": status}), "secret") is None


@pytest.mark.parametrize("token", ["", "x" * (MAX_TOKEN + 1)])
async def test_impossible_tokens_are_not_sent(token: str) -> None:
    """An empty or huge token costs no request."""
    reviewer = Reviewer({})
    assert await token_review(reviewer, token) is None
    assert reviewer.asked == []


async def test_the_question_names_everything() -> None:
    """User, groups and every attribute that was given are asked for, and no empty one."""
    reviewer = Reviewer({"status": {"allowed": True}})
    assert await access_review(reviewer, "ann", ["g"], GET_CODE) is True
    assert reviewer.asked[0][1] == {
        "user": "ann",
        "groups": ["g"],
        "resourceAttributes": {
            "verb": "get",
            "resource": "reconcilers",
            "subresource": "code",
            "group": "chakrator.example.com",
            "namespace": "team-a",
        },
    }
    assert str(GET_CODE) == "get reconcilers/code.chakrator.example.com in namespace team-a"


@pytest.mark.parametrize("status", [{"allowed": False}, {"allowed": True, "denied": True}])
async def test_denied(status: object) -> None:
    """Not allowed, or denied by one authorizer, is a no."""
    assert await access_review(Reviewer({"status": status}), "ann", [], GET_CODE) is False


async def test_no_answer_is_an_error() -> None:
    """A review that cannot be made never reads as a yes or as a no."""
    with pytest.raises(MalformedAnswer):
        await access_review(Reviewer({}), "ann", [], GET_CODE)
    with pytest.raises(MalformedAnswer):
        await token_review(Reviewer([]), "secret")
    with pytest.raises(Forbidden):
        await access_review(Reviewer({"kind": "Status", "code": 403}, status=403), "ann", [], GET_CODE)
