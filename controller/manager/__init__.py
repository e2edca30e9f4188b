"""The controller as wiring sees it."""

from controller.manager.control import Manager
from controller.spec import Caps, ControllerConfig

__all__ = ["Caps", "ControllerConfig", "Manager"]
