"""Settings: defaults, the environment, and one clear line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.settings import (
    LogLevel,
    SettingsError,
    describe_settings,
    load_client_settings,
    load_settings,
)


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine that runs the tests gets in."""
    for doc in describe_settings():
        monkeypatch.delenv(doc.variable, raising=False)


def test_defaults_are_enough() -> None:
    """Without any variable everything has a value, and the page listens on this machine alone."""
    settings = load_settings()
    assert (settings.port, settings.host, settings.reconcile_timeout) == (3000, "127.0.0.1", 5000)
    assert settings.database == f"sqlite:///{Path('data').absolute()}/chakrator.db"


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers, lists and levels in the spelling people use."""
    monkeypatch.setenv("PORT", "8443")
    monkeypatch.setenv("LOG_LEVEL", "WARNING")
    monkeypatch.setenv("CHAKRATOR_ALLOWED_HOSTS", "Chakrator.example.com, *.example.org")
    monkeypatch.setenv("CHAKRATOR_ALLOW_DEGRADED", "landlock")
    settings = load_settings()
    assert (settings.port, settings.log_level) == (8443, LogLevel.WARNING)
    assert settings.allowed_hosts == ("chakrator.example.com", "*.example.org")
    assert settings.allow_degraded == ("landlock",)


def test_arguments_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--port` is stronger than PORT."""
    monkeypatch.setenv("PORT", "8443")
    assert load_settings(port=9).port == 9


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `PORT= chakrator run`."""
    monkeypatch.setenv("PORT", "")
    assert load_settings().port == 3000


def test_what_kubernetes_injects_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Service named chakrator puts these into every pod of the namespace."""
    monkeypatch.setenv("CHAKRATOR_PORT", "tcp://10.0.0.1:80")
    monkeypatch.setenv("CHAKRATOR_SERVICE_HOST", "10.0.0.1")
    assert load_settings().port == 3000
    names = {doc.variable for doc in describe_settings()}
    assert not [name for name in names if name.startswith(("CHAKRATOR_SERVICE_", "CHAKRATOR_PORT"))]


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("PORT", "http", "PORT is 'http': it must be a whole number from 0 to 65535"),
        ("PORT", "65536", "PORT is '65536': it must be a whole number from 0 to 65535"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'loud': it must be debug, info, warning or error"),
        (
            "RECONCILE_TIMEOUT",
            "5s",
            "RECONCILE_TIMEOUT is '5s': it must be milliseconds, a whole number from 100 to 60000",
        ),
        ("CHAKRATOR_HOST", "example.com", "CHAKRATOR_HOST is 'example.com': it must be an IP address"),
        (
            "CHAKRATOR_ALLOWED_HOSTS",
            "*",
            "CHAKRATOR_ALLOWED_HOSTS is '*': it must be host names without ports, separated by commas; "
            "*.example.com is allowed, * alone is not",
        ),
        (
            "CHAKRATOR_ALLOW_DEGRADED",
            "seccomp",
            "CHAKRATOR_ALLOW_DEGRADED is 'seccomp': it must be landlock, or nothing",
        ),
        (
            "CHAKRATOR_DATABASE_URL",
            "mysql://x",
            "CHAKRATOR_DATABASE_URL is 'mysql://x': it must be sqlite:////absolute/path.db",
        ),
    ],
)
def test_a_wrong_one_is_one_line(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, line: str) -> None:
    """Variable, value, and what it may be."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == line


def test_hostile_values_stay_on_one_short_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Line ends and length of a value do not get into the message."""
    monkeypatch.setenv("PORT", "1\n2" + "x" * 500)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_all_wrong_ones_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody wants to find them one by one."""
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("CHAKRATOR_MAX_WORKERS", "-1")
    with pytest.raises(SettingsError, match=r"^PORT is 'x'.*; CHAKRATOR_MAX_WORKERS is '-1'"):
        load_settings()


def test_a_token_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in an error, and not in the repr of the settings."""
    monkeypatch.setenv("CHAKRATOR_TOKEN", "hunter2hunter2")
    monkeypatch.setenv("CHAKRATOR_URL", "not a url")
    with pytest.raises(SettingsError) as caught:
        load_client_settings()
    assert "hunter2" not in str(caught.value)
    monkeypatch.delenv("CHAKRATOR_URL")
    settings = load_client_settings()
    assert "hunter2" not in repr(settings)
    assert settings.token.get_secret_value() == "hunter2hunter2"


def test_lower_case_names_are_not_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable `host` of somebody else's is not ours."""
    monkeypatch.setenv("host", "nonsense")
    monkeypatch.setenv("data", "/nowhere")
    assert load_settings().host == "127.0.0.1"
    assert load_settings().data == Path("data")
