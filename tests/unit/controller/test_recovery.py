"""Whose right lacks when a watch is denied."""

from __future__ import annotations

from controller_script import CONFIGMAP, RESOURCES

from controller.informer import InformerKey, Timing
from controller.informer.recovery import Recovery
from core.kube.errors import Failure, Forbidden


def test_a_namespace_that_has_not_opted_in_names_our_right() -> None:
    """Without `impersonate` it is the controller that may not, and no Role of the ServiceAccount would help."""
    key = InformerKey("system:serviceaccount:team-a:greeter", RESOURCES[CONFIGMAP], "team-a")
    recovery = Recovery(key, timing=Timing(), uniform=lambda low, _high: low)
    text = 'User "system:serviceaccount:c:c" cannot impersonate resource "serviceaccounts" in API group ""'
    denied = Forbidden(Failure(status=403, reason="Forbidden", message=text))
    assert recovery.failed(denied, 0.0, verb="watch").message == (
        "the controller may not impersonate ServiceAccount team-a/greeter"
    )
