"""What forbids a Reconciler to act at all, before anything is watched or run. Pure."""

from __future__ import annotations

from controller.cache import Entry
from controller.spec import ReconcilerSpec
from core.domain.conditions import Problem, Reason
from core.domain.revision import Activation


def obstacle(
    spec: ReconcilerSpec, account: Entry | None, activation: Activation | None, own_namespace: str
) -> Problem | None:
    """What forbids this Reconciler to act at all. Pure."""
    namespace = spec.ref.namespace
    if namespace.startswith("kube-") or namespace == own_namespace:
        return Problem(Reason.INVALID_SPEC, f"Reconcilers are not allowed in namespace {namespace}")
    if account is None:
        text = f"ServiceAccount {spec.service_account} does not exist in namespace {namespace}"
        return Problem(Reason.SERVICE_ACCOUNT_MISSING, text)
    if account.deleting:
        return Problem(Reason.SERVICE_ACCOUNT_MISSING, f"ServiceAccount {spec.service_account} is being deleted")
    if activation is None:
        return None
    if activation.service_account != spec.service_account:
        text = (
            f"revision {activation.revision} was activated for ServiceAccount {activation.service_account}, "
            f"not {spec.service_account}: activate again"
        )
        return Problem(Reason.ACTIVATION_NOT_AUTHORISED, text)
    if activation.service_account_uid != account.uid:
        text = (
            f"ServiceAccount {spec.service_account} is not the one that revision {activation.revision} was "
            "activated for (it was created again since): activate again"
        )
        return Problem(Reason.ACTIVATION_NOT_AUTHORISED, text)
    return None
