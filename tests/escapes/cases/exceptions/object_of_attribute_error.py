# technique: take more from an exception than its arguments
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    try:
        ctx.get.nothing
    except Exception as error:
        return obj["reached"] if getattr(error, "obj") else None
