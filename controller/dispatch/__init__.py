"""Which object runs when, and what follows from how it ended."""

from controller.dispatch.loop import Cause, Dispatcher, Request, Rules

__all__ = ["Cause", "Dispatcher", "Request", "Rules"]
