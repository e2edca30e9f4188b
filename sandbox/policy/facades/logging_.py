"""`logging` as another way to write the run's log: levels and messages, no handlers, files or formatters."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.policy.attributes import register_api_type
from sandbox.policy.env import RunEnv
from sandbox.policy.facades import exact
from sandbox.policy.facades.base import seeded

MAX_MESSAGE = 16 * 1024
_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "WARN": 30, "ERROR": 40, "CRITICAL": 50, "FATAL": 50, "NOTSET": 0}
# The run's log knows four levels.
_WORDS = ((40, "error"), (30, "warning"), (20, "info"))
_METHODS = ("debug", "info", "warning", "warn", "error", "critical", "exception")


def _said(message: object, args: tuple[object, ...]) -> str:
    text = message if type(message) is str else str(message)
    if args:
        # As the real one does: a single dict fills in by name, and a wrong template never breaks the run.
        values = args[0] if len(args) == 1 and type(args[0]) is dict and args[0] else args
        try:
            text = text % values
        except (TypeError, ValueError, KeyError):
            text = f"{text} {values}"
    return text[:MAX_MESSAGE]


class Logger:
    """What `getLogger` gives. Its level can be set, and changes nothing: the page filters."""

    __slots__ = ("_env", "name")

    def __init__(self, env: RunEnv, name: str) -> None:
        if type(env) is not RunEnv:
            raise TypeError("use getLogger()")
        self._env = env
        self.name = name

    def log(self, level: int, msg: object, *args: object, **_options: object) -> None:
        """At a level given as a number."""
        if type(level) is not int:
            raise TypeError("level must be an integer")
        word = next((word for least, word in _WORDS if level >= least), "debug")
        self._env.say(word, _said(msg, args))

    def debug(self, msg: object, *args: object, **options: object) -> None:
        """For whoever looks for a mistake."""
        self.log(10, msg, *args, **options)

    def info(self, msg: object, *args: object, **options: object) -> None:
        """What happened."""
        self.log(20, msg, *args, **options)

    def warning(self, msg: object, *args: object, **options: object) -> None:
        """What should be looked at."""
        self.log(30, msg, *args, **options)

    def error(self, msg: object, *args: object, **options: object) -> None:
        """What went wrong."""
        self.log(40, msg, *args, **options)

    warn = warning
    critical = exception = error

    def isEnabledFor(self, _level: int) -> bool:
        """Every level is written."""
        return True

    def getEffectiveLevel(self) -> int:
        """Every level is written."""
        return 10

    def setLevel(self, _level: object) -> None:
        """Taken, and changes nothing."""

    def getChild(self, suffix: str) -> Logger:
        """A logger of a longer name."""
        return Logger(self._env, f"{self.name}.{exact.text(suffix, 100)}")


register_api_type(Logger, (*_METHODS, "log", "name", "isEnabledFor", "getEffectiveLevel", "setLevel", "getChild"))


def _build(env: RunEnv) -> Mapping[str, object]:
    root = Logger(env, "root")

    def get_logger(name: str | None = None) -> Logger:
        return root if name is None else Logger(env, exact.text(name, 200))

    def basic_config(**_options: object) -> None:
        """Taken, and changes nothing."""

    return {
        **_LEVELS,
        **{name: getattr(root, name) for name in (*_METHODS, "log")},
        "getLogger": get_logger,
        "basicConfig": basic_config,
        "Logger": Logger,
    }


_NAMES = frozenset({*_LEVELS, *_METHODS, "log", "getLogger", "basicConfig", "Logger"})
SPECS = (seeded("logging", _NAMES, _build),)
