"""Our own logs: one line each, and no secret in any of them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from core.settings import LogFormat, LogLevel
from core.telemetry.logging import REDACTED, configure_logging, redact

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Logging is the process's: put back what was there."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def written(form: LogFormat, level: LogLevel = LogLevel.INFO) -> io.StringIO:
    """Configures logging into a buffer."""
    out = io.StringIO()
    configure_logging(level, form, out)
    return out


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token", "abc"),
        ("client_secret", "abc"),
        ("X-Api-Key", "abc"),
        ("Authorization", "Basic eDp5"),
        ("password", "abc"),
        ("note", f"the token is {JWT} ok"),
        ("note", "curl -H 'Authorization: Bearer abcdefgh123'"),
        ("note", "https://user:hunter2@example.com/"),
        ("note", "-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----"),
        ("note", {"deep": [{"password": "abc"}, JWT]}),
    ],
)
def test_secrets_are_taken_out(key: str, value: object) -> None:
    """By name, and by looks, at any depth."""
    text = str(redact(None, "info", {"event": "x", key: value}))
    assert REDACTED in text
    assert not any(secret in text for secret in ("'abc'", "eDp5", JWT, "abcdefgh123", "hunter2", "\\nabc\\n"))


def test_ordinary_values_stay() -> None:
    """A name that only sounds like a secret is left alone."""
    event = {"event": "x", "tokens_left": 3, "reason": "spec.message changed", "url": "https://example.com/a@b"}
    assert redact(None, "info", dict(event)) == event


def test_json_lines_hold_one_event_each() -> None:
    """Line ends in a value are escaped, keys are kept, lines of libraries come too."""
    out = written(LogFormat.JSON)
    structlog.get_logger("ours").info("object converged", name="a\nb", token="abc")
    logging.getLogger("theirs").warning("slow: %s", "x\ny")
    first, second = [json.loads(line) for line in out.getvalue().splitlines()]
    assert (first["event"], first["name"], first["token"], first["level"]) == (
        "object converged",
        "a\nb",
        REDACTED,
        "info",
    )
    assert (second["event"], second["level"]) == ("slow: x\ny", "warning")


def test_the_console_cannot_be_driven_by_a_value() -> None:
    """Escape sequences and line ends are shown, not obeyed."""
    out = written(LogFormat.CONSOLE)
    logging.getLogger("theirs").warning("evil \x1b[2J\x1b]0;x\x07\r\nforged [error] line \u2028")
    text = out.getvalue()
    assert "\x1b" not in text
    assert text.count("\n") == 1
    assert "\\x1b[2J" in text


def test_the_level_holds_for_both() -> None:
    """Below the level nothing is written."""
    out = written(LogFormat.JSON, LogLevel.WARNING)
    structlog.get_logger("ours").info("quiet")
    logging.getLogger("theirs").info("quiet")
    assert out.getvalue() == ""


def test_tracebacks_are_redacted_too() -> None:
    """An exception's text may quote what it choked on."""
    out = written(LogFormat.CONSOLE)
    try:
        raise ValueError(f"bad token {JWT}")
    except ValueError:
        structlog.get_logger("ours").exception("it failed")
    assert JWT not in out.getvalue()
    assert "ValueError" in out.getvalue()
