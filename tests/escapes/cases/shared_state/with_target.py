# technique: change what other runs share
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Giver:
        def __enter__(self):
            return lambda kind: obj["reached"]
        def __exit__(self, kind, error, trace):
            return False
    with Giver() as ctx.get:
        return ctx.get("ConfigMap")
