"""What a guard raises.

GuardRefused   an ordinary exception, so that authors' own `except Exception` sees it; terminal when uncaught
"""

from __future__ import annotations


class GuardRefused(Exception):
    """The policy does not allow this operation on this object."""
