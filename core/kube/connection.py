"""The part borrowed from kubernetes.aio: kubeconfig, TLS, proxy, credentials, and its configured sessions.

Three sessions: ours for requests, ours for watches (a watch holds its connection, so watches must not
starve requests), and one without any credential of ours, for calls with a caller's own token. A client
certificate belongs to the TLS connection and would win over the token in the header, so the two must
never share a connection.

`trust_env` is off: aiohttp would look up netrc in a thread and the proxies at every request, which
doubles the CPU cost of a write. kubernetes.aio is pinned; tests/unit/core/kube/test_connection.py holds
what we rely on of it.
"""

from __future__ import annotations

import asyncio
import copy
import ipaddress
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from core.errors import Invalid
from core.kube.credentials import PluginToken, TokenFile, TokenSource

LOAD_TIMEOUT = 15.0
MAX_REQUESTS = 64
MAX_WATCHES = 4096
READ_BUFFER = 256 * 1024


@dataclass(frozen=True, slots=True)
class Connection:
    """An API server, and the sessions that reach it."""

    host: str
    own: aiohttp.ClientSession
    streams: aiohttp.ClientSession
    callers: aiohttp.ClientSession
    proxy: str | None
    proxy_headers: Mapping[str, str] | None
    server_hostname: str | None
    _api: Any  # kubernetes.aio's ApiClient has no types
    _source: TokenSource | None

    async def authorize(self, headers: MutableMapping[str, str], method: str, path: str) -> None:
        """Adds our own Authorization, where there is a token (a client certificate needs none)."""
        await self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, None)

    async def renew(self, headers: Mapping[str, str]) -> bool:
        """After a 401: true when another token than that of `headers` is there now."""
        if self._source is None:
            return False
        return await self._source.authorization(force=True) != headers.get("authorization")

    async def close(self) -> None:
        """Closes all connections at once, without a farewell to a peer that may be dead; a second call does nothing."""
        for session in (self.own, self.streams, self.callers):
            if session.connector is not None:
                await session.connector.close(abort_ssl=True)
            await session.close()
        await self._api.close()


async def load_kubeconfig(path: Path, *, token_file: Path | None = None) -> Connection:
    """Reads a kubeconfig; `token_file` stands in for its user's token. Raises Invalid."""
    from kubernetes.aio import client, config  # half a second of CPU: not at import

    _must_exist(path)
    configuration = client.Configuration()
    try:
        async with asyncio.timeout(LOAD_TIMEOUT):
            loader = await config.load_kube_config(
                config_file=str(path), client_configuration=configuration, persist_config=False
            )
    except TimeoutError as error:
        raise Invalid(f"the kubeconfig {path} could not be loaded within {LOAD_TIMEOUT:.0f} s") from error
    except Exception as error:
        # The loader raises nearly anything on a damaged file (ConfigException, KeyError, TypeError, YAML's own),
        # and its texts quote the file, tokens included.
        raise Invalid(f"the kubeconfig {path} cannot be used: {type(error).__name__}") from error
    return await _connect(configuration, _source_of(loader, path, token_file, configuration))


async def load_in_cluster() -> Connection:
    """The pod's own ServiceAccount. Raises Invalid outside a pod."""
    from kubernetes.aio import client, config
    from kubernetes.aio.config.incluster_config import SERVICE_TOKEN_FILENAME

    configuration = client.Configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)
    except (config.ConfigException, OSError) as error:
        raise Invalid(f"not inside a pod: {error}") from error
    return await _connect(configuration, TokenFile(Path(SERVICE_TOKEN_FILENAME), monotonic=time.monotonic))


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise Invalid(f"the kubeconfig {path} does not exist")


def _source_of(loader: Any, path: Path, token_file: Path | None, configuration: Any) -> TokenSource | None:
    user = loader._user  # no public way leads to tokenFile, which the loader reads only once
    named = user.safe_get("tokenFile") if user is not None else None
    if token_file is None and named:
        token_file = path.parent / str(named)
    if token_file is not None:
        return TokenFile(token_file, monotonic=time.monotonic)
    if user is None or "exec" not in user or configuration.cert_file:
        return None
    plugin = _ExecPlugin(loader)
    if not plugin.token:
        # The loader only logs a plugin's failure; to go on would be to go on as nobody.
        raise Invalid(f"the exec plugin of the kubeconfig {path} gave no credential")
    return PluginToken(plugin, monotonic=time.monotonic)


class _ExecPlugin:
    """The loader's own call, which keeps a token until its expirationTimestamp."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    @property
    def token(self) -> str:
        return str(getattr(self._loader, "token", ""))

    async def renew(self, *, force: bool) -> None:
        if force:
            vars(self._loader).pop("exec_plugin_expiry", None)
        await self._loader.load_from_exec_plugin()


async def _connect(configuration: Any, source: TokenSource | None) -> Connection:
    from kubernetes.aio import client

    host = str(configuration.host).rstrip("/")
    _refuse_unverified(host, configuration)
    configuration.client_session_kwargs = {
        "trust_env": False,
        "read_bufsize": READ_BUFFER,
        "cookie_jar": aiohttp.DummyCookieJar(),
    }
    if source is not None:

        async def refresh(current: Any) -> None:
            current.api_key["BearerToken"] = await source.authorization()

        await refresh(configuration)
        configuration.refresh_api_key_hook = refresh
    else:
        configuration.refresh_api_key_hook = None

    bare = copy.deepcopy(configuration)
    bare.api_key, bare.cert_file, bare.key_file, bare.refresh_api_key_hook = {}, None, None, None
    api = client.ApiClient(configuration)
    api.user_agent = "chakrator"
    anonymous = client.ApiClient(bare)
    sessions = []
    for rest, limit in (
        (api.rest_client, MAX_REQUESTS),
        (api.rest_client, MAX_WATCHES),
        (anonymous.rest_client, MAX_REQUESTS),
    ):
        rest.maxsize = limit
        sessions.append(rest._create_pool_manager())
    return Connection(
        host=host,
        own=sessions[0],
        streams=sessions[1],
        callers=sessions[2],
        proxy=configuration.proxy,
        proxy_headers=configuration.proxy_headers,
        server_hostname=configuration.tls_server_name,
        _api=api,
        _source=source,
    )


def _refuse_unverified(host: str, configuration: Any) -> None:
    if not configuration.verify_ssl:
        raise Invalid("the kubeconfig sets insecure-skip-tls-verify: give it the cluster's CA instead")
    parts = urlsplit(host)
    if parts.scheme == "https":
        return
    if parts.scheme != "http" or not _is_loopback(parts.hostname or ""):
        raise Invalid(f"the API server's address must be https, not {parts.scheme or 'empty'}")


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
