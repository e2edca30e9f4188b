"""The flags of the three programs, as they were found to be enough."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chakrator.up.assets import Assets
from chakrator.up.pki import Pki
from chakrator.up.processes import Program

HOST = "127.0.0.1"
SERVICE_RANGE = "10.96.0.0/16"
ISSUER = "https://kubernetes.default.svc"
CONTROLLERS = (
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "resourcequota-controller",
    "clusterrole-aggregation-controller",  # without it `view`, `edit` and `admin` are empty
)


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything that the flags depend on."""

    assets: Assets
    keys: Pki
    folder: Path
    logs: Path
    etcd_port: int
    api_port: int
    fsync: bool

    @property
    def etcd_url(self) -> str:
        """etcd, as the API server reaches it."""
        return f"https://{HOST}:{self.etcd_port}"

    @property
    def etcd_data(self) -> Path:
        """etcd's own folder."""
        return self.folder / "etcd"

    @property
    def tokens(self) -> Path:
        """The API server's static token file."""
        return self.folder / "tokens.csv"

    @property
    def manager_kubeconfig(self) -> Path:
        """What the controller manager signs in with."""
        return self.folder / "controller-manager.kubeconfig"


def etcd(setup: Setup) -> Program:
    """etcd, which lets in nobody without a certificate of our CA; a single member's peer port is never used."""
    keys = setup.keys
    peer = f"https://{HOST}:0"
    argv = [
        str(setup.assets.etcd),
        "--name=chakrator",
        f"--data-dir={setup.etcd_data}",
        f"--listen-client-urls={setup.etcd_url}",
        f"--advertise-client-urls={setup.etcd_url}",
        f"--cert-file={keys.serving.certificate}",
        f"--key-file={keys.serving.key}",
        f"--trusted-ca-file={keys.ca.certificate}",
        "--client-cert-auth",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=chakrator={peer}",
        f"--peer-cert-file={keys.serving.certificate}",
        f"--peer-key-file={keys.serving.key}",
        f"--peer-trusted-ca-file={keys.ca.certificate}",
        "--peer-client-cert-auth",
        "--auto-compaction-mode=periodic",
        "--auto-compaction-retention=1h",
        "--log-level=warn",
    ]
    if not setup.fsync:
        argv.append("--unsafe-no-fsync")
    return Program("etcd", tuple(argv), setup.logs / "etcd.log")


def api_server(setup: Setup) -> Program:
    """kube-apiserver on loopback with RBAC, people by token and our own parts by certificate; nobody is anonymous."""
    keys = setup.keys
    argv = (
        str(setup.assets.api_server),
        f"--bind-address={HOST}",
        f"--advertise-address={HOST}",
        "--endpoint-reconciler-type=none",
        f"--secure-port={setup.api_port}",
        f"--tls-cert-file={keys.serving.certificate}",
        f"--tls-private-key-file={keys.serving.key}",
        f"--client-ca-file={keys.ca.certificate}",
        f"--token-auth-file={setup.tokens}",
        "--anonymous-auth=false",
        "--authorization-mode=RBAC",
        f"--etcd-servers={setup.etcd_url}",
        f"--etcd-cafile={keys.ca.certificate}",
        f"--etcd-certfile={keys.etcd_client.certificate}",
        f"--etcd-keyfile={keys.etcd_client.key}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        f"--service-account-issuer={ISSUER}",
        f"--service-account-signing-key-file={keys.token_key}",
        f"--service-account-key-file={keys.token_key}",
        "--disable-admission-plugins=ServiceAccount",
        "--profiling=false",
    )
    return Program("kube-apiserver", argv, setup.logs / "kube-apiserver.log")


def controller_manager(setup: Setup) -> Program:
    """kube-controller-manager with the few controllers that our promises rest on, each under its own account."""
    argv = (
        str(setup.assets.controller_manager),
        f"--kubeconfig={setup.manager_kubeconfig}",
        f"--controllers={','.join(CONTROLLERS)}",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={setup.keys.token_key}",
        "--leader-elect=false",
        "--secure-port=0",
        "--profiling=false",
    )
    return Program("kube-controller-manager", argv, setup.logs / "kube-controller-manager.log", stop_timeout=5.0)
