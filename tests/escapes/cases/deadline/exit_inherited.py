# technique: swallow the deadline
# source: our own review
# layers: policy
# expect: stopped
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Calm:
        def __enter__(self):
            return self
        def __exit__(self, kind, error, trace):
            return True
    class Calmer(Calm):
        pass
    with Calmer():
        ctx.deadline()
    return obj["reached"]
