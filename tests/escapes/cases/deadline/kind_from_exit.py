# technique: swallow the deadline
# source: our own review
# layers: policy
# expect: stopped
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    kinds = []
    class Learn:
        def __enter__(self):
            return self
        def __exit__(self, kind, error, trace):
            kinds.append(kind)
            return True
    with Learn():
        ctx.deadline()
    try:
        ctx.deadline()
    except kinds[0]:
        return obj["reached"]
