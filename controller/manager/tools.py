"""What all Reconcilers of one controller share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from controller.account import Gate
from controller.informer import InformerRegistry
from controller.reconcile import PoolLike
from controller.spec import ControllerConfig
from core.clock import Clock
from core.domain.keys import API_VERSION, Gvk
from core.kube.client import KubeTransport
from core.kube.discovery import Discovery
from core.kube.schema import StatusSchemas
from core.logstream import LogStream
from core.services.protocols import Services
from core.telemetry.metrics import Metrics

RECONCILER = Gvk(API_VERSION, "Reconciler")
SERVICE_ACCOUNT = Gvk("v1", "ServiceAccount")


@dataclass(frozen=True, slots=True)
class Tools:
    """`gate` is shut while the API server cannot be reached at all; `slots` bound what runs in the cage."""

    transport: KubeTransport
    services: Services
    pool: PoolLike
    clock: Clock
    logs: LogStream
    metrics: Metrics
    config: ControllerConfig
    discovery: Discovery
    schemas: StatusSchemas
    informers: InformerRegistry
    gate: Gate
    slots: asyncio.Semaphore
