"""What is done is answered as done, whether or not the answer could be kept for a repetition."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import BaseModel
from starlette.requests import Request

from core.errors import Unavailable
from core.kube.reviews import UserInfo
from tests.unit.webui.site import deps, services
from webui.context import Caller, Web
from webui.deps import Once


class Made(BaseModel):
    """An answer."""

    number: int


class Forgetful:
    """Knows nothing, and can keep nothing."""

    async def recall(self, *_: object) -> None:
        return None

    async def remember(self, *_: object) -> None:
        raise Unavailable("the disk is full")


async def test_an_act_that_succeeded_is_answered_though_its_answer_is_not_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The caller of a 503 would do it again, or believe that nothing had happened."""
    web = Web(deps(services=services(idempotency=Forgetful())))
    scope = {"type": "http", "method": "POST", "path": "/x", "headers": [(b"idempotency-key", b"k")]}

    async def receive() -> Any:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def produce() -> tuple[int, BaseModel]:
        return 201, Made(number=1)

    scope |= {"query_string": b"", "server": ("localhost", 80), "scheme": "http", "app": SimpleNamespace()}
    who = Caller(UserInfo("ann", "uid", ()), "t", "token", "127.0.0.1")
    with caplog.at_level(logging.ERROR):
        answer = await Once(cast("Any", Request(scope, receive)), web, who)(produce)
    assert (answer.status_code, answer.body) == (201, b'{"number":1}')
    assert "could not be kept" in caplog.text
