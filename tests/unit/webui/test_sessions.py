"""Sessions end with their token, with time and with a newer one; codes work once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from core.kube.reviews import UserInfo
from webui.errors import Problem
from webui.sessions import BAD_FOR, CODE_LIFE, REVIEW_EVERY, Session, SessionLimits, Sessions, SignInCodes


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


class Reviewer:
    """Tokens and their users, and how often it was asked."""

    def __init__(self, **users: str) -> None:
        self.users = users
        self.asked: list[str] = []

    async def __call__(self, token: str) -> UserInfo | None:
        self.asked.append(token)
        await asyncio.sleep(0)
        name = self.users.get(token)
        return None if name is None else UserInfo(name, f"uid-{name}", ("g",))


def sessions(time: Time, reviewer: Reviewer, **limits: float) -> Sessions:
    return Sessions(review=reviewer, clock=time, limits=SessionLimits(**limits))  # type: ignore[arg-type]


async def opened(kept: Sessions, token: str) -> tuple[str, Session]:
    """A session of a token, reviewed as a sign-in reviews it."""
    user = await kept.ask(token)
    assert user is not None
    return kept.open(token, user, via="session")


async def test_a_session_is_found_by_its_secret_alone() -> None:
    """Neither the token nor a part of the secret finds it."""
    kept = sessions(Time(), Reviewer(t="ann"))
    secret, session = await opened(kept, "t")
    assert await kept.find(secret) is session
    for wrong in ("t", secret[:-1], secret + "x", "", "\ud800"):
        assert await kept.find(wrong) is None


async def test_the_token_is_reviewed_once_a_minute() -> None:
    """Not at each request, and never later than that."""
    time, reviewer = Time(), Reviewer(t="ann")
    kept = sessions(time, reviewer)
    secret, _ = await opened(kept, "t")
    time.seconds += REVIEW_EVERY - 1
    await kept.find(secret)
    assert len(reviewer.asked) == 1
    time.seconds += 1
    await asyncio.gather(*(kept.find(secret) for _ in range(5)))
    assert len(reviewer.asked) == 2


@pytest.mark.parametrize("after", [{}, {"t": "bob"}], ids=["refused", "somebody else's"])
async def test_a_session_ends_with_its_token(after: dict[str, str]) -> None:
    """Also where the token suddenly means another person."""
    time, reviewer = Time(), Reviewer(t="ann")
    kept = sessions(time, reviewer)
    secret, session = await opened(kept, "t")
    reviewer.users = after
    time.seconds += REVIEW_EVERY
    assert await kept.find(secret) is None
    assert session.ended
    reviewer.users = {"t": "ann"}
    assert await kept.find(secret) is None


async def test_a_session_ends_with_time() -> None:
    """Even when its token still holds."""
    time = Time()
    kept = sessions(time, Reviewer(t="ann"), max_age=100)
    secret, _ = await opened(kept, "t")
    time.seconds += 101
    assert await kept.find(secret) is None


async def test_signing_out_ends_it() -> None:
    """The secret is worthless from then on."""
    kept = sessions(Time(), Reviewer(t="ann"))
    secret, session = await opened(kept, "t")
    kept.close(secret)
    assert await kept.find(secret) is None
    assert session.ended


async def test_one_person_never_pushes_out_another() -> None:
    """Their own oldest session makes room; when all is full, nobody's does."""
    kept = sessions(Time(), Reviewer(a="ann", b="bob"), per_user=2, total=3)
    first, _ = await opened(kept, "a")
    other, _ = await opened(kept, "b")
    await opened(kept, "a")
    await opened(kept, "a")
    assert await kept.find(first) is None
    assert await kept.find(other) is not None
    with pytest.raises(Problem) as full:
        await opened(kept, "b")
    assert full.value.status == 503


async def test_a_bearer_token_is_remembered_for_a_minute() -> None:
    """A refused one for seconds."""
    time, reviewer = Time(), Reviewer(t="ann")
    kept = sessions(time, reviewer)
    for _ in range(3):
        assert (await kept.bearer("t")) is not None
        assert (await kept.bearer("wrong")) is None
    assert (reviewer.asked.count("t"), reviewer.asked.count("wrong")) == (1, 1)
    time.seconds += BAD_FOR
    assert (await kept.bearer("wrong")) is None
    assert reviewer.asked.count("wrong") == 2
    assert kept.knows("t")
    time.seconds += REVIEW_EVERY
    assert not kept.knows("t")
    kept.sweep()
    await kept.bearer("t")
    assert reviewer.asked.count("t") == 2


async def test_a_burst_of_one_token_costs_one_review() -> None:
    """Good or bad: who waits looks again before asking."""
    time, reviewer = Time(), Reviewer(t="ann")
    kept = sessions(time, reviewer)
    assert await asyncio.gather(*(kept.bearer("wrong") for _ in range(20))) == [None] * 20
    assert reviewer.asked == ["wrong"]
    assert all(await asyncio.gather(*(kept.bearer("t") for _ in range(20))))
    assert reviewer.asked == ["wrong", "t"]


async def test_signing_in_asks_anew() -> None:
    """What is known of a bearer token does not let a session begin that has ended already."""
    time, reviewer = Time(), Reviewer(t="ann")
    kept = sessions(time, reviewer)
    await kept.bearer("t")
    time.seconds += 1
    reviewer.users = {}
    assert await kept.ask("t") is None
    assert not kept.knows("t")


async def test_nothing_secret_is_shown() -> None:
    """A session in a log line or a traceback holds neither token nor CSRF secret."""
    kept = sessions(Time(), Reviewer(**{"very-secret": "ann"}))
    _, session = await opened(kept, "very-secret")
    assert "very-secret" not in repr(session)
    assert session.csrf not in repr(session)


def test_a_code_works_once() -> None:
    """And only the code itself."""
    codes = SignInCodes(clock=Time())
    code = codes.issue("t")
    assert codes.redeem(code[:-1]) is None
    assert codes.redeem("") is None
    assert codes.redeem(code) == "t"
    assert codes.redeem(code) is None


def test_a_code_is_worthless_after_ten_minutes() -> None:
    """Also when it was never used."""
    time = Time()
    codes = SignInCodes(clock=time)
    code = codes.issue("t")
    time.seconds += CODE_LIFE
    assert codes.redeem(code) is None


def test_the_number_of_codes_is_bounded() -> None:
    """The oldest goes."""
    codes = SignInCodes(clock=Time(), limit=2)
    issued = [codes.issue(str(number)) for number in range(3)]
    assert [codes.redeem(code) for code in issued] == [None, "1", "2"]
