"""Our own logs: a constant message and key-values, as JSON lines or for people, with secrets taken out.

Lines of libraries (uvicorn, alembic, asyncio) go the same way. Redaction is the last line of defence,
not the first: no code of ours hands a secret to a logger.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, Processor

from core.settings import LogFormat, LogLevel

REDACTED = "[redacted]"

_SECRET_KEY = re.compile(
    r"(?:^|[_\-.])(token|secret|password|passwd|authorization|cookie|credentials?|api[_-]?key|private[_-]?key|seed|csrf)(?:$|[_\-.])",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"(?P<keep>\bBearer\s+)[^\s'\",;]{8,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
    re.IGNORECASE | re.DOTALL,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MAX_DEPTH = 6


def redact(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Takes out values under telling names, and what looks like a token, key or password anywhere."""
    return cast("EventDict", _clean(event, 0))


def _clean(value: object, depth: int) -> object:
    if isinstance(value, str):
        return _SECRET_TEXT.sub(lambda found: (found.group("keep") or "") + REDACTED, value)
    if depth >= _MAX_DEPTH:
        return REDACTED if isinstance(value, Mapping | list | tuple | set | frozenset) else value
    if isinstance(value, Mapping):
        return {
            key: REDACTED
            if isinstance(key, str) and _SECRET_KEY.search(key) and value[key]
            else _clean(value[key], depth + 1)
            for key in value
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, bytes):
        return f"[{len(value)} bytes]"
    return value


def printable(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Escapes control characters, so that untrusted text can neither forge a line nor drive a terminal.

    A traceback keeps its line ends: they are indented, and follow the line they belong to.
    """
    return {
        key: "\n".join(str(_escape(line)) for line in value.split("\n")) if key == "exception" else _escape(value)
        for key, value in event.items()
    }


def _escape(value: object) -> object:
    if isinstance(value, str):
        return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), value)
    return value


def configure_logging(level: LogLevel, form: LogFormat, stream: TextIO | None = None) -> None:
    """Sets up structlog and the standard library's root logger; called once, by the composition root."""
    out = stream or sys.stderr
    as_json = form is LogFormat.JSON or (form is LogFormat.AUTO and not out.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        redact,
    ]
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        last += [_event_first, structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]
    else:
        # Exceptions are text by now, and have been redacted; the renderer's own would show locals.
        last += [printable, structlog.dev.ConsoleRenderer(colors=out.isatty(), timestamp_key="at")]
    handler = logging.StreamHandler(out)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("alembic", "aiohttp.access", "uvicorn.access", "engineio", "socketio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _event_first(_logger: object, _method: str, event: MutableMapping[str, object]) -> EventDict:
    """Time, level and message first: people read JSON lines too."""
    first = {key: event.pop(key) for key in ("at", "level", "event") if key in event}
    return {**first, **event}
