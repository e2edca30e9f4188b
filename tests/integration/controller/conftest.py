"""A running controller a test, in a namespace of its own."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chakrator.up.controlplane import ControlPlane
from core.clock import SystemClock
from core.kube.client import KubeTransport
from core.services.factory import open_services
from core.services.protocols import Services
from core.telemetry.metrics import Metrics
from sandbox.pool.config import PoolConfig
from sandbox.pool.pool import Pool

sys.path.insert(0, str(Path(__file__).parent))  # the test modules import `controller_rig` by its bare name

from controller_rig import Cluster, Rig, Tap, controller_transport, make_rig


@pytest.fixture
def cluster(kube: KubeTransport, namespace: str) -> Cluster:
    """The admin's view of the test's namespace."""
    return Cluster(kube, namespace)


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    """The real store on a SQLite file."""
    opened = await open_services(url=f"sqlite:///{tmp_path / 'store.db'}", clock=SystemClock(), metrics=Metrics())
    yield opened.services
    await opened.close()


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    """Real caged workers."""
    made = Pool(PoolConfig(max_workers=4))
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def tap(control_plane: ControlPlane, kube: KubeTransport, tmp_path: Path) -> AsyncIterator[Tap]:
    """The API server as the controller's own ServiceAccount."""
    async with controller_transport(control_plane, kube, tmp_path / "controller") as made:
        yield made


@pytest.fixture
async def rig(cluster: Cluster, services: Services, pool: Pool, tap: Tap) -> AsyncIterator[Rig]:
    """A controller that runs."""
    made = make_rig(cluster, services, pool, tap)
    made.start()
    yield made
    await made.stop()
