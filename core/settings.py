"""Settings: read from the environment once, checked at once, explained in one line when wrong.

The variable names avoid `CHAKRATOR_PORT` and `CHAKRATOR_SERVICE_*`: Kubernetes puts those into the pods
of a namespace that has a Service named `chakrator`, with values of its own. For the same reason an
unknown `CHAKRATOR_*` variable is not an error.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from core.errors import UserError

_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[?[0-9a-f:]+\]?")


class SettingsError(UserError):
    """A setting is wrong: the message is one line that names the variable and what it may be."""

    code = "settings"


class LogLevel(StrEnum):
    """The least severe level that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """JSON lines for machines, coloured lines for people; auto: people when stderr is a terminal."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


CommaList = Annotated[tuple[str, ...], NoDecode]


def _setting(variable: str, default: object, allowed: str, meaning: str, **bounds: Any) -> Any:
    """A field read from `variable`; `allowed` is the sentence's end of the error and a column of the reference."""
    return Field(
        default=default,
        validation_alias=variable,
        description=meaning,
        json_schema_extra={"allowed": allowed},
        **bounds,
    )


class _FromEnvironment(BaseSettings):
    """Only the environment is a source: no files, no secrets folder."""

    # Not populate_by_name: then a variable `host` or `data` of somebody else's would be read as ours.
    model_config = SettingsConfigDict(case_sensitive=True, extra="ignore", frozen=True, env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings


class Settings(_FromEnvironment):
    """Everything that `chakrator run` and `chakrator up` take from the environment."""

    port: int = _setting(
        "PORT",
        3000,
        "a whole number from 0 to 65535",
        "The port of page and API; 0 takes a free one.",
        ge=0,
        le=65535,
    )
    log_level: LogLevel = _setting(
        "LOG_LEVEL", LogLevel.INFO, "debug, info, warning or error", "The least severe level of our own logs."
    )
    reconcile_timeout: int = _setting(
        "RECONCILE_TIMEOUT",
        5000,
        "milliseconds, a whole number from 100 to 60000",
        "The default of a Reconciler's `limits.timeout`.",
        ge=100,
        le=60_000,
    )
    kubeconfig: Path | None = _setting(
        "KUBECONFIG",
        None,
        "the path of a kubeconfig file",
        "The cluster to work on; without it, the one this pod runs in.",
    )
    data: Path = _setting(
        "CHAKRATOR_DATA",
        Path("data"),
        "the path of a folder on a local disk",
        "Where the database and the keys are kept. One process at a time; not on a network file system.",
    )
    database_url: str = _setting(
        "CHAKRATOR_DATABASE_URL",
        "",
        "sqlite:////absolute/path.db",
        "The database; empty means `chakrator.db` in the data folder.",
        pattern=r"^(sqlite:///.+)?$",
    )
    host: str = _setting(
        "CHAKRATOR_HOST",
        "127.0.0.1",
        "an IP address",
        "The address to listen on; in a container 0.0.0.0, behind TLS.",
    )
    allowed_hosts: CommaList = _setting(
        "CHAKRATOR_ALLOWED_HOSTS",
        ("localhost", "127.0.0.1", "[::1]"),
        "host names without ports, separated by commas; *.example.com is allowed, * alone is not",
        "Which Host headers are answered: the guard against DNS rebinding.",
    )
    max_workers: int = _setting(
        "CHAKRATOR_MAX_WORKERS",
        0,
        "a whole number from 0 to 512",
        "The most caged worker processes at one time; 0 is 8 for each core, and at most 64.",
        ge=0,
        le=512,
    )
    max_workers_per_namespace: int = _setting(
        "CHAKRATOR_MAX_WORKERS_PER_NAMESPACE",
        0,
        "a whole number from 0 to 512",
        "The most of them that one namespace may hold; 0 is three quarters of all.",
        ge=0,
        le=512,
    )
    allow_degraded: CommaList = _setting(
        "CHAKRATOR_ALLOW_DEGRADED",
        (),
        "landlock, or nothing",
        "A layer of the cage that may be missing, for kernels without it. All others are required.",
    )
    session_hours: float = _setting(
        "CHAKRATOR_SESSION_HOURS",
        12.0,
        "a number of hours from 0.1 to 168",
        "The longest life of a browser session; it also ends with its token.",
        ge=0.1,
        le=168,
    )
    log_format: LogFormat = _setting(
        "CHAKRATOR_LOG_FORMAT", LogFormat.AUTO, "auto, json or console", "How our own logs are written."
    )
    control_plane_assets: Path | None = _setting(
        "CHAKRATOR_CONTROL_PLANE_ASSETS",
        None,
        "the path of a folder",
        "Where `up` finds etcd, kube-apiserver and kube-controller-manager; without it they are cached or built.",
    )

    @field_validator("allowed_hosts", "allow_degraded", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("host")
    @classmethod
    def _address(cls, value: str) -> str:
        ipaddress.ip_address(value)
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _host_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        lowered = tuple(name.lower() for name in value)
        if not lowered or not all(_HOST.fullmatch(name) for name in lowered):
            raise ValueError("not a list of host names")
        return lowered

    @field_validator("allow_degraded")
    @classmethod
    def _layers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if set(value) - {"landlock"}:
            raise ValueError("a layer that must be there")
        return value

    @property
    def database(self) -> str:
        """The database's URL, the default filled in."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'chakrator.db'}"


class ClientSettings(_FromEnvironment):
    """What the commands that talk to a running Chakrator take from the environment."""

    url: str = _setting(
        "CHAKRATOR_URL",
        "",
        "http://HOST:PORT or https://HOST[:PORT]",
        "Where a running Chakrator is, for `save`, `activate` and the like.",
        pattern=r"^(https?://\S+)?$",
    )
    token: SecretStr = _setting(
        "CHAKRATOR_TOKEN", SecretStr(""), "a Kubernetes bearer token", "Who asks, for the same commands."
    )


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment; `overrides` (by field name) win. Raises SettingsError."""
    try:
        return Settings(**{_variable(name): value for name, value in overrides.items()})  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(_one_line(Settings, error)) from None


def _variable(field: str) -> str:
    return str(Settings.model_fields[field].validation_alias)


def load_client_settings() -> ClientSettings:
    """The same for the commands that are clients. Raises SettingsError."""
    try:
        return ClientSettings()
    except ValidationError as error:
        raise SettingsError(_one_line(ClientSettings, error)) from None


def _one_line(model: type[BaseSettings], error: ValidationError) -> str:
    """`VARIABLE is 'value': it must be …`, for every wrong variable, on one line. Values of secrets are left out."""
    parts: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_context=False):
        name = str(problem["loc"][0]) if problem["loc"] else "?"
        info = next((field for field in model.model_fields.values() if field.validation_alias == name), None)
        if info is None:
            parts[name] = f"{name}: {problem['msg']}"
            continue
        shown = "" if info.annotation is SecretStr else f" is {_shown(problem['input'])}"
        parts[name] = f"{name}{shown}: it must be {_allowed(info)}"
    return "; ".join(parts.values())


def _shown(value: object) -> str:
    """The wrong value, short and on one line."""
    text = ",".join(value) if isinstance(value, tuple) else str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _allowed(info: FieldInfo) -> str:
    extra = info.json_schema_extra
    return str(extra["allowed"]) if isinstance(extra, Mapping) else "something else"


@dataclass(frozen=True, slots=True)
class SettingDoc:
    """One row of the reference."""

    variable: str
    default: str
    allowed: str
    meaning: str
    secret: bool
    group: Literal["server", "client"]


def describe_settings() -> Iterator[SettingDoc]:
    """Every setting there is, in the order of the reference."""
    for group, model in (("server", Settings), ("client", ClientSettings)):
        for info in model.model_fields.values():
            yield SettingDoc(
                variable=str(info.validation_alias),
                default=_default(info),
                allowed=_allowed(info),
                meaning=str(info.description),
                secret=info.annotation is SecretStr,
                group="server" if group == "server" else "client",
            )


def _default(info: FieldInfo) -> str:
    value = info.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, tuple):
        value = ",".join(value)
    return "" if value is None else str(value)
