from chakrator import Context, Fail
from chakrator.kinds import ConfigMap, MyResource


def reconcile(obj: MyResource, ctx: Context) -> None:
    message = obj["spec"]["message"]
    if not message:
        raise Fail("spec.message is empty")
    child: ConfigMap = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": obj["metadata"]["name"]},
        "data": {"message": message},
    }
    ctx.apply(child)
    ctx.status["phase"] = "Ready"
    ctx.log.info("converged", replicas=obj["spec"].get("replicas", 1))


def finalize(obj: MyResource, ctx: Context) -> None:
    ctx.log.info("cleaned up")
