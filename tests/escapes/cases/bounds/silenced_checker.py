# technique: give a source that the checker cannot survive
# source: our own review
# layers: policy
# expect: rejected CHK160
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    return obj["reached"]  # type: ignore
