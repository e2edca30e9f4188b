"""Facts of the API server that the controller's promises stand on; each was seen by hand before it was relied on."""

from __future__ import annotations

import asyncio
import json

import pytest

from chakrator.up.controlplane import ControlPlane
from core.domain.keys import Gvk
from core.kube.client import KubeTransport, Response
from core.kube.discovery import Discovery
from core.kube.errors import ApiError, Forbidden, KindUnknown, Overloaded, Refused, Unprocessable, check
from core.kube.reviews import Attributes, access_review, token_review
from core.kube.schema import ConditionsShape, StatusSchemas

pytestmark = pytest.mark.controlplane

CONFIGMAP = Gvk("v1", "ConfigMap")
WIDGET = Gvk("example.com/v1", "MyResource")
NOBODY = "11111111-1111-1111-1111-111111111111"
FORCED = {"force": "true"}


class Applier:
    """Server-side applies of one kind in one namespace."""

    def __init__(self, kube: KubeTransport, gvk: Gvk, plural_path: str) -> None:
        self._kube = kube
        self._gvk = gvk
        self._path = plural_path

    async def __call__(
        self,
        name: str,
        fields: dict[str, object],
        *,
        manager: str = "ours",
        metadata: dict[str, str] | None = None,
        sub: str = "",
        force: bool = False,
    ) -> Response:
        """The API server's answer, or its ApiError."""
        document = {
            "apiVersion": self._gvk.api_version,
            "kind": self._gvk.kind,
            "metadata": {"name": name, **(metadata or {})},
            **fields,
        }
        answer = await self._kube.request(
            "PATCH",
            f"{self._path}/{name}{sub}",
            query={"fieldManager": manager} | (FORCED if force else {}),
            body=json.dumps(document).encode(),
            content_type="application/apply-patch+yaml",
        )
        return check(answer)


@pytest.fixture
async def apply(kube: KubeTransport, namespace: str) -> Applier:
    """Applies ConfigMaps."""
    return Applier(kube, CONFIGMAP, f"/api/v1/namespaces/{namespace}/configmaps")


@pytest.fixture
async def apply_widget(kube: KubeTransport, namespace: str) -> Applier:
    """Applies MyResources."""
    return Applier(kube, WIDGET, f"/apis/example.com/v1/namespaces/{namespace}/myresources")


def meta(response: Response) -> dict[str, str]:
    """The metadata of an answered object."""
    metadata = response.object()["metadata"]
    assert isinstance(metadata, dict)
    return metadata


async def refusal(call) -> ApiError:
    """The error that a call ends with."""
    with pytest.raises(ApiError) as caught:
        await call
    return caught.value


async def test_create_only(apply: Applier) -> None:
    """An apply with resourceVersion "1" makes a missing object and never touches an existing one."""
    once = {"resourceVersion": "1"}
    assert (await apply("a", {"data": {"k": "1"}}, metadata=once)).status == 201
    assert isinstance(await refusal(apply("a", {"data": {"k": "2"}}, metadata=once, force=True)), Refused)


async def test_uid_guards(apply: Applier) -> None:
    """An apply with a uid never resurrects, and tells another object by the cause metadata.uid."""
    assert isinstance(await refusal(apply("a", {}, metadata={"uid": NOBODY})), Refused)
    made = meta(await apply("a", {"data": {"k": "1"}}))
    other = await refusal(apply("a", {"data": {"k": "2"}}, metadata={"uid": NOBODY}, force=True))
    assert isinstance(other, Unprocessable)
    assert [cause.field for cause in other.causes] == ["metadata.uid"]
    assert (await apply("a", {"data": {"k": "2"}}, metadata={"uid": made["uid"]})).status == 200


async def test_an_unchanged_apply_writes_nothing(apply: Applier) -> None:
    """The same fields by the same manager: no new resourceVersion, so no WatchEvent and no loop."""
    first = meta(await apply("a", {"data": {"k": "1"}}))
    assert meta(await apply("a", {"data": {"k": "1"}}))["resourceVersion"] == first["resourceVersion"]
    assert meta(await apply("a", {"data": {"k": "2"}}))["resourceVersion"] != first["resourceVersion"]


async def test_conflicts_name_manager_and_field(apply: Applier) -> None:
    """Without force another manager's field is refused, and the answer says whose it is."""
    await apply("a", {"data": {"k": "1"}}, manager="theirs")
    conflict = await refusal(apply("a", {"data": {"k": "2"}}))
    assert isinstance(conflict, Refused)
    assert [(cause.reason, cause.field) for cause in conflict.causes] == [("FieldManagerConflict", ".data.k")]
    assert '"theirs"' in conflict.causes[0].message


async def test_deletes_with_preconditions(kube: KubeTransport, apply: Applier, namespace: str) -> None:
    """A uid or resourceVersion that is not the object's: 409, and it lives."""
    made = meta(await apply("a", {}))
    path = f"/api/v1/namespaces/{namespace}/configmaps/a"

    async def delete(**preconditions: str) -> Response:
        return check(await kube.request("DELETE", path, body=json.dumps({"preconditions": preconditions}).encode()))

    assert isinstance(await refusal(delete(uid=NOBODY)), Refused)
    assert isinstance(await refusal(delete(uid=made["uid"], resourceVersion="1")), Refused)
    assert (await delete(uid=made["uid"], resourceVersion=made["resourceVersion"])).status == 200


async def test_json_patch_with_tests(kube: KubeTransport, apply: Applier, namespace: str) -> None:
    """A patch whose `test` fails changes nothing; its status is 422."""
    made = meta(await apply("a", {}))
    path = f"/api/v1/namespaces/{namespace}/configmaps/a"

    async def patch(uid: str) -> Response:
        steps = [
            {"op": "test", "path": "/metadata/uid", "value": uid},
            {"op": "add", "path": "/metadata/finalizers", "value": ["example.com/x"]},
        ]
        body = json.dumps(steps).encode()
        return check(await kube.request("PATCH", path, body=body, content_type="application/json-patch+json"))

    assert isinstance(await refusal(patch(NOBODY)), Unprocessable)
    assert meta(await patch(made["uid"]))["finalizers"] == ["example.com/x"]  # type: ignore[comparison-overlap]
    undo = [{"op": "remove", "path": "/metadata/finalizers"}]
    body = json.dumps(undo).encode()
    check(await kube.request("PATCH", path, body=body, content_type="application/json-patch+json"))


async def test_an_undeclared_status_field_is_a_500(apply_widget: Applier) -> None:
    """Terminal, although its status says otherwise; the text names the path."""
    await apply_widget("a", {"spec": {"message": "x"}})
    error = await refusal(apply_widget("a", {"status": {"nope": 1}}, sub="/status", force=True))
    assert isinstance(error, Overloaded)
    assert error.status == 500
    assert ".status.nope: field not declared in schema" in error.message


async def test_a_status_write_is_guarded_by_its_resource_version(apply_widget: Applier) -> None:
    """A uid in a status apply is ignored; a stale resourceVersion is refused."""
    made = meta(await apply_widget("a", {"spec": {"message": "x"}}))
    phase = {"status": {"phase": "Ready"}}
    current = {"resourceVersion": made["resourceVersion"]}
    assert (await apply_widget("a", phase, sub="/status", metadata=current)).status == 200
    stale = await refusal(apply_widget("a", {"status": {"phase": "Old"}}, sub="/status", metadata=current))
    assert isinstance(stale, Refused)


async def test_impersonation_is_by_name(kube: KubeTransport, namespace: str) -> None:
    """What a ServiceAccount may not, we may not as it; its groups follow from its name."""
    account = f"system:serviceaccount:{namespace}:nobody"
    denied = await refusal(checked(kube, "GET", f"/api/v1/namespaces/{namespace}/configmaps", impersonate=account))
    assert isinstance(denied, Forbidden)
    assert f'User "{account}" cannot list resource "configmaps"' in denied.message
    me = await who_am_i(kube, impersonate=account)
    assert me["username"] == account
    assert f"system:serviceaccounts:{namespace}" in me["groups"]


async def checked(kube: KubeTransport, method: str, path: str, **more) -> Response:
    """A request that raises its refusal."""
    return check(await kube.request(method, path, **more))


async def who_am_i(kube: KubeTransport, **identity: str) -> dict[str, str]:
    """As whom the API server sees a request."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    answer = check(await kube.request("POST", path, body=json.dumps(review).encode(), **identity))
    return answer.object()["status"]["userInfo"]  # type: ignore[index,no-any-return]


async def test_a_callers_token_wins_over_our_certificate(control_plane: ControlPlane, namespace: str, sa_token) -> None:
    """With a client certificate of our own, a request with a caller's token is the caller's alone."""
    token = await sa_token(namespace, "caller")
    transport = await KubeTransport.from_kubeconfig(control_plane.bootstrap_kubeconfig)
    try:
        ours = await who_am_i(transport)
        theirs = await who_am_i(transport, token=token)
        assert theirs["username"] == f"system:serviceaccount:{namespace}:caller"
        assert ours["username"] != theirs["username"]
        response = await transport.request("GET", "/api/v1/namespaces", token="not-a-token")
        assert response.status == 401
    finally:
        await transport.close()


async def test_reviews(kube: KubeTransport, namespace: str, sa_token) -> None:
    """A token names its user; what that user may is asked, not assumed."""
    user = await token_review(kube, await sa_token(namespace, "asker"))
    assert user is not None
    assert user.username == f"system:serviceaccount:{namespace}:asker"
    assert await token_review(kube, "not-a-token") is None
    wish = Attributes("get", "configmaps", namespace=namespace)
    assert await access_review(kube, user.username, user.groups, wish) is False
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]
    await checked(kube, "POST", f"{rbac}/roles", body=json.dumps({"metadata": {"name": "r"}, "rules": rules}).encode())
    binding = {
        "metadata": {"name": "r"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": user.groups[0]}],
    }
    await checked(kube, "POST", f"{rbac}/rolebindings", body=json.dumps(binding).encode())

    async def allowed() -> bool:
        return await access_review(kube, user.username, user.groups, wish)

    async with asyncio.timeout(20):
        while not await allowed():  # noqa: ASYNC110 - the authorizer learns of the binding from a watch of its own
            await asyncio.sleep(0.05)
    assert (
        await access_review(kube, user.username, user.groups, Attributes("get", "secrets", namespace=namespace))
        is False
    )


async def test_what_is_served(kube: KubeTransport) -> None:
    """Discovery and the status schema of the sample kind, of a built-in one, and of none."""
    discovery, schemas = Discovery(kube), StatusSchemas(kube)
    widget = await discovery.resource(WIDGET)
    assert (widget.plural, widget.namespaced, widget.has_status) == ("myresources", True, True)
    status = await schemas.fields(WIDGET)
    assert status.fields >= {"phase", "observedGeneration", "conditions"}
    assert (status.conditions, status.open) == (ConditionsShape.MAP, False)
    deployment = await schemas.fields(Gvk("apps/v1", "Deployment"))
    assert deployment.conditions is ConditionsShape.MAP
    assert "observedGeneration" not in deployment.condition_fields
    assert not (await schemas.fields(CONFIGMAP)).fields
    assert not (await discovery.resource(Gvk("v1", "Namespace"))).namespaced
    with pytest.raises(KindUnknown):
        await discovery.resource(Gvk("example.com/v1", "Nothing"))
    with pytest.raises(KindUnknown):
        await schemas.fields(Gvk("example.com/v1", "Nothing"))
    assert await discovery.resource(WIDGET, fresh=True) == widget
    assert await discovery.served_versions(WIDGET.group, WIDGET.kind, fresh=True) == [WIDGET]
    assert await discovery.served_versions("example.com", "Nothing", fresh=True) == []
    with pytest.raises(KindUnknown):
        await discovery.resource(Gvk("example.com/v1", "Nothing"), fresh=True)
