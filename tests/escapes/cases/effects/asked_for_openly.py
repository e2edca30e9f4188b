# technique: want an effect that the Reconciler may not have
# source: our own review
# layers: cage
# cage: PlanInvalid
# success: the host takes the effect
def reconcile(obj, ctx):
    ctx.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"a": obj["reached"]}})
