"""One shape for everything that is not a success: `{"error": {"code", "message", "details"}}`.

    Problem               a refusal made in this package, with its HTTP status
    core.errors, core.kube.errors, sandbox.pool.errors    translated by `to_problem`
    anything else         500, logged with its traceback, shown without

What a person typed is never echoed: a wrong field is named by its place, since its value may be a token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.errors import ChakratorError, Conflict, Denied, Invalid, NotFound, Unavailable, UserError
from core.kube.errors import ApiError, KindUnknown, Unreachable
from sandbox.pool.errors import PoolError

MAX_TEXT = 4096
RETRY_AFTER = "5"


class Problem(Exception):
    """An answer that is not a success."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message[:MAX_TEXT]
        self.details: dict[str, object] = dict(details or {})
        self.headers: dict[str, str] = dict(headers or {})

    def body(self) -> dict[str, object]:
        """The one shape."""
        return {"error": {"code": self.code, "message": self.message, "details": self.details}}


def unauthenticated(message: str = "sign in, or send a bearer token") -> Problem:
    """401."""
    return Problem(401, "unauthenticated", message, headers={"WWW-Authenticate": "Bearer"})


def too_many(message: str, wait: float) -> Problem:
    """429; `wait` is in seconds."""
    return Problem(429, "too_many_requests", message, headers={"Retry-After": str(max(1, int(wait + 0.999)))})


def crash() -> Problem:
    """500: shown without a word of what broke."""
    return Problem(500, "internal", "this is our fault; the log of the server says what happened")


def invalid(problems: Sequence[Mapping[str, str]]) -> Problem:
    """422 for a body, path or query that breaks a rule; `where` names the field, `message` the rule."""
    first = problems[0] if problems else {"where": "request", "message": "is not valid"}
    text = f"{first['where']}: {first['message']}"
    return Problem(422, "invalid", text, details={"problems": list(problems)[:50]})


def to_problem(error: Exception) -> Problem | None:
    """The answer for an error of the project's own trees; None for one that is a bug."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ApiError):
        return _from_api_server(error)
    if isinstance(error, KindUnknown):
        return Problem(404, "not_found", error.message)
    if isinstance(error, Unreachable | Unavailable):
        return _unavailable(error)
    if isinstance(error, UserError):
        return _from_user_error(error)
    if isinstance(error, PoolError):
        return Problem(503, "unavailable", str(error), headers={"Retry-After": RETRY_AFTER})
    return None


def _unavailable(error: ChakratorError) -> Problem:
    if error.code == "storage_full":
        return Problem(507, error.code, error.message, details=error.details)
    if not error.retry:
        return Problem(503, error.code, error.message, details=error.details)  # time alone does not mend it
    return Problem(503, "unavailable", error.message, details=error.details, headers={"Retry-After": RETRY_AFTER})


def _from_user_error(error: UserError) -> Problem:
    by_class: tuple[tuple[type[UserError], int], ...] = (
        (NotFound, 404),
        (Denied, 403),
        (Conflict, 409),
        (Invalid, 422),
    )
    status = next((status for kind, status in by_class if isinstance(error, kind)), 400)
    return Problem(status, error.code, error.message, details=error.details)


def _from_api_server(error: ApiError) -> Problem:
    """For requests made with the caller's own token: the API server's no is the answer."""
    causes = [{"where": cause.field, "message": cause.message[:500]} for cause in error.causes[:20]]
    details: dict[str, object] = {"reason": error.reason}
    if causes:
        details["problems"] = causes
    match error.status:
        case 401:
            return unauthenticated("the API server does not accept this token any more")
        case 403:
            return Problem(403, "forbidden", error.message, details=details)
        case 404:
            return Problem(404, "not_found", error.message, details=details)
        case 409:
            return Problem(409, "conflict", error.message, details=details)
        case 410:
            return Problem(422, "invalid", "this cursor is too old: start again without one", details=details)
        case 413:
            return Problem(413, "too_large", error.message, details=details)
        case 400 | 422:
            return Problem(422, "invalid", error.message, details=details)
    wait = error.retry_after or float(RETRY_AFTER)
    return Problem(503, "unavailable", error.message, details=details, headers={"Retry-After": str(max(1, int(wait)))})


def own_identity_refused(error: ApiError) -> Problem:
    """The API server refused *us*: not the caller's fault, so never a 401 or 403 to them."""
    message = f"Chakrator itself may not do this: {error.message}"
    return Problem(503, "unavailable", message, headers={"Retry-After": RETRY_AFTER})
