"""What we rely on of the pinned kubernetes.aio, and what we refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import Invalid
from core.kube.client import KubeTransport
from core.kube.connection import Connection, load_kubeconfig
from core.kube.errors import Unauthorized


def kubeconfig(
    folder: Path, *, server: str = "http://127.0.0.1:1", cluster: object = None, user: object = None
) -> Path:
    """A kubeconfig; plain http is allowed on loopback alone, so no test needs certificates."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "u", "user": {"token": "ours"} if user is None else user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(document))
    return path


async def authorization(connection: Connection) -> str | None:
    """The header that our own requests carry."""
    headers: dict[str, str] = {}
    await connection.authorize(headers, "GET", "/")
    return headers.get("authorization")


async def test_sessions_do_not_ask_the_environment(tmp_path: Path) -> None:
    """netrc and proxy variables stay unread: they cost half of a write's CPU, and netrc could add credentials."""
    connection = await load_kubeconfig(kubeconfig(tmp_path))
    try:
        assert [s.trust_env for s in (connection.own, connection.streams, connection.callers)] == [False] * 3
        assert len({id(s.connector) for s in (connection.own, connection.streams, connection.callers)}) == 3
        assert await authorization(connection) == "Bearer ours"
    finally:
        await connection.close()
    await connection.close()


async def test_a_token_file_stands_in(tmp_path: Path) -> None:
    """The given file wins over the kubeconfig's token, and its rotation is seen."""
    token_file = tmp_path / "token"
    token_file.write_text("one")
    connection = await load_kubeconfig(kubeconfig(tmp_path), token_file=token_file)
    try:
        before = {"authorization": await authorization(connection) or ""}
        assert before == {"authorization": "Bearer one"}
        assert await connection.renew(before) is False
        token_file.write_text("longer")
        assert await connection.renew(before) is True
        assert await authorization(connection) == "Bearer longer"
    finally:
        await connection.close()


async def test_the_kubeconfigs_own_token_file(tmp_path: Path) -> None:
    """`tokenFile`, relative to the kubeconfig, is re-read too: the stock loader reads it once."""
    (tmp_path / "t").write_text("one")
    connection = await load_kubeconfig(kubeconfig(tmp_path, user={"tokenFile": "t"}))
    try:
        (tmp_path / "t").write_text("another")
        assert await authorization(connection) == "Bearer another"
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"server": "https://127.0.0.1:1", "cluster": {"insecure-skip-tls-verify": True}}, "insecure-skip-tls-verify"),
        ({"server": "http://api.example.com"}, "must be https"),
        ({"server": "http://169.254.1.1"}, "must be https"),
        ({"server": "ftp://127.0.0.1"}, "must be https"),
        ({"user": {"tokenFile": "nowhere"}}, "cannot be used"),
    ],
)
async def test_what_is_refused(tmp_path: Path, changes: dict[str, object], sentence: str) -> None:
    """An unverified or unencrypted API server, and a kubeconfig that does not hold together."""
    with pytest.raises(Invalid, match=sentence):
        await load_kubeconfig(kubeconfig(tmp_path, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "{", "[]", "clusters: 3", '{"current-context": "x"}'])
async def test_a_damaged_kubeconfig_is_one_error(tmp_path: Path, text: str) -> None:
    """Whatever the loader raises, the caller sees Invalid, without the file's content."""
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(Invalid, match="cannot be used"):
        await load_kubeconfig(path)


async def test_a_missing_kubeconfig(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(Invalid, match="nowhere does not exist"):
        await load_kubeconfig(tmp_path / "nowhere")


def plugin(folder: Path, answer: str) -> dict[str, object]:
    """A user whose exec plugin prints `answer`, in which $N is how often it ran."""
    script = folder / "plugin"
    script.write_text(f"#!/bin/sh\necho >> {folder}/runs\nN=$(wc -l < {folder}/runs)\ncat <<END\n{answer}\nEND\n")
    script.chmod(0o700)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script)}}


CREDENTIAL = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t$N"}}'


async def test_an_exec_plugin(tmp_path: Path) -> None:
    """Its token is used, it is not run again for each request, and it is run once more after a 401."""
    connection = await load_kubeconfig(kubeconfig(tmp_path, user=plugin(tmp_path, CREDENTIAL)))
    try:
        for _ in range(3):
            assert await authorization(connection) == "Bearer t1"
        assert await connection.renew({"authorization": "Bearer t1"}) is True
        assert await authorization(connection) == "Bearer t2"
        (tmp_path / "plugin").write_text("#!/bin/sh\nexit 1\n")
        assert await connection.renew({"authorization": "Bearer t2"}) is False
        assert await authorization(connection) == "Bearer t2"
    finally:
        await connection.close()


async def test_a_plugin_without_a_credential(tmp_path: Path) -> None:
    """A plugin that fails at the start is an error; the stock loader would go on as nobody."""
    with pytest.raises(Invalid, match="gave no credential"):
        await load_kubeconfig(kubeconfig(tmp_path, user=plugin(tmp_path, "junk")))


async def test_outside_a_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the pod's environment, in_cluster says so."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(Invalid, match="not inside a pod"):
        await KubeTransport.in_cluster()


@pytest.mark.parametrize(
    "path",
    ["api", "", "/api/../x", "/..", "/api/.", "/api/%2e%2e/x", "/api?x=1", "/api#x", "/api x", "/api\r\nX: y", "/ä"],
)
async def test_paths_that_are_not_sent(tmp_path: Path, path: str) -> None:
    """A path that anything on the way could read as another one is refused before it is sent."""
    transport = await KubeTransport.from_kubeconfig(kubeconfig(tmp_path))
    try:
        with pytest.raises(ValueError, match="request path"):
            await transport.request("GET", path)
    finally:
        await transport.close()


async def test_identities_that_are_not_sent(tmp_path: Path) -> None:
    """A malformed token is a 401, never an anonymous request; two identities at once are a bug of the caller."""
    transport = await KubeTransport.from_kubeconfig(kubeconfig(tmp_path))
    try:
        for token in ("", "a b", "a\r\nImpersonate-User: admin", "x" * 20_000, "ü"):
            with pytest.raises(Unauthorized):
                await transport.request("GET", "/api", token=token)
        with pytest.raises(ValueError, match="exclude"):
            await transport.request("GET", "/api", token="a", impersonate="b")
        with pytest.raises(ValueError, match="printable"):
            await transport.request("GET", "/api", impersonate="a\nb")
    finally:
        await transport.close()
