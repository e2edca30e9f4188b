"""The errors that cross package borders, as one tree.

    ChakratorError
    ├── UserError          a person's input: shown as it is, never a traceback
    │   ├── NotFound       the thing named is not there
    │   ├── Invalid        the input breaks a rule; `details` says where
    │   ├── Denied         the caller lacks a right, named
    │   └── Conflict       somebody was quicker; `details` holds both sides
    ├── Unavailable        a part outside (API server, disk) cannot answer now: retry
    └── Bug                a broken promise of our own code

Every class says how it is to be handled: `retry` is true where the same call may succeed later.
"""

from __future__ import annotations

from collections.abc import Mapping


class ChakratorError(Exception):
    """Root. `code` is stable and machine-readable; `details` is JSON-ready and holds no secret."""

    code = "error"
    retry = False

    def __init__(self, message: str, *, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, object] = details or {}


class UserError(ChakratorError):
    """Terminal until the person changes the input."""

    code = "invalid"


class NotFound(UserError):
    """The thing named does not exist, or the caller may not know that it does."""

    code = "not_found"


class Invalid(UserError):
    """The input breaks a rule."""

    code = "invalid"


class Denied(UserError):
    """The caller lacks a right; the message names verb, resource and namespace."""

    code = "forbidden"


class Conflict(UserError):
    """A compare-and-swap lost."""

    code = "conflict"


class Unavailable(ChakratorError):
    """A part outside cannot answer now."""

    code = "unavailable"
    retry = True


class Bug(ChakratorError):
    """A promise of our own code is broken; logged with its traceback, shown without."""

    code = "internal"
